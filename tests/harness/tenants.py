"""Whose rows the suite may touch: everybody's, except where something narrows itself as it does in production."""

from vault import tenancy


def touch_every_organization() -> None:
    """For this process and its threads: what makes rows for several organizations, or looks into all of them."""
    tenancy._default = tenancy.Tenants(every=True)


def touch_none() -> None:
    """As a process of production begins."""
    tenancy._default = tenancy.NOTHING
