"""Makes the mutants of a module: small wrong versions of its code and of its tables, each with a name and a place.

Stock tools leave module constants and tables alone; here they are mutated like code. Left out are only docstrings,
annotations, decorators, and the options of a class statement (`frozen`, `gc`), none of which is behaviour.
"""

import ast
import copy
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import msgspec

from firmware_bridge import types
from vehicle.contracts import messages

COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}
ENUMS: dict[str, list[str]] = {
    name: list(kind.__members__)
    for module in (types, messages)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Enum)
}
"""Members of the enums of the leaves; those of the room itself are added by `local_enums`."""


class Mutant(msgspec.Struct, frozen=True):
    """One wrong version: `path` and `line` say where, `what` says how; `source` is the module's whole tree."""

    number: int
    path: Path
    line: int
    what: str
    tree: ast.Module


def local_enums(paths: list[Path]) -> dict[str, list[str]]:
    found = dict(ENUMS)
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(base, ast.Name) and base.id.endswith("Enum") for base in node.bases
            ):
                targets = [s.targets[0] for s in node.body if isinstance(s, ast.Assign)]
                found[node.name] = [target.id for target in targets if isinstance(target, ast.Name)]
    return found


def mutants(path: Path, enums: dict[str, list[str]]) -> Iterator[Mutant]:
    """All mutants of a file, in the order of its lines."""
    tree = ast.parse(path.read_text())
    _link(tree)
    for number, (node, field, index, new, what) in enumerate(_changes(tree, enums)):
        old = getattr(node, field)
        if index is None:
            setattr(node, field, new)
        else:
            setattr(node, field, [*old[:index], *([] if new is None else [new]), *old[index + 1 :]])
        mutated = ast.fix_missing_locations(copy.deepcopy(tree))
        setattr(node, field, old)
        yield Mutant(number, path, getattr(node, "lineno", 0), what, mutated)


def count(path: Path, enums: dict[str, list[str]]) -> int:
    """How many `mutants` makes of a file, without making them."""
    tree = ast.parse(path.read_text())
    _link(tree)
    return sum(1 for _ in _changes(tree, enums))


Change = tuple[ast.AST, str, int | None, object, str]


