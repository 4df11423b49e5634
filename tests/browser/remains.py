"""What an instance leaves at rest: every byte of its folder, its log and its database, to look for values in."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote

import psycopg

from tests.browser.server import VaultServer


def remains_of(server: VaultServer) -> Iterator[tuple[str, bytes]]:
    """Each file below the instance's folder (SQLite with its journal, the log, the sessions), and each row of each
    table of its PostgreSQL database, as text. Names where it was found."""
    for path in sorted(server.folder.rglob("*")):
        if path.is_file() and "static" not in path.relative_to(server.folder).parts:
            yield str(path), path.read_bytes()
    url = server.environment.get("DATABASE_URL")
    if url:
        with psycopg.connect(url, options="-c app.tenant=*") as connection:
            tables = connection.execute(
                "SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'"
            ).fetchall()
            for (table,) in tables:
                # bytea as escaped text, so that plain bytes inside of it would be readable too
                connection.execute("SET bytea_output = 'escape'")
                rows = connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()  # noqa: S608 - quoted above
                yield table, "\n".join(row[0] for row in rows).encode()


def found_in(canaries: Iterable[str | bytes], server: VaultServer, *more: tuple[str, bytes]) -> list[str]:
    """Where any of the canaries turns up: as it is, in base64 at any of the three offsets, in hex, or URL-quoted."""
    needles = {needle for canary in canaries for needle in _spellings(canary)}
    return [place for place, content in (*remains_of(server), *more) if any(needle in content for needle in needles)]


def _spellings(canary: str | bytes) -> Iterator[bytes]:
    raw = canary.encode() if isinstance(canary, str) else canary
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield quote(raw).encode()
    for offset in range(3):  # in the middle of a longer text, whose alignment is not known
        encoded = b64encode(b"\0" * offset + raw).rstrip(b"=")
        yield encoded[-(-offset * 8 // 6) + 1 : -2]
