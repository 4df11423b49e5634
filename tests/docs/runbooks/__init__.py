"""Runbooks, executed: what the Markdown shows is typed into a terminal, and what it promises is what comes back."""
