"""The life of keys under fire: operations that are killed, two servers under load, any interleaving of everything."""
