"""The tests that judge a mutant: which there are, what each costs and runs through, and which are tried first.

The order saves time and nothing else: a mutant lives only if every test of the room passes, whatever their order. Only
the enumeration is spared the mutants of modules that it never loads.
"""

import importlib
import inspect
import itertools
import lzma
import mmap
import signal
import struct
import sys
import time
import types
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import coverage
import msgspec

TESTS = Path(__file__).parent
LAST = ("test_machine", "test_machine_complete")
"""The enumeration: long, and not traced; it speaks of the discrete machine and its permits."""
ENUMERATED = ("modes", "permits")
"""What it is there for: tried first on these."""
SPENT = signal.SIGPROF
CPU_LEAST_S, CPU_FACTOR = 10.0, 20.0
"""A test that spends ten seconds and twenty times what it needs without a mutant will never end."""
CPU_UNKNOWN_S = 150.0
"""Of a test whose own need is not known; all tests of the room together take a third of it."""
KILLERS = 3
"""So many of those that killed the last mutants of the file go first; its other killers follow, the cheapest first."""
NOBODY = -1

Test = Callable[[], object]
Key = tuple[str, int]
"""Module and place in it."""


class Known(msgspec.Struct):
    """Of a run without a mutant: seconds of processor of every test, and who runs through which line of a module.

    `enumerating`: the modules of the room that the enumeration loads.
    """

    seconds: dict[Key, float]
    through: dict[str, dict[int, set[Key]]]
    enumerating: set[str]


def test_modules() -> list[str]:
    return sorted(path.stem for path in TESTS.glob("test_*.py"))


def tests_of(module: types.ModuleType) -> Iterator[Test]:
    for name, function in list(vars(module).items()):
        if not name.startswith("test_") or not callable(function):
            continue
        marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
        choices = [_choices(mark) for mark in marks]
        free = set(inspect.signature(function).parameters) - {key for c in choices for key in c[0]}
        if free:
            continue
        for picked in itertools.product(*choices):
            arguments = {key: value for choice in picked for key, value in choice.items()}
            yield lambda f=function, a=arguments: f(**a)  # type: ignore[misc]


def _choices(mark: object) -> list[dict[str, object]]:
    names, values = mark.args[:2]  # type: ignore[attr-defined]
    keys = [key.strip() for key in names.split(",")] if isinstance(names, str) else list(names)
    rows = [getattr(row, "values", row) if not isinstance(row, dict) else row for row in values]
    return [dict(zip(keys, row if len(keys) > 1 else _single(row), strict=True)) for row in rows]


def _single(row: object) -> tuple[object, ...]:
    return row if isinstance(row, tuple) and len(row) == 1 else (row,)


def loaded(name: str) -> list[Test]:
    return list(tests_of(importlib.import_module(f"tests.control.safety.{name}")))


# --- without a mutant ------------------------------------------------------------------------------------------------
def measure(files: list[Path], stems: set[str]) -> Known:
    """Run everything once, as it is, that judges these modules; whatever fails raises."""
    traced = coverage.Coverage(data_file=None, include=[str(path) for path in files], messages=False)
    seconds: dict[Key, float] = {}
    last = {name: loaded(name) for name in LAST}
    enumerating = {path.stem for path in files if path.stem in {name.rpartition(".")[2] for name in sys.modules}}
    for name, tests in last.items() if stems & enumerating else ():
        for place, test in enumerate(tests):
            seconds[name, place] = _cpu_s(test)
    for name in sorted(set(test_modules()) - set(LAST)):
        tests = loaded(name)
        traced.start()
        for place, test in enumerate(tests):
            traced.switch_context(f"{name} {place}")
            seconds[name, place] = _cpu_s(test)
        traced.stop()
    return Known(seconds=seconds, through=_through(traced, files), enumerating=enumerating)


def _cpu_s(test: Test) -> float:
    began_s = time.process_time()
    test()
    return time.process_time() - began_s


