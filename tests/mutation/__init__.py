"""Takes each permission check of the program away in turn, and says which of them the matrix does not miss."""
