"""Takes the place of Django's command, which would make an account that nobody was asked about."""

from accounts.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Not used: there is no superuser. See `manage.py bootstrap` and `manage.py support`."
    instead = (
        "There is no superuser here. `manage.py bootstrap` makes the first owner, invitations bring in everybody else, "
        "and `manage.py support grant` lets somebody use the support desk."
    )
