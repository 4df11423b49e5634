"""Signed reports: the text that people read, the signature under it, and checking it again.

A report is a C2SP signed note by the instance's `sign` key. Its public half (a *verifier text*) is on the keys page and
in `keys status`: kept elsewhere, it proves a report without this instance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from orgs.models import Organization
from vault.crypto.keyring import TenantKey
from vault.crypto.notes import BadSignature, sign_note, verifier_text, verify_note
from vault.custody.exposure import Exposure
from vault.keys.keyrings import keyring_for
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.keys.writing import keyring_to_write
from vault.names import safe_label

_SIGNATURE = "\u2014 "


@dataclass(frozen=True, slots=True)
class Section:
    """What a report says about one organization."""

    organization: Organization
    given_up: Sequence[WrappedKey]
    rows_left: int
    exposure: Exposure


@dataclass(frozen=True, slots=True)
class Draft:
    """What a report is made of; `facts` are terms and texts for its head.

    Without `names`, its sections count what each organization's own report lists: secrets, and who opened them.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section] = field(default_factory=list)
    notes: Sequence[str] = field(default_factory=list)
    names: bool = True


def signer_name() -> str:
    """The name under which this instance signs: its host."""
    return urlsplit(settings.BASE_URL).hostname or "localhost"


def signed(draft: Draft) -> str:
    """The report with its signature, to be stored and handed out. Needs a transaction: it writes with the key."""
    key = keyring_to_write(SYSTEM_SCOPE, Purpose.SIGN, wraps=0).active
    return sign_note(_text(draft), name=signer_name(), key=key)


def verifiers() -> list[str]:
    """The public halves of this instance's signing keys, the newest first."""
    return [verifier_text(signer_name(), key.public_key) for key in _sign_keys()]


def verified(note: str) -> tuple[str, str]:
    """The text of a report that this instance signed, and the verifier text of the key. Raises `BadSignature`."""
    names = {line.split(" ")[1] for line in note.splitlines() if line.startswith(_SIGNATURE) and line.count(" ") >= 2}
    for key in _sign_keys():
        for name in names:
            try:
                return verify_note(note, name=name, public_key=key.public_key), verifier_text(name, key.public_key)
            except BadSignature:
                continue
    raise BadSignature("No key of this instance signed this report as it is.")


def moment(at: datetime) -> str:
    """A time as reports write it."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _sign_keys() -> list[TenantKey]:
    return sorted(keyring_for(SYSTEM_SCOPE, Purpose.SIGN), key=lambda key: -key.version)


def _text(draft: Draft) -> str:
    lines = [draft.title, "=" * len(draft.title), ""]
    lines += [f"{term}: {_line(text)}" for term, text in draft.facts]
    lines += [_line(note) for note in draft.notes]
    for section in draft.sections:
        lines += ["", *_section(section), *(_named(section.exposure) if draft.names else _counted(section.exposure))]
    return "".join(f"{line}\n" for line in _without_gaps(lines))


def _section(section: Section) -> list[str]:
    organization, exposure = section.organization, section.exposure
    heading = f"Organization {_line(organization.name)} ({organization.slug}, {organization.uid})"
    lines = [heading, "-" * len(heading), "Keys given up:"]
    lines += [
        f"- {key.fingerprint}, {key.purpose}, version {key.version}, since {moment(key.created_at)}, now {key.state}"
        for key in section.given_up
    ]
    lines += [
        f"Values still under them: {section.rows_left:,}",
        f"They protected: {exposure.secrets:,} secrets, {exposure.versions:,} stored values",
    ]
    if exposure.purged:
        lines.append(
            f"Destroyed since {moment(exposure.since)}, but in older backups: {len(exposure.purged):,} secrets"
        )
    return lines


def _named(exposure: Exposure) -> list[str]:
    lines = [f"- {_line(name)}" for name in exposure.purged]
    for project in exposure.protected:
        lines += [f"- {_line(project.project)}: {len(project.names):,}", *(f"  - {_line(n)}" for n in project.names)]
    lines.append(f"Opened since {moment(exposure.since)}: {exposure.openings:,} times")
    for opener in exposure.openers:
        ways = ", ".join(f"{action} {times:,}" for action, times in opener.by_action.items())
        lines.append(f"- {_line(opener.label)}: {opener.times:,} ({ways}), last {moment(opener.last_at)}")
    return lines


def _counted(exposure: Exposure) -> list[str]:
    return [
        f"Opened since {moment(exposure.since)}: {exposure.openings:,} times, by {len(exposure.openers):,} people",
        "Which secrets, and who opened them: in the organization's own report, on the page of its keys",
    ]


def _line(text: str) -> str:
    return safe_label(text, max_length=400)


def _without_gaps(lines: Sequence[str]) -> list[str]:
    """An empty line ends the text of a note only at its last one, and other tools look for the first of two: one."""
    return [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
