"""Finds every permission check of the program in its source, and how each can be taken away.

A check is an expression, so that the same place can be made to say that it ran (`Probe`) and to ask for nothing
(`Removal`): one transformer does both.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orgs.permissions import Permission
from tests.harness.environment import ROOT

PARTS = ("accounts", "audit", "orgs", "vault/access", "vault/custody", "vault/secrets")
OUTSIDE = ("migrations", "management", "cli", "admin.py", "checks.py")
"""What no request runs: whoever uses a command has the database itself."""

DOORS = frozenset(
    {
        "administrator",
        "authorize",
        "authorize_all",
        "authorize_lowering",
        "authorize_opening",
        "campaign_for",
        "custom_role_for",
        "environment_for",
        "grant_for",
        "granting_in",
        "invitation_for",
        "machine_for",
        "member_for",
        "naming_for",
        "object_for",
        "organization_for",
        "person_for",
        "project_for",
        "request_for",
        "require",
        "rule_for",
        "sealed_for",
        "secret_for",
        "team_for",
        "use_for",
        "within_reach",
        "within_reach_of",
    }
)
"""What raises unless the actor may; most of them give the row that was asked for. (`line_for` is none: it asks for no
permission, and what it refuses is a line that is not there, which is a check of its own.)"""
GUARDS = frozenset(
    {
        "_both_still_own",
        "_refuse_own",
        "_refuse_person",
        "authorize_instance",
        "authorize_scope",
        "refuse_gain",
        "refuse_shredded",
    }
)
"""What raises by a rule of its own, which no open door lets through: the call is left out."""
PREDICATES = frozenset({"covers", "has_permission", "holds_at", "holds_for", "is_verified", "may_give", "touches"})
FLAGS = frozenset({"allowed", "is_active", "is_authenticated", "is_instance_admin", "is_support", "visible"})
SCOPES = frozenset({"places_touched", "secrets_reached"})
REFUSALS = frozenset(
    {
        "AccessDenied",
        "EvidenceNeeded",
        "Http404",
        "InstanceAdministratorsOnly",
        "KeysDestroyed",
        "NoEnrolment",
        "PermissionError",
        "SecondFactorRequired",
        "ShredRefused",
        "_not_named",
        "denied_as_missing",
        "refused",
        "refused_decision",
        "refused_review",
    }
)
AWAY = frozenset({"send"})
"""What answers somebody who is not let through, and says where to go instead."""
NARROWING = frozenset(
    {
        "campaign",
        "campaign_id",
        "cancelled_at__isnull",
        "confirmed",
        "device",
        "device__user",
        "disabled_at__isnull",
        "executed_at__isnull",
        "expire_date__gt",
        "expires_at__gt",
        "is_active",
        "is_instance_admin",
        "membership",
        "membership_id",
        "organization",
        "organization_id",
        "organization_id__in",
        "organization__in",
        "revoked_at__isnull",
        "role",
        "secret",
        "secret_id",
        "status",
        "used_at",
        "user",
        "user__in",
        "user_id",
        "user__is_active",
    }
)
"""What a query is narrowed by where it must not find what is another's, or what has ended."""
QUERIES = frozenset({"Q", "exclude", "filter", "get", "get_object_or_404"})
NAMING = frozenset({"AccessDenied", "address_of_asking", "denied_as_missing", "lock_environment"})
"""What takes a permission to say what was wanted, in a denial or on a link, and asks for none."""


class Way(StrEnum):
    """How a check is taken away."""

    UNASKED = "unasked"
    """The door opens for everybody."""
    OMITTED = "omitted"
    """What would raise is not called."""
    LESSER = "lesser"
    """It asks for the least that every member has."""
    ALWAYS = "always"
    """The answer is yes."""
    EVERYTHING = "everything"
    """The list is not narrowed to what is reached."""
    WIDER = "wider"
    """One condition of the query is gone."""
    LET = "let"
    """The refusal is not raised."""


@dataclass(frozen=True, slots=True)
class Check:
    """One way to take one check away. `text`: the source of the expression; `number` tells equal ones apart."""

    path: str
    function: str
    way: Way
    text: str
    number: int
    line: int
    span: tuple[int, int, int, int]
    keyword: str = ""

    @property
    def key(self) -> str:
        """What stays the same when lines move."""
        repeated = f" #{self.number}" if self.number else ""
        return f"{self.path} {self.function} {self.way} {self.text}{repeated}"


def all_checks(only: str = "") -> list[Check]:
    """Every check, in the order of paths and lines; `only`: of paths that begin so."""
    files = [file for part in PARTS for file in sorted((ROOT / part).rglob("*.py"))]
    named = [(str(file.relative_to(ROOT)), file) for file in files if not _outside(file)]
    return [check for path, file in named if path.startswith(only) for check in checks_of(path, file.read_text())]


def _outside(file: Path) -> bool:
    return any(part in OUTSIDE for part in file.relative_to(ROOT).parts)


