"""Changes functions that are loaded already: each gets the code of a changed module, wherever it was imported to."""

import ast
import builtins
import gc
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from django.db.models import Q

import orgs.permissions.standing as deciding
from orgs.services import authority
from tests.harness.environment import ROOT
from tests.mutation.checks import Check, Rewriting
from vault.custody import access as instance
from vault.keys import beside

Place = tuple[str, str, int]

ran: set[int] = set()
"""The numbers of the probes that were passed since it was emptied."""
_open: list[bool] = []


def prepare() -> None:
    """Gives every module what changed code calls, and lets the doors be opened."""
    names: dict[str, Callable[..., Any]] = {
        "__ran__": ran.add,
        "__unasked__": _unasked,
        "__omitted__": lambda check: None,
        "__always__": lambda check: True,
        "__let__": lambda check: False,
        "__everything__": lambda check: Q(),
    }
    for name, value in names.items():
        setattr(builtins, name, value)
    folder = Path(os.environ["HOLDFAST_VAR_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    beside._file = lambda: folder / "beside.sqlite3"  # the database is in memory, and has no place beside it
    _openable(deciding.judge, lambda judged: replace(judged, allowed=True, visible=True))
    _openable(authority._refuse_beyond, None)
    _openable(instance.administrator, None)


def _unasked(call: Callable[[], Any]) -> Any:
    """What a door would have let through."""
    _open.append(True)
    try:
        return call()
    finally:
        _open.pop()


def _openable(function: Any, opened: Callable[[Any], Any] | None) -> None:
    """While a door is open, the answer of `function` is `opened`; without that, it refuses nobody."""
    as_it_was = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    as_it_was.__kwdefaults__ = function.__kwdefaults__

    def instead(*args: Any, **kwargs: Any) -> Any:
        if not _open:
            return as_it_was(*args, **kwargs)
        if opened is not None:
            return opened(as_it_was(*args, **kwargs))
        return args[0].user if args and hasattr(args[0], "user") else None

    name = f"__instead_of_{function.__name__}__"
    setattr(builtins, name, instead)
    scope: dict[str, Any] = {}
    exec(f"def {function.__name__}(*args, **kwargs):\n    return {name}(*args, **kwargs)\n", scope)  # noqa: S102 - our own text
    function.__code__ = scope[function.__name__].__code__
    function.__defaults__ = function.__kwdefaults__ = None


class Living:
    """The functions of the program's modules, by where their code is from."""

    def __init__(self, checks: Collection[Check]) -> None:
        for path in {check.path for check in checks}:
            import_module(path.removesuffix(".py").replace("/", "."))  # some are loaded by the first request
        self._functions: dict[Place, list[FunctionType]] = defaultdict(list)
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(f"{ROOT}/"):
                self._functions[_place(each.__code__)].append(each)

    @contextmanager
    def probed(self, checks: Collection[Check]) -> Iterator[None]:
        """Each check tells by its number in `checks` that it ran."""
        undo: list[tuple[FunctionType, CodeType]] = []
        by_path: dict[str, dict[tuple[int, int, int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, check in enumerate(checks):
            by_path[check.path][check.span].append(number)
        for path, probes in by_path.items():
            undo += self._change(path, Rewriting(probes), "")
        try:
            yield
        finally:
            for function, code in undo:
                function.__code__ = code

    def remove(self, check: Check) -> int:
        """Takes one check away, for good. Returns how many functions that changed."""
        return len(self._change(check.path, Rewriting({}, check), check.function))

    def _change(self, path: str, rewriting: Rewriting, within: str) -> list[tuple[FunctionType, CodeType]]:
        file = ROOT / path
        tree = rewriting.visit(ast.parse(file.read_text()))
        assert isinstance(tree, ast.Module)
        ast.fix_missing_locations(tree)
        changed: list[tuple[FunctionType, CodeType]] = []
        for code in _codes(compile(tree, str(file), "exec")):
            if within and not within.startswith(code.co_qualname):
                continue
            for function in self._functions.get(_place(code), ()):
                changed.append((function, function.__code__))
                function.__code__ = code  # a ValueError for one with other free variables
        return changed


def _place(code: CodeType) -> Place:
    return str(Path(code.co_filename)), code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)
