"""A file's name as it is offered to a browser."""

import pytest

from vault.secrets.payload import FILENAME_LIMIT, clean_filename


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("report.pdf", "report.pdf"),
        (".env", ".env"),
        ("Zürich 報告.txt", "Zürich 報告.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("a\r\nContent-Type: text", "aContent-Type: text"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("nul\0byte", "nulbyte"),
        ("", "file"),
        ("..", "file"),
        ("folder/", "file"),
        ("\u200b", "file"),
    ],
)
def test_it_cleans_a_name(name: str, cleaned: str) -> None:
    assert clean_filename(name) == cleaned


def test_it_is_idempotent() -> None:
    for name in ("a" * 500 + ".pem", ".".join("ab" * 200), "x/../ y .txt "):
        assert clean_filename(clean_filename(name)) == clean_filename(name)


def test_it_shortens_a_name_and_keeps_its_extension() -> None:
    cleaned = clean_filename("a" * 500 + ".pem")
    assert len(cleaned) == FILENAME_LIMIT
    assert cleaned.endswith(".pem")
