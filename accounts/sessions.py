"""Sessions in the database whose keys are not in the database."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import SESSION_KIND, Session, User
from audit.actions import ResourceKind
from vault.crypto.errors import KeyUnavailable
from vault.keys.peppers import keyed_hash, keyed_hash_matches
from vault.keys.purposes import Purpose
from vault.seals import locked_row
from vault.seals.reporting import Broken, report


def hash_key(session_key: str) -> str:
    """What the table holds in place of a cookie's key, whose 165 random bits need neither salt nor stretching."""
    return hashlib.sha256(session_key.encode()).hexdigest()


class SessionStore(DatabaseStore):
    """Django's database sessions, keyed by a hash, bound to their row, and joined to their person.

    Whoever reads the table cannot sign in with it. Whoever writes to it cannot put one session's data under another's
    key: the signature of the data covers the key's hash. Nor can they make a session, give one to somebody else, or
    prolong it: the row's MAC covers that, under the `row` key. Nor bring back one that has ended: every end raises the
    person's `session_epoch`, which the MAC covers and which is sealed with the person. Nothing secret belongs into a
    session all the same.
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
        rows = with_epoch(Session.objects.filter(pk=hash_key(self.session_key), expire_date__gt=timezone.now()))
        row = rows.first()
        if row is not None and not is_genuine(row):
            report(broken(row))
            row = None
        self.row = row
        if row is None:
            self._session_key = None
        return row

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
        if key is None:
            return
        rows = Session.objects.filter(pk=hash_key(key))
        person = rows.values_list("user_id", flat=True).first()
        if person is None:
            rows.delete()
        else:
            _end(person, rows)

    def flush(self) -> None:
        super().flush()
        self.row = None

    def touch(self, now: datetime) -> None:
        """Notes that the session was used, without writing its data: two parallel requests cannot undo each other.

        Of a row that another request has changed meanwhile nothing is written: that request has noted it.
        """
        row = self.row
        if row is None:
            return
        before = bytes(row.mac)
        row.seen_at = now
        with transaction.atomic():
            row.mac = keyed_hash(Purpose.ROW, row.seal_message(epoch_of(row)))
            unguarded: QuerySet[Session] = QuerySet(Session)
            unguarded.filter(pk=row.pk, mac=before).update(seen_at=now, mac=row.mac)

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(expire_date__lt=timezone.now()).delete()


def end_sessions(user: User, *, but: Iterable[str] = ()) -> int:
    """Ends the sessions of a person, except those with the keys in `but`, at their next request. Returns how many."""
    kept = [hash_key(key) for key in but]
    return _end(user.pk, Session.objects.filter(user=user).exclude(pk__in=kept))


def with_epoch(rows: "QuerySet[Session]") -> "QuerySet[Session]":
    """The same sessions, each with what its MAC is under."""
    return rows.annotate(epoch=F("user__session_epoch"))


def epoch_of(row: Session) -> int:
    """The epoch that came with a session (`with_epoch`), 1 for one that is nobody's."""
    return getattr(row, "epoch", None) or 1


def is_genuine(row: Session) -> bool:
    """Whether this program wrote the session, and its person has ended none since. For rows `with_epoch`."""
    try:
        return keyed_hash_matches(Purpose.ROW, row.seal_message(epoch_of(row)), row.mac)
    except (KeyUnavailable, ValueError):  # a MAC under no key of ours, or a value that no session has
        return False


def broken(row: Session) -> Broken:
    """The alert about a session that is not genuine."""
    return Broken(SESSION_KIND, row.pk, "altered, or brought back", None, ResourceKind.SEAL)


def confirmed_fault(row: Session) -> Broken | None:
    """The alert about a session that was read as not genuine, if it still is: another request may have changed it."""
    now = with_epoch(Session.objects.filter(pk=row.pk)).first()
    return None if now is None or is_genuine(now) else broken(now)


@transaction.atomic
def _end(person: UUID, ending: "QuerySet[Session]") -> int:
    """Delete sessions of a person, and make void what they were sealed under: the others are sealed anew."""
    locked = locked_row(User, person)  # in this order everywhere: the person, then their sessions
    ended = set(ending.values_list("pk", flat=True))
    others = [row for row in with_epoch(Session.objects.filter(user_id=person)) if row.pk not in ended]
    Session.objects.filter(pk__in=ended).delete()
    if not ended or locked is None:  # the sessions of a person who is not genuine open nothing
        return len(ended)
    locked.session_epoch += 1
    locked.save(update_fields=["session_epoch"])
    for row in others:
        if is_genuine(row):
            row.save(update_fields=["mac"])
    return len(ended)
