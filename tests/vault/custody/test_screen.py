"""What is on the screen while a share of the root key is shown, asked back and typed."""

import re
from io import StringIO

import pytest
from django.core.management.base import OutputWrapper

from vault.crypto.rootkey import generate_root_key_text
from vault.crypto.shares import BadShare, split
from vault.custody.cli.console import Console
from vault.custody.cli.screen import read_share, show_share

# Made-up words that are in no sentence of the program.
SHARES = [[f"{letter}{number}qx" for number in range(1, 34)] for letter in "abc"]


class Screen(StringIO):
    """A terminal: what can be seen on it, on each of its two screens, and what somebody types at each question."""

    def __init__(self) -> None:
        super().__init__()
        self.main, self.alternate = "", ""
        self.on_alternate = False
        self.seen: list[str] = []
        self.shares: list[list[str]] = []
        self.mistakes = 0
        self.typed: list[str] = []

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for part in re.split(r"(\x1b\[\??\d*[hlJH])", text):
            if part in ("\x1b[?1049h", "\x1b[?1049l"):
                self.on_alternate = part.endswith("h")
            elif part == "\x1b[2J":
                if self.on_alternate:
                    self.alternate = ""
                else:
                    self.main = ""
            elif not part.startswith("\x1b"):
                if self.on_alternate:
                    self.alternate += part
                else:
                    self.main += part
        return len(text)

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # as StringIO has it
        """What is to be seen when the program waits for a line, and the line."""
        assert self.on_alternate
        self.seen.append(self.alternate)
        assert len(self.seen) < 50, "it asks and asks"
        if self.typed:
            return self.typed.pop(0) + "\n"
        asked = re.findall(r"which is word (\d+)", self.alternate)
        if "Press Enter when you have" in self.alternate or not asked:
            return "\n" if self.shares else ""
        if self.mistakes:
            self.mistakes -= 1
            return "nonsense\n"
        return self.shares[-1][int(asked[-1]) - 1] + "\n"

    @property
    def console(self) -> Console:
        return Console(OutputWrapper(self), OutputWrapper(self), stdin=self)


def a_share() -> str:
    return split(generate_root_key_text(), threshold=2, shares=2)[0]


def of_shares(text: str) -> set[str]:
    """The words of shares in a text."""
    return set(re.findall(r"[abc]\d+qx", text))


def test_it_shows_one_share_at_a_time_and_none_while_it_asks_back() -> None:
    screen = Screen()
    screen.mistakes = 1
    for share in SHARES:
        screen.shares.append(share)
        show_share(screen.console, " ".join(share), heading="For one holder's eyes only.")
    showing = [seen for seen in screen.seen if seen.endswith("Press Enter when you have: ")]
    asking = [seen for seen in screen.seen if re.search(r"which is word \d+\? $", seen)]
    assert [of_shares(seen) for seen in showing] == [set(SHARES[0]), *map(set, SHARES)]  # the first once more
    assert len(asking) == 1 + 2 * len(SHARES)
    assert not of_shares("".join(asking))


def test_nothing_is_left_of_it_on_either_screen() -> None:
    screen = Screen()
    screen.shares.append(SHARES[0])
    show_share(screen.console, " ".join(SHARES[0]), heading="For one holder's eyes only.")
    assert not screen.on_alternate
    assert not of_shares(screen.main + screen.alternate)


def test_what_was_typed_goes_when_it_is_wrong_and_when_it_is_right() -> None:
    screen, right = Screen(), a_share()
    screen.typed = [right, right]
    tried = []

    def accept(words: str) -> None:
        tried.append(words)
        screen.write(words)  # a terminal echoes what is typed
        if len(tried) == 1:
            raise BadShare("it is of another set.")

    read_share(screen.console, 1, accept)
    assert len(tried) == 2
    assert right not in screen.seen[1]
    assert "It is of another set." in screen.seen[1]
    assert right not in screen.main + screen.alternate


def test_it_is_gone_when_something_breaks() -> None:
    screen = Screen()

    class Broken(Exception):
        pass

    def accept(words: str) -> None:
        screen.write("qx " + words)
        raise Broken

    screen.typed = [a_share()]
    with pytest.raises(Broken):
        read_share(screen.console, 1, accept)
    assert not screen.on_alternate
    assert "qx" not in screen.main + screen.alternate
