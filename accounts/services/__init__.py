"""Everything that changes an account: each function authorizes, changes, and writes its event in one transaction."""

from accounts.services.accounts import (
    create_account,
    grant_support,
    rename_account,
    revoke_support,
    unlock_account,
)
from accounts.services.instance import configure_instance
from accounts.services.passwords import change_password, check_new_password, replace_password
from accounts.services.second_factor import (
    begin_totp_enrolment,
    confirm_totp,
    create_recovery_codes,
    remove_second_factor,
    reset_second_factor,
)
from accounts.services.sign_in import (
    end_session,
    sign_in_with_password,
    sign_out,
    start_session,
    use_recovery_code,
    verify_second_factor,
)
from accounts.services.step_up import Proof, forget_proof, prove_again, remembered_proof, step_up

__all__ = [
    "Proof",
    "begin_totp_enrolment",
    "change_password",
    "check_new_password",
    "configure_instance",
    "confirm_totp",
    "create_account",
    "create_recovery_codes",
    "end_session",
    "forget_proof",
    "grant_support",
    "prove_again",
    "remembered_proof",
    "remove_second_factor",
    "rename_account",
    "replace_password",
    "reset_second_factor",
    "revoke_support",
    "sign_in_with_password",
    "sign_out",
    "start_session",
    "step_up",
    "unlock_account",
    "use_recovery_code",
    "verify_second_factor",
]
