"""`manage.py keys`: the life of keys, from the inventory to the shredder."""

from vault.custody.cli import answering, escrow, inventory, moving, roots, shredding, verifying
from vault.custody.cli.dispatching import FamilyCommand, Subcommand
from vault.custody.errors import CustodyError

EPILOG = (
    "Exit codes: 0 done; 1 something does not hold (a value that does not open, work that is left, a wrong signature, "
    "no database); 2 wrong usage; 3 refused as things are, or a confirmation or an approval is missing; "
    "130 interrupted. Every subcommand can be killed and run again. With --json, standard output gets one JSON "
    "document."
)

SUBCOMMANDS = {
    "status": Subcommand(
        "List every key: scope, purpose, version, state, fingerprint, root key, age, wraps, rows, and when it is due.",
        inventory.status,
        inventory.add_status,
    ),
    "rotate": Subcommand(
        "Make a new version of tenant keys, which writes from then on; what is under the versions before still opens.",
        moving.rotate,
        moving.add_rotate,
    ),
    "rewrap": Subcommand(
        "Put every value under its active key, keeping each value's own data key; retire the keys that are left empty.",
        moving.rewrap,
        moving.add_moving,
    ),
    "reencrypt": Subcommand(
        "Encrypt every value anew under its active key (rotated first, if nothing is under older keys); retire the "
        "keys that are left empty.",
        moving.reencrypt,
        moving.add_moving,
    ),
    "retire": Subcommand(
        "Retire the superseded keys that no row needs. They still open what a backup brings back.",
        moving.retire,
        moving.add_retire,
    ),
    "destroy": Subcommand(
        "Destroy a retired key for ever, with its fingerprint typed: backups under it never open again.",
        moving.destroy,
        moving.add_destroy,
    ),
    "rotate-root": Subcommand(
        "Let the next configured root key take over: first beside the present one, then (--finish) alone.",
        roots.rotate_root,
        roots.add_rotate_root,
    ),
    "verify": Subcommand(
        "Open every value (or a sample) and list the rows that do not open. No value is ever printed.",
        verifying.verify,
        verifying.add_verify,
    ),
    "split": Subcommand(
        "Split the root key into word lists (SLIP-39), any few of which rebuild it: one at a time, for several people.",
        escrow.split,
        escrow.add_split,
    ),
    "escrow-check": Subcommand(
        "Confirm one word list: whose it is and whether it is current. Its words are neither shown nor stored.",
        escrow.escrow_check,
        escrow.add_escrow_check,
    ),
    "recover": Subcommand(
        "Rebuild the root key from word lists, on a host that has nothing: no root key, no database, no configuration.",
        escrow.recover,
        escrow.add_recover,
        offline=True,
    ),
    "compromise": Subcommand(
        "Answer a compromised key: replace the keys, encrypt every value anew, prove that none is left, list what they "
        "protected and who opened it, mail the owners, and sign a report.",
        answering.compromise,
        answering.add_compromise,
    ),
    "verify-report": Subcommand(
        "Check the signature of a report, with the instance's signing keys, or anywhere with --key.",
        answering.verify_report,
        answering.add_verify_report,
        offline=True,
    ),
    "shred": Subcommand(
        "Destroy an organization's keys, with its name typed, after one owner asked for it and another approved: no "
        "backup of its rows opens afterwards.",
        shredding.shred,
        shredding.add_shred,
    ),
}


class Command(FamilyCommand):
    """The life of keys."""

    help = "Look after keys: list, rotate, move, verify, split, recover, and answer a compromise."
    subcommands = SUBCOMMANDS
    epilog = EPILOG
    refusals = (CustodyError,)
