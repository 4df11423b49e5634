"""The pages of secrets. Every one fetches through a selector that takes the actor and the permission."""
