"""A command that a page tells somebody to run exists."""

import re
import subprocess
from argparse import ArgumentParser, _SubParsersAction

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.pages import ROOT, pages
from vault.custody.cli.console import EXIT_FAILS, EXIT_REFUSED, EXIT_USAGE

PAGES = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in pages()}
EVERYTHING = "\n".join(PAGES.values()).replace("\\\n", " ")
# A word after `make` in a sentence or in a list of commands; not the verb.
_TARGET = re.compile(r"(?:^|`)make((?: [a-z-]+)+|)", re.MULTILINE)
_MANAGE = re.compile(r"manage\.py ([a-z_]+)((?: +(?:--?[a-z][\w-]*|(?![#`])[^\s`]+))*)")

# `keys status` in prose, and `manage.py keys status` anywhere; `keys_wrappedkey` and the words “keys of …” are neither.
_KEYS = re.compile(r"(?:manage\.py |`)keys ([a-z][a-z-]*)")


def options_of(parser: ArgumentParser) -> set[str]:
    """Every option that it takes."""
    return {option for action in parser._actions for option in action.option_strings}


def subcommands_of(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    """The words that may follow a command, each with what it takes; none for most commands."""
    found = [action.choices for action in parser._actions if isinstance(action, _SubParsersAction)]
    return dict(found[0]) if found else {}


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
        known = options_of(parser)
        for word, subparser in subcommands_of(parser).items():
            known |= options_of(subparser) if word in rest.split()[:1] else set()
        for option in re.findall(r"(?<!\S)(--[a-z-]+)", rest):
            assert option in known, f"manage.py {name} {option}"


def test_every_word_after_keys_is_a_subcommand_and_each_is_explained_somewhere() -> None:
    known = set(subcommands_of(load_command_class(get_commands()["keys"], "keys").create_parser("manage.py", "keys")))
    named = set(_KEYS.findall(EVERYTHING))
    assert named - known == set()
    assert known - named == set()


def test_the_exit_codes_are_those_of_the_command() -> None:
    told = " ".join(PAGES["docs/operators/runbooks/README.md"].split())
    assert f"{EXIT_FAILS} something does not hold" in told
    assert f"{EXIT_USAGE} wrong usage" in told
    assert f"{EXIT_REFUSED} refused as things are" in told


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
