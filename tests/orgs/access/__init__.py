"""Teams, roles, grants and machines: by which an organization gives authority."""