def checks_of(path: str, source: str) -> Iterator[Check]:
    """The checks of one module."""
    seen: Counter[tuple[str, Way, str]] = Counter()
    for function, node, way, keyword in _found(ast.parse(source), ""):
        text = " ".join(ast.unparse(node).split())
        text = f"{keyword}= of {text}" if keyword else text
        span = (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
        number = seen[function, way, text]
        seen[function, way, text] += 1
        yield Check(path, function, way, text, number, node.lineno, span, keyword)


def _found(node: ast.AST, function: str) -> Iterator[tuple[str, ast.expr, Way, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inside = isinstance(node, ast.FunctionDef)
            name = f"{function}.<locals>.{child.name}" if inside else ".".join(filter(None, (function, child.name)))
            body = child.body if isinstance(child, ast.FunctionDef) else [child]
            for part in body:
                if isinstance(part, ast.FunctionDef | ast.ClassDef) and part is not child:
                    yield from _found(ast.Module([part], []), f"{name}.<locals>")
                else:
                    yield from _found_in(part, name)
        elif not function:
            yield from _found(child, function)


def _found_in(part: ast.AST, name: str) -> Iterator[tuple[str, ast.expr, Way, str]]:
    if isinstance(part, ast.ClassDef):
        yield from _found(part, name)
        return
    if isinstance(part, ast.FunctionDef):
        yield from _found(ast.Module([part], []), f"{name}.<locals>")
        return
    for node, way, keyword in _ways(part):
        yield name, node, way, keyword
    for child in ast.iter_child_nodes(part):
        yield from _found_in(child, name)


WAYS = ((DOORS, Way.UNASKED), (GUARDS, Way.OMITTED), (PREDICATES, Way.ALWAYS), (SCOPES, Way.EVERYTHING))


def _ways(node: ast.AST) -> Iterator[tuple[ast.expr, Way, str]]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            for names, way in WAYS:
                if name in names:
                    yield node, way, ""
            yield from _ways_of_arguments(node, name)
        case ast.Tuple(elts=several) | ast.List(elts=several):
            yield from ((each, Way.LESSER, "") for each in several if lesser_than(each))
        case ast.Attribute(attr=name, ctx=ast.Load()) if name in FLAGS:
            yield node, Way.ALWAYS, ""
        case ast.If(test=test, body=[ast.Return(value=ast.Call(func=ast.Attribute(attr=name)))]) if name in AWAY:
            yield test, Way.LET, ""
        case ast.If(test=test, body=[ast.Raise(exc=exception), *_]) if _refuses(exception):
            if not any(isinstance(each, ast.Attribute) and each.attr in FLAGS for each in ast.walk(test)):
                yield test, Way.LET, ""


def _ways_of_arguments(node: ast.Call, name: str) -> Iterator[tuple[ast.expr, Way, str]]:
    for keyword in node.keywords:
        if name in QUERIES and keyword.arg in NARROWING:
            yield node, Way.WIDER, keyword.arg
    if name in NAMING:
        return
    for argument in (*node.args, *(each.value for each in node.keywords)):
        if lesser_than(argument):
            yield argument, Way.LESSER, ""


def lesser_than(node: ast.expr) -> str:
    """The name of the permission that is weaker than the one that an expression names; empty if none is."""
    match node:
        case ast.Attribute(value=ast.Name(id="Permission"), attr=name) if name in Permission.__members__:
            least = "SECRET_LIST" if name.startswith("SECRET_") else "ORG_VIEW"
            return "" if name == least else least
    return ""


def _refuses(exception: ast.expr | None) -> bool:
    called = exception.func if isinstance(exception, ast.Call) else exception
    return isinstance(called, ast.Name) and called.id in REFUSALS


class Rewriting(ast.NodeTransformer):
    """Puts probes around checks (by span: their numbers), and takes one check away."""

    def __init__(self, probes: Mapping[tuple[int, int, int, int], list[int]], removed: Check | None = None) -> None:
        self._probes, self._removed = probes, removed

    def visit(self, node: ast.AST) -> ast.AST:
        span = _span(node)
        rewritten = self.generic_visit(node)
        if span is None or not isinstance(rewritten, ast.expr):
            return rewritten
        if self._removed is not None and span == self._removed.span:
            return ast.copy_location(_without(rewritten, self._removed), node)
        if isinstance(rewritten, ast.Attribute | ast.Name) and not isinstance(rewritten.ctx, ast.Load):
            return rewritten
        for number in self._probes.get(span, ()):
            told = _parsed(f"(__ran__({number}), 0)[1]")
            assert isinstance(told, ast.Subscript)
            assert isinstance(told.value, ast.Tuple)
            told.value.elts[1] = rewritten
            rewritten = ast.copy_location(told, node)
        return rewritten


def _span(node: ast.AST) -> tuple[int, int, int, int] | None:
    if not isinstance(node, ast.expr):
        return None
    return (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)


def _without(node: ast.expr, check: Check) -> ast.expr:
    """What stands there instead. It names all that the check did, so that a function keeps its free variables: one
    that lives already can get the changed code only then."""
    if check.way is Way.LESSER:
        return _parsed(f"Permission.{lesser_than(node)}")
    if check.way is Way.WIDER:
        assert isinstance(node, ast.Call)
        (taken,) = (each for each in node.keywords if each.arg == check.keyword)
        node.keywords.remove(taken)
        return ast.Subscript(ast.Tuple([node, _later(taken.value)], ast.Load()), ast.Constant(0), ast.Load())
    return ast.Call(ast.Name(f"__{check.way}__", ast.Load()), [_later(node)], [])


def _later(node: ast.expr) -> ast.Lambda:
    made = _parsed("lambda: 0")
    assert isinstance(made, ast.Lambda)
    made.body = node
    return made


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
