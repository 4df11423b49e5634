"""The pages of organizations. Objects come from `orgs.selectors` alone, and every change goes through a service."""

from orgs.views.organizations import home

__all__ = ["home"]
