"""A command that a page tells somebody to run exists."""

import re
import subprocess

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.pages import ROOT, pages

PAGES = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in pages()}
EVERYTHING = "\n".join(PAGES.values()).replace("\\\n", " ")
# A word after `make` in a sentence or in a list of commands; not the verb.
_TARGET = re.compile(r"(?:^|`)make((?: [a-z-]+)+|)", re.MULTILINE)
_MANAGE = re.compile(r"manage\.py ([a-z_]+)((?: +(?:--?[a-z][\w-]*|(?!#)\S+))*)")


def test_it_is_a_target_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {word for words in _TARGET.findall(EVERYTHING) for word in words.split()[:1]}
    assert {"serve", "test", "install", "check"} <= named <= targets


def test_every_variable_that_make_is_given_is_one_of_the_makefiles() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in re.findall(r"(?:^|`)make [a-z-]+([^`#\n]*)", EVERYTHING, re.MULTILINE):
        for variable in re.findall(r"\b([A-Z_]+)=", line):
            assert re.search(rf"^{variable} \?=|\$\(if \$\({variable}\)", makefile, re.MULTILINE), variable


def test_it_is_a_command_of_manage_py_with_these_options() -> None:
    named = _MANAGE.findall(EVERYTHING)
    assert len(named) > 15
    commands = get_commands()
    for name, rest in named:
        assert name in commands, name
        parser = load_command_class(commands[name], name).create_parser("manage.py", name)
        known = {option for action in parser._actions for option in action.option_strings}
        for option in re.findall(r"(?<!\S)(--[a-z-]+)", rest):
            assert option in known, f"manage.py {name} {option}"


def test_the_modules_that_are_run_exist() -> None:
    for module in re.findall(r"python -m (tests[\w.]*)", EVERYTHING):
        package = ROOT / module.replace(".", "/")
        assert package.with_suffix(".py").is_file() or (package / "__main__.py").is_file(), module


def test_scripts_that_are_run_exist() -> None:
    for script in re.findall(r"(?:python|sh) ((?:deploy|tests)/[\w./-]+)", EVERYTHING):
        assert (ROOT / script).is_file(), script


@pytest.mark.parametrize("page", PAGES)
def test_blocks_of_commands_are_shell(page: str) -> None:
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL):
        script = re.sub(r"<[a-z ]+>", "PLACEHOLDER", block)
        checked = subprocess.run(["/bin/sh", "-n"], input=script, text=True, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr
