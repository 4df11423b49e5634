"""What the source never does: rules that hold for every module, whatever it is about."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vault", "accounts", "orgs", "audit")
# Triggers, policies, the cache table, the locks of keys and of organizations (FOR KEY SHARE, FOR SHARE) and the count
# of wraps on another connection or beside the database are constant statements, which the ORM cannot express. Those
# that take values from key to key name tables and columns of our own models, quoted, and have the rest as parameters.
WITH_STATEMENTS = {
    *("audit/triggers.py", "audit/migrations/0002_append_only.py", "vault/migrations/0001_cache_table.py"),
    *("vault/keys/counting.py", "vault/keys/generation.py", "vault/keys/lifecycle.py", "vault/keys/processes.py"),
    *("vault/keys/beside.py", "vault/keys/writing.py", "vault/database/policies.py", "vault/database/owner.py"),
    *("vault/database/postgresql/base.py", "orgs/permissions/loading.py", "vault/access/triggers.py"),
    *("vault/fields/rewrapping.py", "vault/fields/statements.py"),
}
# Who may touch the rows of every organization: commands and housekeeping on the server, what begins before anybody
# belongs to anything (set-up, a slug, a token), whose members and whose object it is, the support desk, and the pages
# of the instance's administrators. Everything else is within the organizations of who asks.
EVERYWHERE = {
    *("vault/management/commands/migrate.py", "vault/custody/management/commands/housekeeping.py"),
    *("vault/custody/cli/dispatching.py", "vault/access/cli/reading.py", "vault/access/services/keeping.py"),
    "vault/access/services/chasing.py",
    *("vault/seals/services/accepting.py", "vault/seals/services/renewing.py", "vault/seals/services/verifying.py"),
    *("orgs/services/setup.py", "orgs/services/organizations.py", "orgs/services/invitations.py"),
    *("orgs/selectors/fetching.py", "orgs/selectors/invitations.py"),
    *("accounts/support.py", "vault/custody/access.py"),
}
WITHIN = {
    "vault/database/owner.py",
    "orgs/middleware.py",
    "orgs/services/organizations.py",
    "orgs/services/invitations.py",
    "audit/services.py",
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


def test_it_leaves_the_organizations_of_who_asks_in_few_places() -> None:
    calls = {"everywhere": set[str](), "within": set[str]()}
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"tenancy.everywhere", "tenancy.within"}:
                calls[node.attr].add(path)
        names = {name for name in imported(tree) if name.startswith("vault.tenancy.")}
        assert not names, f"{path}: import the module, so that a call of it can be found"
    assert calls == {"everywhere": EVERYWHERE, "within": WITHIN}


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
