"""What the suite stands on: a PostgreSQL of its own, a real browser, and the runner of all passes."""
