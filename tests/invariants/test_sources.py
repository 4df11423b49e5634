"""What the source never does: rules that hold for every module, whatever it is about."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vault", "accounts", "orgs", "audit")
# Triggers, the cache table, the locks of keys (FOR KEY SHARE, FOR SHARE) and the counting of their wraps on another
# connection or beside the database are made of constant statements, which the ORM cannot express. Those that take
# values from key to key name tables and columns of our own models, quoted, and have everything else as parameters.
WITH_STATEMENTS = {
    *("audit/triggers.py", "audit/migrations/0002_append_only.py", "vault/migrations/0001_cache_table.py"),
    *("vault/keys/counting.py", "vault/keys/generation.py", "vault/keys/lifecycle.py", "vault/keys/processes.py"),
    *("vault/keys/beside.py", "vault/keys/writing.py"),
    *("vault/fields/rewrapping.py", "vault/fields/statements.py"),
}
CALLS_WITH_SQL = {"raw", "extra", "RawSQL", "execute", "executemany", "executescript", "RunSQL"}
# Modules that open connections to an address of the caller's choosing. Mail goes through django.core.mail, to the
# one server that is configured.
CONNECTING = {"urllib.request", "http.client", "requests", "httpx", "aiohttp", "urllib3", "ftplib", "socket"}
# Modules that make objects, or run programs, out of bytes.
INTERPRETING = {"pickle", "marshal", "shelve", "yaml", "xml", "subprocess", "code", "ctypes"}
# One call of the C library without data from outside: Python has no prctl.
WITH_C_LIBRARY = "vault/process.py"
CALLS_THAT_INTERPRET = {"eval", "exec", "compile", "__import__", "import_string"}
AUTHENTICATORS = re.compile(r"(^|_)(mac|hmac|digest|signature|token|seal|password|keyed_hash)$")


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the application by its path."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def called(node: ast.AST) -> str:
    """The name of what a call calls, or nothing."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def imported(tree: ast.Module) -> set[str]:
    """Every module that is imported, also as a member of its package."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_it_asks_the_database_through_the_orm_alone() -> None:
    """No statement is put together here, so none can be changed by what somebody typed (ASVS 5.0 1.2.4)."""
    found = {path for path, tree in modules() for node in ast.walk(tree) if called(node) in CALLS_WITH_SQL}
    assert found <= WITH_STATEMENTS


def test_it_connects_to_no_address_that_somebody_could_choose() -> None:
    """There is nothing that could be led to fetch an address (ASVS 5.0 1.3.6)."""
    for path, tree in modules():
        assert not imported(tree) & CONNECTING, path


def test_it_makes_no_objects_and_runs_no_programs_out_of_data() -> None:
    """(ASVS 5.0 1.5.2)"""
    for path, tree in modules():
        allowed = {"ctypes"} if path == WITH_C_LIBRARY else set()
        assert not {name.partition(".")[0] for name in imported(tree)} & INTERPRETING - allowed, path
        built_in = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) if isinstance(node.func, ast.Name)
        }
        assert not built_in & CALLS_THAT_INTERPRET, path


def test_it_compares_no_authenticator_with_equals() -> None:
    """What proves something is looked up by its keyed hash or compared in constant time (ASVS 5.0 11.2.4)."""
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and any(isinstance(sign, ast.Eq | ast.NotEq) for sign in node.ops):
                for side in (node.left, *node.comparators):
                    name = side.attr if isinstance(side, ast.Attribute) else getattr(side, "id", "")
                    assert not AUTHENTICATORS.search(name), f"{path}:{node.lineno}: {ast.unparse(node)}"