def _through(traced: coverage.Coverage, files: list[Path]) -> dict[str, dict[int, set[Key]]]:
    through: dict[str, dict[int, set[Key]]] = {}
    for path in files:
        lines = traced.get_data().contexts_by_lineno(str(path))
        through[path.stem] = {
            line: {(name, int(place)) for name, place in (c.split(" ") for c in contexts if c)}
            for line, contexts in lines.items()
        }
    return through


# --- with one --------------------------------------------------------------------------------------------------------
class Order:
    """First who killed the last mutants of the file, then its own tests, then all that run through the line."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._killers: dict[str, list[Key]] = defaultdict(list)

    def of(self, stem: str, line: int, hint: Key | None = None) -> list[Key]:
        """`hint`: what killed this mutant in an earlier run."""
        through = self._known.through.get(stem, {}).get(line, set())
        asked = {key for key in self._known.seconds if self.asks(key[0], stem)}

        newest = self._killers[stem][0] if self._killers[stem] else None

        def rank(key: Key) -> tuple[bool, bool, float]:
            name, place = key
            if newest is not None and name == newest[0]:  # what checks a table goes along it like the mutants do
                return False, False, float(abs(place - newest[1]))
            if name in LAST:  # in their own order, the sieve first: what one test finds out the others share
                return stem not in ENUMERATED, stem not in ENUMERATED, LAST.index(name) * 100.0 + place
            passes = not through or key in through
            return not passes, not name.startswith(f"test_{stem}"), self._known.seconds[key]

        killers = [key for key in self._killers[stem] if not through or key in through or key[0] in LAST]
        others = sorted(killers[KILLERS:], key=lambda key: self._known.seconds[key])
        first = [*([hint] if hint in asked else []), *killers[:KILLERS], *others]
        return list(dict.fromkeys([*first, *sorted(asked - set(first), key=rank)]))

    def asks(self, name: str, stem: str) -> bool:
        """False where a module of tests never loads this one of the room."""
        return name not in LAST or stem in self._known.enumerating

    def killed(self, stem: str, key: Key) -> None:
        """Remember it as the newest."""
        killers = self._killers[stem]
        if key in killers:
            killers.remove(key)
        killers.insert(0, key)

    def limit_s(self, key: Key) -> float:
        """Tests of the enumeration share it: the first pays for all."""
        if key[0] in LAST:
            return CPU_UNKNOWN_S
        return CPU_LEAST_S + CPU_FACTOR * self._known.seconds[key]


def hints(folder: Path) -> dict[str, Key]:
    """What killed which mutant in the packed runs of this folder, of whatever sources: a guess at who kills it now."""
    found: dict[str, Key] = {}
    for path in sorted(folder.glob("mutation-*.jsonl.xz")):
        for line in lzma.decompress(path.read_bytes()).splitlines():
            told = msgspec.json.decode(line)
            killer = told["facts"].get("killer")
            if killer is not None:
                found[told["unit"]] = (killer[0], killer[1])
    return found


class Slot:
    """Memory that a mutant's process shares with the one that started it: the test that it is at."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)

    def put(self, place: int) -> None:
        self._memory[:8] = struct.pack("<q", place)

    def get(self) -> int:
        return int(struct.unpack("<q", self._memory[:8])[0])


def run_all(order: Order, stem: str, keys: list[Key], slot: Slot) -> None:
    """All tests, in this order; those that only this mutant's tables make come last."""
    tests: dict[str, list[Test]] = {}
    for place, key in enumerate(keys):
        name, number = key
        slot.put(place)
        signal.setitimer(signal.ITIMER_PROF, order.limit_s(key))
        if name not in tests:
            tests[name] = loaded(name)
        if number < len(tests[name]):
            tests[name][number]()
    slot.put(NOBODY)
    done = set(keys)
    for name in (name for name in test_modules() if order.asks(name, stem)):
        for number, test in enumerate(tests.get(name) or loaded(name)):
            if (name, number) not in done:
                signal.setitimer(signal.ITIMER_PROF, CPU_UNKNOWN_S)
                test()
