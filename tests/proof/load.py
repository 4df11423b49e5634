"""Clients of two processes, each with a secret of its own, who notice every answer that is not the expected one."""

import re
import time
from base64 import b32decode
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any, Self

from django_otp.oath import TOTP

from tests.cast import PASSWORD
from tests.proof.servers import Answer, Browser
from tests.proof.writers import content_of


class Load:
    """`with Load(ports, stage, clients=3) as load:` keeps everybody busy until the block ends.

    `problems` stays empty if all goes well.

    `stage`: what `tests.proof.seed fill` printed.
    """

    def __init__(self, ports: tuple[int, int], stage: dict[str, Any], *, clients: int) -> None:
        self._ports, self._stage = ports, stage
        self._stop = Event()
        self.problems: list[str] = []
        self.done = {"reads": 0, "writes": 0, "invitations": 0, "sign-ins": 0}
        acts: list[Callable[[], None]] = [self._client(index) for index in range(clients)]
        self._threads = [Thread(target=self._guarded, args=(act,)) for act in (*acts, self._invite, self._sign_in)]
        self._waiting: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def go_on_until(self, times: int, *, patience: float = 60.0) -> None:
        """Waits until everything was done so many times, at most `patience` seconds."""
        until = time.monotonic() + patience
        while min(self.done.values()) < times and not self.problems and time.monotonic() < until:
            time.sleep(0.1)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as problem:  # noqa: BLE001 - the test looks at it
            self.problems.append(f"a client broke: {type(problem).__name__}: {problem}")

    def _expect(self, what: str, answer: Answer, statuses: Sequence[int]) -> bool:
        if answer.status in statuses:
            return True
        self.problems.append(f"{what}: {answer}")
        return False

    def _client(self, index: int) -> Callable[[], None]:
        secret = self._stage["secrets"][index]
        browser = Browser(self._ports[0], self._stage["sessions"][index], address=f"192.0.2.{index + 10}")

        def act() -> None:
            number = turn = 1
            while not self._stop.is_set():
                turn += 1
                writing, reading = self._ports[turn % 2], self._ports[(turn + 1) % 2]
                if turn % 3 == 0:
                    reading = writing
                if edit(browser, secret, number, port=writing, expect=self._expect):
                    number += 1
                    self.done["writes"] += 1
                self._read(browser, secret, number, reading)
                self._read(browser, secret, number, writing)

        return act

    def _read(self, browser: Browser, secret: dict[str, str], number: int, port: int) -> None:
        answer = browser.post(f"/secrets/{secret['uid']}/reveal/", port=port, json_wanted=True, field="value")
        if self._expect("a read", answer, (200,)):
            self.done["reads"] += 1
            if content_of(secret["name"], number) not in answer.text:
                self.problems.append(f"a read gave something else than was written: version {number}")

    def _invite(self) -> None:
        """Invitations made by one process and opened in the other, some at once, some much later."""
        owner = Browser(self._ports[0], self._stage["sessions"][-1])
        made = 0
        while not self._stop.is_set():
            made += 1
            answer = owner.post(
                f"/organizations/{self._stage['organization']}/invitations/new/",
                port=self._ports[made % 2], email=f"guest-{made}@example.com", role="viewer",
            )  # fmt: skip
            token = re.search(r"/join/#([\w-]{43})", answer.text)
            if token is None:
                self.problems.append(f"an invitation: {answer}")
                continue
            if made % 3 == 0:
                self._waiting.append(token[1])
            else:
                self._open(token[1], self._ports[(made + 1) % 2], made)
            time.sleep(0.2)
        for index, token_text in enumerate(self._waiting):
            self._open(token_text, self._ports[index % 2], 20_000 + index)

    def _open(self, token: str, port: int, number: int) -> None:
        stranger = Browser(port, address=f"198.51.{number // 250 % 250}.{number % 250}")
        if self._expect("a link", stranger.post("/join/", token=token), (302,)):
            self.done["invitations"] += 1

    def _sign_in(self) -> None:
        """People who sign in with password and authenticator, each once: a code is good for one time."""
        for index, person in enumerate(self._stage["people"]):
            if self._stop.wait(0.5):
                return
            browser = Browser(self._ports[index % 2], address=f"203.0.113.{index + 1}")
            totp = TOTP(b32decode(person["key"]))
            if not self._expect(
                "a password", browser.post("/sign-in/", email=person["email"], password=PASSWORD), (302,)
            ):
                continue
            other = self._ports[(index + 1) % 2]
            totp.time = time.time()
            code = f"{totp.token():06d}"
            if self._expect("a code", browser.post("/sign-in/code/", port=other, code=code), (302,)) and self._expect(
                "the page behind it", browser.get("/organizations/"), (200,)
            ):
                self.done["sign-ins"] += 1


def edit(
    browser: Browser,
    secret: dict[str, str],
    number: int,
    *,
    port: int,
    expect: Callable[[str, Answer, Sequence[int]], bool],
) -> bool:
    """The next version of a secret whose current one is `number`, with the content that belongs to it."""
    answer = browser.post(
        f"/secrets/{secret['uid']}/edit/",
        port=port, name=secret["name"], description="", tags="", base_version=str(number),
        field_value=content_of(secret["name"], number + 1),
    )  # fmt: skip
    return expect("a write", answer, (302,))
