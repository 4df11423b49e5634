"""Takes the place of Django's command, which would change a password without an event and leave the sessions open."""

from accounts.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Not used: nobody chooses a password for another. See `manage.py reset_password`."
    instead = "Nobody chooses a password for another. `manage.py reset_password --email …` makes a random one."
