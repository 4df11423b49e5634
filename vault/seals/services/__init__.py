"""What is done with all seals at once: verifying them, renewing them under another key, taking a row over as it is."""

from vault.seals.services.accepting import NoSuchRow, accept_row, accept_tally
from vault.seals.services.renewing import renew_seals
from vault.seals.services.verifying import Verified, verify_authority

__all__ = ["NoSuchRow", "Verified", "accept_row", "accept_tally", "renew_seals", "verify_authority"]
