"""A database backend: Django's for PostgreSQL, which tells the database with each statement whose rows it may touch."""
