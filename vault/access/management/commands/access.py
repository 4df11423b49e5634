"""`manage.py access`: who reaches what, and whether what says so is genuine."""

from vault.access.cli import authority, networks, reading
from vault.custody.cli.dispatching import FamilyCommand, Subcommand

EPILOG = (
    "Exit codes: 0 done; 1 no (denied, a row is not genuine, no database); 2 wrong usage; 3 refused as "
    "things are, or a confirmation is missing; 130 interrupted. With --json, standard output gets one JSON document."
)

SUBCOMMANDS = {
    "who": Subcommand(
        "List everybody who reaches a secret, a project, an environment or an organization: through which grants, "
        "until when, and when they last did.",
        reading.who,
        reading.add_who,
    ),
    "explain": Subcommand(
        "Say whether somebody may do something to a secret, why, until when, or what is missing. Exit code 1 for no.",
        reading.explain,
        reading.add_explain,
    ),
    "networks": Subcommand(
        "List the networks from which an organization can be used; with --clear let people in from anywhere again, "
        "when nobody can come in any more. The log says so.",
        networks.networks,
        networks.add_networks,
    ),
    "verify": Subcommand(
        "Verify every row that grants authority (accounts, second factors, sessions, memberships, invitations, grants, "
        "roles, teams, policies) and list those that this program did not write.",
        authority.verify,
        authority.add_verify,
    ),
    "seal": Subcommand(
        "Take one row that `verify` lists over as it is, once you know how it came about. The log says so.",
        authority.seal,
        authority.add_seal,
    ),
}


class Command(FamilyCommand):
    """Who reaches what."""

    help = "See who reaches what, and verify the rows that say so."
    subcommands = SUBCOMMANDS
    epilog = EPILOG