def _link(tree: ast.Module) -> None:
    """Mark what is no behaviour."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            for statement in node.body:
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    statement.inert = True  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias":
            node.inert = True  # type: ignore[attr-defined]
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("TypeVar("):
            node.inert = True  # type: ignore[attr-defined]
        for field in ("annotation", "returns", "decorator_list", "bases", "keywords"):
            if field == "keywords" and not isinstance(node, ast.ClassDef):
                continue
            value = getattr(node, field, None)
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, ast.AST):
                    inner.inert = True  # type: ignore[attr-defined]


def _changes(node: ast.AST, enums: dict[str, list[str]]) -> Iterator[Change]:
    """Depth first over all fields; a change is told by the node that holds it, its field, and its place in a list."""
    for field, value in ast.iter_fields(node):
        items = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, item in items:
            if not isinstance(item, ast.AST) or getattr(item, "inert", False):
                continue
            for new, what in _versions(item, node, field, enums):
                yield node, field, index, new, what
            yield from _changes(item, enums)


def _versions(item: ast.AST, parent: ast.AST, field: str, enums: dict[str, list[str]]) -> Iterator[tuple[object, str]]:
    if isinstance(item, ast.Compare):
        yield from _compares(item)
    elif isinstance(item, ast.BoolOp):
        yield from _bools(item)
    elif isinstance(item, ast.UnaryOp):
        yield item.operand, f"drop {type(item.op).__name__}"
    elif isinstance(item, ast.BinOp) and type(item.op) in BINARY:
        swapped = BINARY[type(item.op)]
        yield ast.BinOp(item.left, swapped(), item.right), f"{type(item.op).__name__} -> {swapped.__name__}"
    elif isinstance(item, ast.Constant):
        yield from _constants(item, parent, field)
    elif isinstance(item, ast.IfExp):
        yield item.body, "if-expression: always its first part"
        yield item.orelse, "if-expression: always its second part"
    elif isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name):
        yield from _members(item, enums)
    elif isinstance(item, ast.Call):
        yield from _calls(item)
    elif isinstance(item, ast.Tuple | ast.List | ast.Set | ast.Dict):
        yield from _elements(item)
    elif isinstance(item, ast.If | ast.While):
        yield from _branches(item)
    elif isinstance(item, ast.Assign | ast.AugAssign | ast.Expr) and not _is_enum_body(parent):
        yield ast.Pass(), "statement deleted"


def _compares(item: ast.Compare) -> Iterator[tuple[object, str]]:
    for place, op in enumerate(item.ops):
        for other in COMPARE[type(op)]:
            ops = [*item.ops[:place], other(), *item.ops[place + 1 :]]
            yield ast.Compare(item.left, ops, item.comparators), f"{type(op).__name__} -> {other.__name__}"


def _bools(item: ast.BoolOp) -> Iterator[tuple[object, str]]:
    other = ast.Or if isinstance(item.op, ast.And) else ast.And
    yield ast.BoolOp(other(), item.values), f"{type(item.op).__name__} -> {other.__name__}"
    for place in range(len(item.values)):
        left = [*item.values[:place], *item.values[place + 1 :]]
        yield left[0] if len(left) == 1 else ast.BoolOp(item.op, left), f"operand {place + 1} dropped"


def _constants(item: ast.Constant, parent: ast.AST, field: str) -> Iterator[tuple[object, str]]:
    value = item.value
    if isinstance(value, bool):
        yield ast.Constant(not value), f"{value} -> {not value}"
    elif isinstance(value, int):
        yield ast.Constant(value + 1), f"{value} -> {value + 1}"
        if value:
            yield ast.Constant(value - 1), f"{value} -> {value - 1}"
    elif isinstance(value, float):
        for other in (value * 1.02, value * 0.98) if value else (1.0,):
            yield ast.Constant(other), f"{value} -> {other:.4g}"
    elif isinstance(value, str) and not (isinstance(parent, ast.Call) and field == "func"):
        yield ast.Constant(value + "!"), "text changed"


def _members(item: ast.Attribute, enums: dict[str, list[str]]) -> Iterator[tuple[object, str]]:
    assert isinstance(item.value, ast.Name)
    members = enums.get(ALIASES.get(item.value.id, item.value.id), [])
    if item.attr in members:
        other = members[(members.index(item.attr) + 1) % len(members)]
        yield ast.Attribute(item.value, other, item.ctx), f"{item.attr} -> {other}"


ALIASES = {"_S": "StopReason", "_R": "StopReason"}


def _calls(item: ast.Call) -> Iterator[tuple[object, str]]:
    name = item.func.id if isinstance(item.func, ast.Name) else getattr(item.func, "attr", "")
    if name in CALLS:
        func: ast.expr = ast.Name(CALLS[name], ast.Load())
        if isinstance(item.func, ast.Attribute):
            func = ast.Attribute(item.func.value, CALLS[name], ast.Load())
        yield ast.Call(func, item.args, item.keywords), f"{name} -> {CALLS[name]}"
    for place, keyword in enumerate(item.keywords):
        rest = [*item.keywords[:place], *item.keywords[place + 1 :]]
        yield ast.Call(item.func, item.args, rest), f"argument {keyword.arg} dropped"
    if name in {"abs", "bool", "wrap_rad", "finite"} and len(item.args) == 1:
        yield item.args[0], f"{name} dropped"


def _elements(item: ast.Tuple | ast.List | ast.Set | ast.Dict) -> Iterator[tuple[object, str]]:
    if isinstance(item, ast.Dict):
        for place in range(len(item.keys)):
            keys = [*item.keys[:place], *item.keys[place + 1 :]]
            yield ast.Dict(keys, [*item.values[:place], *item.values[place + 1 :]]), f"entry {place + 1} dropped"
        return
    if isinstance(getattr(item, "ctx", None), ast.Store):
        return
    for place in range(len(item.elts)):
        elements = [*item.elts[:place], *item.elts[place + 1 :]]
        new = ast.Set(elements) if isinstance(item, ast.Set) else type(item)(elements, item.ctx)
        yield new, f"element {place + 1} dropped"


def _branches(item: ast.If | ast.While) -> Iterator[tuple[object, str]]:
    kind = type(item)
    yield kind(ast.Constant(False), item.body, item.orelse), "condition: never"
    if kind is ast.If:
        yield kind(ast.Constant(True), item.body, item.orelse), "condition: always"


def _is_enum_body(parent: ast.AST) -> bool:
    return isinstance(parent, ast.ClassDef) and any(
        isinstance(base, ast.Name) and base.id.endswith("Enum") for base in parent.bases
    )
