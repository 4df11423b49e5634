"""Removes each permission check of the program in turn, and says of which the matrix does not notice that they are gone."""
