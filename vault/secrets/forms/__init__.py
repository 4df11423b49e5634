"""What people type about secrets. Forms say what is wrong in words; the services decide again."""
