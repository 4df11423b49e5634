import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from vault.crypto.rootkey import RootKey
from vault.keys.providers import FileProvider


def test_it_prints_a_new_key_each_time() -> None:
    printed = []
    for _ in range(2):
        out = StringIO()
        call_command("generate_root_key", stdout=out)
        printed.append(RootKey.from_text(out.getvalue().strip()).key_id)
    assert printed[0] != printed[1]


def test_it_writes_a_file_for_its_owner_alone_and_prints_the_fingerprint(tmp_path: Path) -> None:
    path, out = tmp_path / "root-key", StringIO()
    call_command("generate_root_key", output=path, stdout=out)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (key,) = FileProvider(path).root_keys()
    assert key.fingerprint in out.getvalue()
    assert path.read_text().strip() not in out.getvalue()


def test_it_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "root-key"
    path.write_text("mine")
    with pytest.raises(CommandError, match="never overwritten"):
        call_command("generate_root_key", output=path)
    assert path.read_text() == "mine"
