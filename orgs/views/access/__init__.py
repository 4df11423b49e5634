"""The pages below “Access” of an organization."""
