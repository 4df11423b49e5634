"""A key's life: the wrapped tenant keys in the database, the root keys outside it, and the keyrings in memory."""
