"""What Holdfast asks of PostgreSQL beyond Django's backend: tenants, policies, two roles."""
