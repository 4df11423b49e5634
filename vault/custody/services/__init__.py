"""The only functions that act on keys for people, the operator and housekeeping.

Each authorizes again under lock, acts and appends its event in one transaction; if the event cannot be written, nothing
happened.
"""

from vault.custody.services.compromise import advance_compromise, declare_compromise
from vault.custody.services.escrow import SplitRoot, confirm_share, split_root_key
from vault.custody.services.operations import advance_operation, start_operation
from vault.custody.services.roots import RootRotation, finish_root_rotation, rotate_root
from vault.custody.services.rotation import destroy_key, retire_unneeded, rotate_due_keys, rotate_key
from vault.custody.services.shredding import approve_shred, cancel_shred, execute_shred, request_shred
from vault.custody.services.verifying import verify_values
from vault.custody.services.verifying_in_parts import advance_verification, start_verification

__all__ = [
    "RootRotation",
    "SplitRoot",
    "advance_compromise",
    "advance_operation",
    "advance_verification",
    "approve_shred",
    "cancel_shred",
    "confirm_share",
    "declare_compromise",
    "destroy_key",
    "execute_shred",
    "finish_root_rotation",
    "request_shred",
    "retire_unneeded",
    "rotate_due_keys",
    "rotate_key",
    "rotate_root",
    "split_root_key",
    "start_operation",
    "start_verification",
    "verify_values",
]
