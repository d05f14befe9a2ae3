"""A fact that two files need stands in one of them: no constant is written down twice.

Two are the same where name and value are equal, or where the value is no round one and the unit is equal.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vehicle", "firmware_bridge", "sim", "campaign", "console", "flailpilot")
JUDGES = ("sim/", "campaign/")
"""What plays the world, the operator or the judge shares no figure with the vehicle: a wrong one would judge itself."""
UNITS = frozenset(
    [
        "NS",
        "US",
        "MS",
        "S",
        "M",
        "MM",
        "M2",
        "KM",
        "RAD",
        "DEG",
        "MPS",
        "MPS2",
        "RADPS",
        "RPM",
        "PA",
        "V",
        "W",
        "NM",
        "DEGC",
        "KG",
        "LAT",
        "1PM",
    ]
)
DIGITS_MIN = 3
"""A value with fewer significant digits is equal by chance."""
ALLOWED = {
    "AUTO": "the discrete machine's own is enumerated with it; the mission's room knows no other room",
    "BY_STICK": "the same; a station knows modes and not the gate",
    "NS_PER_MS": "a unit: the bridge imports nothing of the vehicle",
    "TAU_RAD": "a unit: the bridge imports nothing of the vehicle",
    "WRAP_MS": "the width of a counter on the wire, read at both of its ends",
    "PROTOCOL_VERSION": "two protocols: the controller's dialect, and sessions of the operator link",
    "PERIOD_NS": "a station's frames, a console's, a watch's, a file's: what is due at 1 or 20 Hz is not one thing",
    "LOOK_S": "how often one looks at two different things",
    "TOLD_S": "how often one tells of two different things",
    "LOSS_NS": "of two estimators, a heading's and a place's, tuned each by itself",
    "GATHER_NS": "of two estimators, a heading's and a place's, tuned each by itself",
    "GATHER_MIN": "of two estimators, a heading's and a place's, tuned each by itself",
    "SIGMAS": "of two estimators, a heading's and a place's, tuned each by itself",
    "STEP_SIGMAS": "of two estimators, a heading's and a way's, tuned each by itself",
    "STEP_S": "a time step of two integrations",
    "SIZE_MAX": "of two files of the same folder",
    "SLOW_SHARE": "of the depth margin, and of a course: two shares",
    "UNKNOWN": "a word",
    "SYSTEM_ID": "of the vehicle in two networks: towards its controller, and towards stations",
}


def value_of(node: ast.expr) -> object:
    """A number or a text written down, also as a product, a power or an angle; None for whatever is reckoned."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str | bytes):
        return None if isinstance(node.value, bool) else node.value
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    if names <= {"math", "NS_PER_S", "NS_PER_MS"} and not any(isinstance(part, ast.Tuple) for part in ast.walk(node)):
        return ast.unparse(node)
    return None


def constants(tree: ast.Module) -> Iterator[tuple[str, object]]:
    """Names of a module and what is written behind them; aliases of types with their text."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign):
            targets: list[ast.expr] = [node.target]
        else:
            targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            given = node.value if isinstance(node, ast.AnnAssign | ast.Assign) else None
            if isinstance(target, ast.Name) and given is not None:
                pairs: list[tuple[ast.expr, ast.expr]] = [(target, given)]
            elif isinstance(target, ast.Tuple) and isinstance(given, ast.Tuple):
                pairs = list(zip(target.elts, given.elts, strict=False))
            else:
                continue
            for name, part in pairs:
                if not isinstance(name, ast.Name) or name.id.startswith("_"):
                    continue
                if name.id.isupper() and (value := value_of(part)) is not None:
                    yield name.id, value
                elif "NDArray" in ast.unparse(part) and not isinstance(part, ast.Call):
                    yield name.id, ast.unparse(part)


def digits(value: object) -> int:
    """Significant digits of a number."""
    if not isinstance(value, int | float):
        return 0
    return len(f"{abs(value):.12e}".split("e")[0].replace(".", "").rstrip("0"))


def twice(modules: dict[str, ast.Module]) -> list[str]:
    """What is written down more than once, with the places."""
    by_name: dict[tuple[str, object], set[str]] = defaultdict(set)
    by_unit: dict[tuple[str, object], set[str]] = defaultdict(set)
    for place, tree in modules.items():
        for name, value in constants(tree):
            by_name[name, value].add(place)
            if digits(value) >= DIGITS_MIN and name.rpartition("_")[2] in UNITS:
                by_unit[name.rpartition("_")[2], value].add(f"{place} {name}")
    found = []
    for (name, value), places in [*by_name.items(), *by_unit.items()]:
        own = {place for place in places if not place.startswith(JUDGES)}
        apart = (
            [place for place in places if place.startswith("sim/")],
            [p for p in places if p.startswith("campaign/")],
        )
        if max(len(own), *map(len, apart)) > 1 and name not in ALLOWED:
            found.append(f"{name} = {value}: {', '.join(sorted(places))}")
    return sorted(set(found))


def test_nothing_is_written_down_twice() -> None:
    modules = {
        str(path.relative_to(ROOT)): ast.parse(path.read_text())
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.name != "_dialect.py" and "_generated" not in path.parts
    }
    assert twice(modules) == []


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("LIFE_MS = 200", "LIFE_MS = 200", ["LIFE_MS"]),
        ("LIFE_MS, A = 200, 1", "LIFE_MS = 200", ["LIFE_MS"]),
        ("LIFE_MS = 200", "LIFE_MS = 100", []),
        ("EARTH_M = 6378137.0", "RADIUS_M = 6378137.0", ["M"]),
        ("EARTH_M = 1.5", "RADIUS_M = 1.5", []),
        ("EARTH_M = 6378137.0", "RADIUS_S = 6378137.0", []),
        ("Floats = npt.NDArray[np.float64]", "Floats = npt.NDArray[np.float64]", ["Floats"]),
        ("LIMIT_RAD = math.radians(60.0)", "LIMIT_RAD = math.radians(60.0)", ["LIMIT_RAD"]),
        ("UNKNOWN = 'unknown'", "UNKNOWN = 'unknown'", []),
    ],
)
def test_a_planted_pair_is_found(first: str, second: str, found: list[str]) -> None:
    pair = {"vehicle/a.py": ast.parse(first), "vehicle/b.py": ast.parse(second)}
    assert [text.split(" = ")[0] for text in twice(pair)] == found
    apart = {"vehicle/a.py": ast.parse(first), "campaign/b.py": ast.parse(second)}
    assert twice(apart) == []
