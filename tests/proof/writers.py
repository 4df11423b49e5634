"""People who go on working while keys change: each writes, reads back, and notes what was acknowledged.

Every value says by itself what it must be (`content_of`), so that whoever finds a row knows what has to be in it. The
journal says which rows must be there.
"""

import json
import random
import time
import traceback
from pathlib import Path
from uuid import UUID

from accounts.models import User
from orgs.models import Environment
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret, purge_secret, reveal_secret, trash_secret, update_secret

SECRETS = 4
"""Secrets that a writer has at a time."""
VERSIONS = 4
"""Versions that a secret gets before it is destroyed and another one made: the work of a rewrap stays bounded."""


def content_of(name: str, number: int) -> str:
    """What version `number` of the secret with this name holds."""
    return f"{name}, as it was written the {number}. time"


class Journal:
    """A file to which one process appends a line per acknowledgement, with one write each."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, **entry: object) -> None:
        """Append one line."""
        with self.path.open("ab", buffering=0) as file:
            file.write(json.dumps(entry).encode() + b"\n")

    def entries(self) -> list[dict[str, str | int]]:
        """All whole lines."""
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_bytes().split(b"\n")[:-1]]

    def must_be_there(self) -> dict[tuple[UUID, int], str]:
        """What was acknowledged and is not being removed: (secret, version number) → its content."""
        kept: dict[tuple[UUID, int], str] = {}
        for entry in self.entries():
            uid = UUID(str(entry["secret"])) if "secret" in entry else None
            if uid is None:
                continue
            if entry["did"] == "wrote":
                number = int(entry["number"])
                kept[uid, number] = content_of(str(entry["name"]), number)
            elif entry["did"] == "is about to destroy":
                kept = {key: content for key, content in kept.items() if key[0] != uid}
        return kept

    def problems(self) -> list[str]:
        """What went wrong, as it was noted."""
        return [str(entry["problem"]) for entry in self.entries() if "problem" in entry]

    @property
    def stop_file(self) -> Path:
        """Its existence asks the writer to end."""
        return self.path.with_suffix(".stop")


class Writer:
    """One person in one environment."""

    def __init__(self, journal: Journal, person: User, place: Environment, prefix: str, pause: float) -> None:
        self._journal, self._person, self._place, self._prefix, self._pause = journal, person, place, prefix, pause
        self._made = 0
        self._secrets: list[Secret] = []

    def work(self) -> None:
        """Until the journal's stop file is there. A problem is noted, and the work goes on."""
        while not self._journal.stop_file.exists():
            try:
                self._step()
            except Exception as problem:  # noqa: BLE001 - whatever it is, the test looks at it in the journal
                frames = "".join(traceback.format_tb(problem.__traceback__)[-3:])
                self._journal.note(problem=f"{type(problem).__name__}: {problem}\n{frames}")
                time.sleep(0.2)
            time.sleep(self._pause)

    def _step(self) -> None:
        if len(self._secrets) < SECRETS:
            self._create()
            return
        secret = random.choice(self._secrets)  # noqa: S311 - which one does not matter
        if secret.version >= VERSIONS:
            self._destroy(secret)
        else:
            self._edit(secret)
        self._read_back(random.choice(self._secrets) if self._secrets else None)  # noqa: S311 - as above

    def _create(self) -> None:
        self._made += 1
        name = f"{self._prefix} {self._made}"
        secret = create_secret(
            actor=self._person, environment=self._place, kind=Kind.VALUE, name=name,
            values={"value": content_of(name, 1)},
        )  # fmt: skip
        self._wrote(secret)
        self._secrets.append(secret)

    def _edit(self, secret: Secret) -> None:
        number = secret.version + 1
        edited = update_secret(
            actor=self._person, secret=secret, base_version=secret.version, name=secret.name, description="", tags=(),
            values={"value": content_of(secret.name, number)},
        )  # fmt: skip
        self._wrote(edited)
        self._secrets[self._secrets.index(secret)] = edited

    def _destroy(self, secret: Secret) -> None:
        self._journal.note(did="is about to destroy", secret=str(secret.pk))
        self._secrets.remove(secret)
        trash_secret(actor=self._person, secret=secret)
        purge_secret(actor=self._person, secret=secret, confirmation=secret.name)

    def _read_back(self, secret: Secret | None) -> None:
        if secret is None:
            return
        for number in range(1, secret.version + 1):
            read = reveal_secret(actor=self._person, secret=secret.pk, version=number)["value"]
            if read != content_of(secret.name, number):
                raise AssertionError(f"version {number} of {secret.name} reads otherwise than it was written")
        self._journal.note(did="read back", versions=secret.version)

    def _wrote(self, secret: Secret) -> None:
        self._journal.note(did="wrote", secret=str(secret.pk), name=secret.name, number=secret.version)


def write_until_stopped(journal: Path, person: UUID, place: UUID, prefix: str, pause: float) -> None:
    """In a child: a writer's whole work."""
    Writer(Journal(journal), User.objects.get(pk=person), Environment.objects.get(pk=place), prefix, pause).work()
