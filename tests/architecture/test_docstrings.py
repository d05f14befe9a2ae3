"""What a docstring owes its caller: the errors that are raised, the shapes of arrays, and the units of numbers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("vehicle", "firmware_bridge", "sim", "campaign", "console", "flailpilot")
ENDS_THE_PROGRAM = {"Exit", "SystemExit", "NotImplementedError", "CancelledError"}
"""Raised where no caller is: commands that end, and methods that nobody may call."""
ARRAYS = re.compile(r"Array\b|ndarray")
SHAPES = re.compile(r"\([a-z0-9 +]+,[a-z0-9, ]*\)|shape", re.IGNORECASE)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public ones of a module and of its classes; what is defined within a function is nobody else's."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from functions(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


def raised(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names of what it raises itself; `raise` alone and variables are left out."""
    found: set[str] = set()
    left: list[ast.AST] = list(function.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            found.add(ast.unparse(error).rsplit(".", 1)[-1])
        left.extend(ast.iter_child_nodes(node))
    return {name for name in found if name[:1].isupper()} - ENDS_THE_PROGRAM


def unnamed_errors(tree: ast.AST) -> list[str]:
    """Functions whose docstring names none of the errors that they raise."""
    return [
        f"{function.name}: {', '.join(sorted(names))}"
        for function in functions(tree)
        if (names := raised(function)) and not any(name in (ast.get_docstring(function) or "") for name in names)
    ]


def unshaped_arrays(tree: ast.AST) -> list[str]:
    """Functions that take or give arrays and say no shape."""
    found = []
    for function in functions(tree):
        arguments = [argument.annotation for argument in (*function.args.args, *function.args.kwonlyargs)]
        types = " ".join(ast.unparse(one) for one in (*arguments, function.returns) if one is not None)
        if ARRAYS.search(types) and not SHAPES.search(ast.get_docstring(function) or ""):
            found.append(function.name)
    return found


NUMBER = re.compile(r"\bfloat\b")
UNITS = (
    "m mm cm km m2 m3 mps mps2 radps radps2 rad deg degps degc s ms ns us h hz kg kgm2 nm pa bar v a w rpm ratio 1pm "
    "j mj px count utc sigma enu"
)
BEFORE = "of at to from by in for along between"
NAMED_UNIT = re.compile(rf"(?:^|_)(?:{UNITS.replace(' ', '|')}|per_\w+?)(?:_(?:{BEFORE.replace(' ', '|')})\w*)?$")
"""A unit ends the name, or stands before `_of_...` and the like."""
STATED = re.compile(
    r"\[[^\]]+\]|without a unit|in the same unit|metres|seconds|degrees|radians|ratio|square|\bm/s\b|\bm2\b"
)
API = ("vehicle/contracts/", "vehicle/control/", "vehicle/planning/", "console/client/")
"""Rooms that have API pages (`docs/site_pages.py`)."""


def unitless_numbers(tree: ast.AST) -> list[str]:
    """Functions with a number that has its unit neither in a name nor in the docstring."""
    found = []
    for function in functions(tree):
        arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        named = [(argument.arg, argument.annotation) for argument in arguments] + [(function.name, function.returns)]
        bare = [name for name, kind in named if kind is not None and NUMBER.search(ast.unparse(kind))]
        if not all(NAMED_UNIT.search(name) for name in bare) and not STATED.search(ast.get_docstring(function) or ""):
            found.append(function.name)
    return found


COMMANDS = ROOT / "flailpilot/cli.py"
"""Called by the command line only, which tells every InputError; their docstrings are its help."""
MODULES = sorted(
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if path.name != "_dialect.py" and "_generated" not in path.parts
)


@pytest.mark.parametrize("room", ROOMS)
def test_whoever_raises_names_the_error(room: str) -> None:
    silent = {
        str(path.relative_to(ROOT)): found
        for path in MODULES
        if path.is_relative_to(ROOT / room)
        and path != COMMANDS
        and (found := unnamed_errors(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert not silent


def test_whoever_takes_or_gives_an_array_says_its_shape() -> None:
    silent = {
        str(path.relative_to(ROOT)): found
        for path in MODULES
        if (found := unshaped_arrays(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert not silent


def test_numbers_of_the_api_have_units() -> None:
    silent = {
        name: found
        for path in MODULES
        if (name := str(path.relative_to(ROOT))).startswith(API)
        and (found := unitless_numbers(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert not silent


def test_the_looks_find_what_they_look_for() -> None:
    tree = ast.parse(
        "class A:\n"
        "    def f(self) -> None:\n        '''Words.'''\n        raise ValueError('x')\n"
        "    def g(self) -> None:\n        '''Raises ValueError.'''\n        raise ValueError('x')\n"
        "def h(x: np.ndarray) -> None:\n    '''Words.'''\n"
        "def i(x: np.ndarray) -> None:\n    '''Points (n, 2).'''\n"
    )
    assert unnamed_errors(tree) == ["f: ValueError"]
    assert unshaped_arrays(tree) == ["h"]
    numbers = ast.parse(
        "def f(length: float) -> None:\n    '''Words.'''\n"
        "def g(length_m: float, speed_mps_of_it: float) -> float:\n    '''A time [s].'''\n"
        "def h_m(name: str) -> float | None:\n    '''Words.'''\n"
        "def i(way: list[tuple[float, float]]) -> int:\n    '''Words.'''\n"
    )
    assert unitless_numbers(numbers) == ["f", "i"]
