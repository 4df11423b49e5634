"""Nothing of a root key, a token, a PIN or a credential in a message, a log line or the frames of a traceback."""

import base64
import io
import logging
import traceback
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from tests.vault.keys.providers.bao import Bao
from tests.vault.keys.providers.hsm import PIN, Hsm
from tests.vault.keys.providers.kms import Kms
from tests.vault.keys.providers.service import Service
from vault.crypto.errors import CryptoError
from vault.crypto.rootkey import RootKey, generate_root_key_text, root_key_material
from vault.crypto.sealing import SealedRootKey
from vault.keys.providers import RootKeyProblem, configured_provider, remote, root_key_text
from vault.keys.providers.live import LiveRootKeys

Fail = Callable[[], object]


def _forms(material: bytes) -> list[str]:
    plain, url = base64.b64encode(material).decode(), base64.urlsafe_b64encode(material).decode()
    return [plain[:30], url[:30], material.hex(), repr(material)[2:20]]


def _secrets(service: Service) -> list[str]:
    if isinstance(service, Bao):
        return [service.token_file.read_text()] if service.token_file.exists() else []
    if isinstance(service, Hsm):
        return [PIN]
    assert isinstance(service, Kms)
    return [service.settings()["AWS_SECRET_ACCESS_KEY"]]


def _caught(fail: Fail) -> BaseException:
    try:
        fail()
    except (RootKeyProblem, CryptoError) as error:
        return error
    raise AssertionError("it did not fail")


def _frames(error: BaseException | None) -> Iterator[str]:
    """What the frames of an error, and of all that led to it, still hold; our own test's excepted."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_globals["__name__"] != __name__:
                yield repr(frame.f_locals)
                yield from (repr(vars(each)) for each in frame.f_locals.values() if hasattr(each, "__dict__"))
        error = error.__cause__ or error.__context__


def _failures(service: Service, text: str, configure: Callable[[dict[str, str]], None]) -> Iterator[tuple[str, Fail]]:
    """Ways to fail, each with the whole way through our code and the library."""
    sealed = remote.seal(service.name, text)
    other = remote.seal(service.name, generate_root_key_text())
    provider = remote.remote_provider(service.name)
    forged = other._replace(ciphertext=provider.encrypt(root_key_material(text), context=other.context))
    for broken in (sealed._replace(ciphertext=other.ciphertext), forged):
        yield "another", lambda broken=broken: remote.unseal(broken)  # type: ignore[misc]  # bound on purpose
        yield "as text", lambda broken=broken: remote.unsealed_text(broken)  # type: ignore[misc]
    service.revoke()
    try:
        yield "revoked", lambda: remote.unseal(sealed)
        yield "revoked, to seal", lambda: remote.seal(service.name, text)
    finally:
        service.grant()
    configure(service.other_key())
    yield "another key", lambda: remote.unseal(sealed)


def test_a_failure_leaves_nothing_of_them(service: Service, configure: Callable[[dict[str, str]], None]) -> None:
    text = generate_root_key_text()
    hidden = [*_forms(root_key_material(text)), text[8:40], *_secrets(service)]
    seen = 0
    for name, fail in _failures(service, text, configure):
        error = _caught(fail)
        shown = "".join(traceback.format_exception(error))
        for secret in [*hidden, *_secrets(service)]:
            assert secret not in str(error), name
            assert secret not in shown, name
            for held in _frames(error):
                assert secret not in held, name
        seen += 1
    assert seen == 7


def test_a_log_at_its_loudest_has_nothing_of_them(service: Service, root_key_file: Callable[..., Path]) -> None:
    text = generate_root_key_text()
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        sealed = remote.seal(service.name, text)
        root_key_file(sealed.text)
        keys = LiveRootKeys(configured_provider(), refresh=1, grace=0, on_drop=lambda: None)
        service.revoke()
        try:
            keys.renew()
        finally:
            service.grant()
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    assert "was dropped" in lines.getvalue()
    for secret in [*_forms(root_key_material(text)), text[8:40], *_secrets(service)]:
        assert secret not in lines.getvalue()


def test_nothing_that_is_kept_shows_them(service: Service, root_key_file: Callable[..., Path]) -> None:
    text = generate_root_key_text()
    root_key_file(remote.seal(service.name, text).text)
    keys = LiveRootKeys(configured_provider(), refresh=1, grace=0, on_drop=lambda: None)
    provider = remote.remote_provider(service.name)
    shown = [repr(keys.root_keys()), repr(vars(keys)), repr(vars(provider)), provider.description]
    for secret in chain(_forms(root_key_material(text)), _secrets(service)):
        assert all(secret not in each for each in shown)


def test_a_root_key_in_plain_text_leaves_no_frame(root_key_file: Callable[..., Path]) -> None:
    text = generate_root_key_text()
    root_key_file(text, text[:-1])
    error = _caught(lambda: configured_provider().root_keys())
    assert all(text[8:40] not in held for held in _frames(error))
    root_key_file(text)
    assert root_key_text(RootKey.from_text(text).key_id) == text
    error = _caught(lambda: root_key_text(bytes(16)))
    assert "0000-0000-0000-0000 is not configured" in str(error)
    assert all(text[8:40] not in held for held in _frames(error))


def test_a_sealed_text_that_opens_to_another_key_leaves_no_frame() -> None:
    material = root_key_material(generate_root_key_text())
    error = _caught(lambda: SealedRootKey("pkcs11", bytes(16), b"x").opened(material))
    assert all(secret not in held for held in _frames(error) for secret in _forms(material))
