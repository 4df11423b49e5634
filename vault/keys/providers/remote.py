"""Providers that unseal: a key service or a security module decrypts a root key that the configuration holds sealed.

Each is a module of its own, imported when the configuration names it, because its library is an extra
(``pip install`` of a lock file of its own). What a library raises never leaves here: it may hold a token, a PIN or a
key in its frames. What leaves says which kind of failure it was, and what to do.
"""

import importlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeVar

from django.conf import settings

from vault.crypto import sealing
from vault.crypto.errors import WrongKey
from vault.crypto.rootkey import RootKey, root_key_material, root_key_text
from vault.crypto.sealing import SealedRootKey
from vault.crypto.secrecy import scrub, scrubbed
from vault.keys.providers.base import ConfiguredKey, RootKeyProblem, RootKeyUnavailable

_T = TypeVar("_T")

CONNECT_SECONDS = 2
READ_SECONDS = 3
ANSWER_SECONDS = 10
"""How long one answer may take in all, also of a library that knows no time-outs."""


class RemoteProvider(Protocol):
    """Something that encrypts and decrypts root keys under a key of its own, which never leaves it."""

    @property
    def description(self) -> str:
        """What it is and which key it uses, in words, for people: ``AWS KMS key arn:…``. Holds no secret."""
        ...

    def encrypt(self, material: bytes, *, context: bytes) -> bytes:
        """The ciphertext of a root key's 32 bytes, bound to ``context``. Raises RootKeyProblem."""
        ...

    def decrypt(self, ciphertext: bytes, *, context: bytes) -> bytes:
        """What was encrypted. Raises RootKeyUnavailable if asking again may help, else RootKeyProblem."""
        ...


def remote_provider(name: str) -> RemoteProvider:
    """The provider that sealed texts call ``name``, as configured now.

    Raises RootKeyProblem if its settings are incomplete, or its library is not installed.
    """
    if name == "aws-kms":
        from vault.keys.providers.aws_kms import AwsKms

        return AwsKms()
    if name == "openbao":
        from vault.keys.providers.openbao import OpenBao

        return OpenBao()
    if name == "pkcs11":
        from vault.keys.providers.pkcs11 import Pkcs11

        return Pkcs11()
    raise RootKeyProblem(f"There is no provider {name}. Known: {', '.join(sealing.PROVIDERS)}.")


def library(module: str, *, extra: str) -> ModuleType:
    """An optional library. Raises RootKeyProblem with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        pass
    raise RootKeyProblem(
        f"Root keys sealed by {extra} need a library that is not installed. Run: .venv/bin/python -m pip install "
        f"--require-hashes --only-binary :all: -r requirements-{extra}.lock (docs/operators/root-keys.md)"
    )


def setting(name: str) -> str:
    """The setting behind ``HOLDFAST_<name>``. Raises RootKeyProblem if it is empty."""
    value = str(getattr(settings, name) or "")
    if not value:
        raise RootKeyProblem(f"HOLDFAST_{name} is missing (docs/operators/root-keys.md).")
    return value


@scrubbed
def secret(name: str) -> str:
    """A token or PIN: ``HOLDFAST_<name>_FILE``, read anew each time so that it can be renewed there, or the variable.

    Raises RootKeyProblem if neither is set, RootKeyUnavailable if the file cannot be read: an agent may not have
    written it yet.
    """
    path = getattr(settings, f"{name}_FILE")
    if not path:
        return setting(name)
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        # What is no path may be the secret itself.
        named = path if str(path).startswith("/") else "a file"
        problem = f"HOLDFAST_{name}_FILE names {named}, which cannot be read ({type(error).__name__})."
    else:
        if text:
            return text
        problem = f"The file that HOLDFAST_{name}_FILE names is empty."
    raise RootKeyUnavailable(problem)


@scrubbed
def seal(name: str, text: str) -> SealedRootKey:
    """A root key, given as ``hfroot1-…`` text, sealed by the provider ``name``; opened once again to be sure.

    Raises RootKeyProblem, and MalformedRootKey for the text.
    """
    provider = remote_provider(name)
    key_id = RootKey.from_text(text).key_id
    context = sealing.sealing_context(name, key_id)
    sealed = SealedRootKey(name, key_id, provider.encrypt(root_key_material(text), context=context))
    sealed.opened(provider.decrypt(sealed.ciphertext, context=context))
    return sealed


@scrubbed
def unseal(sealed: SealedRootKey) -> RootKey:
    """The root key in a sealed text, from its provider, within ``ANSWER_SECONDS``.

    Raises RootKeyUnavailable, RootKeyProblem, and WrongKey if it is another root key than the sealed text says.
    """

    def ask() -> RootKey:
        provider = remote_provider(sealed.provider)
        return sealed.opened(provider.decrypt(sealed.ciphertext, context=sealed.context))

    return _within_time(sealed.provider, ask)


@scrubbed
def unsealed_text(sealed: SealedRootKey) -> str:
    """The root key in a sealed text as ``hfroot1-…`` text. Raises as ``unseal``."""
    material = remote_provider(sealed.provider).decrypt(sealed.ciphertext, context=sealed.context)
    sealed.opened(material)
    return root_key_text(material)


def open_configured(key: ConfiguredKey) -> RootKey:
    """The root key, from the first of its providers that opens it.

    Raises what the only provider raised; of several, RootKeyUnavailable with what each said, if one may help later,
    else RootKeyProblem.
    """
    if key.root_key is not None:
        return key.root_key
    failures: list[RootKeyProblem | WrongKey] = []
    for sealed in key.sealed:
        try:
            return unseal(sealed)
        except (RootKeyProblem, WrongKey) as failure:
            failures.append(failure)
    if len(failures) == 1:
        raise failures[0]
    kind = RootKeyUnavailable if any(isinstance(each, RootKeyUnavailable) for each in failures) else RootKeyProblem
    raise kind(" ".join(str(each) for each in failures))


_asking: dict[str, threading.Thread] = {}
"""Who waits for an answer, by provider: a module that hangs is asked again only when it has come back."""


def _within_time(name: str, ask: Callable[[], _T]) -> _T:
    """What ``ask()`` gives or raises; RootKeyUnavailable if it takes longer than ``ANSWER_SECONDS``.

    It runs in a thread of its own, because a PKCS#11 module is foreign code that may wait for its device for ever.
    """
    before = _asking.get(name)
    if before is not None and before.is_alive():
        raise RootKeyUnavailable(f"The provider {name} has not answered the last question yet.")
    answers: list[_T] = []
    failures: list[Exception] = []

    def run() -> None:
        try:
            answers.append(ask())
        except (RootKeyProblem, WrongKey) as failure:
            failures.append(failure)
        except Exception as failure:  # noqa: BLE001 - what a library did not foresee is a failure like any other
            scrub(failure)
            failures.append(RootKeyUnavailable(f"The provider {name} failed ({type(failure).__name__})."))

    thread = _asking[name] = threading.Thread(target=run, name=f"unseal-{name}", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # or the thread that renews would end, and keep for ever what it should drop
        raise RootKeyUnavailable(f"The provider {name} cannot be asked: no thread can be started.") from None
    thread.join(ANSWER_SECONDS)
    if answers:
        return answers[0]
    if failures:
        raise failures[0]
    raise RootKeyUnavailable(f"The provider {name} does not answer within {ANSWER_SECONDS} seconds.")


os.register_at_fork(after_in_child=_asking.clear)
