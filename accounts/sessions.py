"""Sessions in the database whose keys are not in the database."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from accounts.models import Session, User


def hash_key(session_key: str) -> str:
    """What the table holds in place of a cookie's key, whose 165 random bits need neither salt nor stretching."""
    return hashlib.sha256(session_key.encode()).hexdigest()


class SessionStore(DatabaseStore):
    """Django's database sessions, keyed by a hash, bound to their row, and joined to their person.

    Whoever reads the table cannot sign in with it. Whoever writes to it cannot put one session's data under another's
    key: the signature of the data covers the key's hash. Nothing secret belongs into a session all the same.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.row: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    @property
    def key_salt(self) -> str:
        bound_to = hash_key(self.session_key) if self.session_key else ""
        return f"accounts.sessions:{bound_to}"

    def _get_session_from_db(self) -> Session | None:
        if self.session_key is None:
            return None
        self.row = Session.objects.filter(pk=hash_key(self.session_key), expire_date__gt=timezone.now()).first()
        if self.row is None:
            self._session_key = None
        return self.row

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(pk=hash_key(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        key: str = self._get_or_create_session_key()  # type: ignore[attr-defined]  # missing in django-stubs
        user = UUID(data[SESSION_KEY]) if data.get(SESSION_KEY) else None
        now = timezone.now()
        # The clock of the absolute limit starts when a person signs in and runs on when only the key changes.
        same = self.row is not None and self.row.user_id == user
        row = Session(
            session_key=hash_key(key),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=user,
            created_at=self.row.created_at if same and self.row is not None else now,
            seen_at=self.row.seen_at if same and self.row is not None else now,
        )
        self.row = row
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(pk=hash_key(key)).delete()

    def flush(self) -> None:
        super().flush()
        self.row = None

    def touch(self, now: datetime) -> None:
        """Notes that the session was used, without writing its data: two parallel requests cannot undo each other."""
        if self.row is not None:
            self.row.seen_at = now
            Session.objects.filter(pk=self.row.pk).update(seen_at=now)

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(expire_date__lt=timezone.now()).delete()


def end_sessions(user: User, *, but: Iterable[str] = ()) -> int:
    """Ends the sessions of a person, except those with the keys in `but`, at their next request. Returns how many."""
    kept = [hash_key(key) for key in but]
    ended, _ = Session.objects.filter(user=user).exclude(pk__in=kept).delete()
    return ended
