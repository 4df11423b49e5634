"""Reading `.env` files as they are in the world."""

import time
from contextlib import suppress
from pathlib import Path

import pytest

from vault.secrets import env_file
from vault.secrets.env_file import UnreadableFile, parse

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


def values(text: str) -> dict[str, str]:
    return {entry.name: entry.value for entry in parse(text).entries}


def mistakes(text: str) -> dict[int, str]:
    return {mistake.line: mistake.reason for mistake in parse(text).mistakes}


def test_it_reads_a_file_with_everything_that_files_have() -> None:
    found = parse((FIXTURES / "shop.env").read_text(encoding="utf-8"))
    assert found.mistakes == []
    assert {entry.name: entry.value for entry in found.entries} == {
        "SHOP_LICENCE_KEY": "",
        "SHOP_NAME": "Fernweh",
        "SHOP_TITLE": "${SHOP_NAME} – maps & globes",
        "SHOP_URL": "http://localhost:3000",
        "SHOP_COOKIE_DOMAIN": ".example.com",
        "SHOP_ADMINS": "",
        "SHOP_ENCRYPTION_KEY": "",
        "SHOP_MAIL_FROM": "hello@example.com",
        "SHOP_MAIL_PASSWORD": "<office365_password>",
        "SHOP_HASH": "#not-a-comment",
        "SHOP_ESCAPED": 'line one\nline two\t"quoted"',
        "SHOP_SINGLE": "kept \\n as it is",
        "SHOP_SPACED": "around",
        "SHOP_DEBUG": "false",
        "SHOP_PRIVATE_KEY": (
            "-----BEGIN PRIVATE KEY-----\n"
            "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
            "-----END PRIVATE KEY-----\n"
        ),
    }


def test_it_counts_lines_as_an_editor_does() -> None:
    lines = [(entry.line, entry.name) for entry in parse("\n\n# a\nA=1\n\n\nB='x\ny'\nC=3").entries]
    assert lines == [(4, "A"), (7, "B"), (9, "C")]


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_it_reads_the_line_ends_of_other_systems_as_line_feeds(ends: str) -> None:
    assert values(f"A=1{ends}B='x{ends}y'{ends}") == {"A": "1", "B": "x\ny"}


def test_it_ignores_a_byte_order_mark() -> None:
    assert values(env_file.decode(b"\xef\xbb\xbfA=1")) == {"A": "1"}
    assert values("\ufeffA=1") == {"A": "1"}


def test_it_reports_each_line_that_cannot_be_imported() -> None:
    found = mistakes("A=1\nno equals sign\nB\n1C=1\n'my key'=2\nD=ok\nE='open\n")
    assert set(found) == {2, 3, 4, 5, 7}
    assert all(reason.endswith(".") for reason in found.values())


def test_it_takes_a_name_that_is_given_twice_from_nobody() -> None:
    found = parse("A=1\nB=2\nA=3\nC=4\nA=5\n")
    assert [entry.name for entry in found.entries] == ["B", "C"]
    assert [(mistake.line, mistake.name) for mistake in found.mistakes] == [(1, "A"), (3, "A"), (5, "A")]
    assert found.mistakes[0].reason == "It is given on lines 1, 3 and 5. Keep one of them."


def test_it_never_takes_a_piece_of_a_key_for_a_name() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nAbCdEfGh==\nAbCd=\n-----END PRIVATE KEY-----"
    text = f"KEY={pem}\nAFTER=1\n"
    found = parse(text)
    assert [entry.name for entry in found.entries] == ["AFTER"]
    assert [(mistake.line, mistake.name) for mistake in found.mistakes] == [
        (1, "KEY"),
        (2, ""),
        (3, ""),
        (4, ""),
        (5, ""),
    ]
    assert [entry.name for entry in parse("AbCdEf12==\nA===\n").entries] == []


def test_it_keeps_values_out_of_messages_and_repr() -> None:
    found = parse("A=hunter2\nhunter2 hunter2\nhunter2\nB=hunter2\nB=hunter2\n")
    assert "hunter2" not in repr(found.entries)
    assert "hunter2 " not in repr(found.mistakes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A=1\nB=\0", "Line 2"),
        ("A=\ud800", "Line 1"),
        ("A=1\n" + "x" * env_file.SIZE_LIMIT, "1 MiB"),
        ("A=1\nB=x" + " " * 1000 + "y", "Line 2"),
        ("\n".join(f"N{i}=1" for i in range(env_file.ENTRY_LIMIT + 1)), "more than 1,000 names"),
        ("x\n" * (env_file.ENTRY_LIMIT + 1), "1,000 lines are not NAME=value, the last of them line 1001"),
        ("# remark\n" * (env_file.BINDING_LIMIT + 1), "more than 10,000 lines"),
    ],
)
def test_it_refuses_a_text_as_a_whole_and_says_where(text: str, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        parse(text)


def test_it_refuses_a_file_in_another_encoding_and_says_where() -> None:
    with pytest.raises(UnreadableFile, match="Line 2 is not UTF-8"):
        env_file.decode("A=1\nB=Zürich".encode("latin-1"))
    with pytest.raises(UnreadableFile, match="larger than 1 MiB"):
        env_file.decode(bytes(env_file.SIZE_LIMIT + 1))


@pytest.mark.parametrize(
    "text",
    [
        "A=x" + (" " * env_file.BLANKS_LIMIT + "y") * 5000,
        'A="' * 300_000,
        "A='\\" * 250_000,
        "=" * 1_000_000,
        "\n" * 1_000_000,
        "A" * 1_000_000,
        "-----BEGIN A-----\n" * 20_000,
        "x\n" * 500_000,
        "A=\n" * 300_000,
        "#\n" * 500_000,
        "'\n" * 500_000,
    ],
)
def test_it_reads_the_worst_text_in_seconds(text: str) -> None:
    started = time.process_time()
    with suppress(UnreadableFile):
        parse(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("name", ["storefront.env", "scheduling.env"])
def test_it_reads_files_as_projects_ship_them(name: str) -> None:
    found = parse((FIXTURES / name).read_text(encoding="utf-8"))
    assert found.mistakes == []
    assert found.entries
