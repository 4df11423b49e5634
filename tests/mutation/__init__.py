"""Removes each permission check of the program in turn, and says which of them the matrix does not miss."""
