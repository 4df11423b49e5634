"""The subcommands of `manage.py keys`, one module per group, each a function from a console and options to a result."""
