"""Static files get names with a hash, and name one another by them."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.utils import get_files
from django.core.files.storage import FileSystemStorage

from vault.staticfiles import HashedStaticFilesStorage

ROOT = Path(__file__).resolve().parents[2]
HASHED = r"\.[0-9a-f]{12}\."


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What collectstatic leaves of static/."""
    folder = tmp_path_factory.mktemp("static")
    storage = HashedStaticFilesStorage(location=str(folder), base_url="/static/")
    ours = FileSystemStorage(location=ROOT / "static")
    sources = {path: (ours, path) for path in get_files(ours)}
    for path, (source, _) in sources.items():
        with source.open(path) as file:
            storage.save(path, file)
    for _, _, outcome in storage.post_process(sources):
        assert outcome is True
    return folder


def hashed(folder: Path, kind: str) -> list[Path]:
    return [path for path in folder.rglob(f"*.{kind}") if re.search(HASHED, path.name)]


def test_it_names_every_script_and_stylesheet_by_its_content(collected: Path) -> None:
    assert len(hashed(collected, "css")) >= 14
    assert len(hashed(collected, "js")) >= 9


def test_it_names_imported_scripts_by_their_content(collected: Path) -> None:
    imports = [
        address
        for script in hashed(collected, "js")
        for address in re.findall(r'^import .* from "([^"]+)";', script.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert all(re.search(HASHED, address) for address in imports), imports


def test_it_names_images_of_stylesheets_by_their_content(collected: Path) -> None:
    forms = next(path for path in hashed(collected, "css") if path.name.startswith("forms."))
    assert re.search(rf"url\(\"\.\./img/chevron{HASHED}svg\"\)", forms.read_text(encoding="utf-8"))


def test_it_packs_them(collected: Path) -> None:
    assert list(collected.rglob("*.css.gz"))
