"""Mutation of the safety room: every mutant must be killed by the tests or by the enumeration; there is no allow-list.

    python -m tests.safety.mutate [FILE ...] [--jobs N] [--since REF]

A mutant runs in a fork of this process, which has everything loaded but the room itself: 0.1 s where the module's own
tests kill it. Tests without fixtures are called directly, the enumeration comes last. Exit 1 if one survives.
"""

import argparse
import importlib
import importlib.abc
import importlib.machinery
import inspect
import itertools
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings

from tests.safety.mutants import Mutant, local_enums, mutants
from vehicle.clock import elapsed_s

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "vehicle" / "safety"
TESTS = Path(__file__).parent
PRELOAD = ("numpy", "shapely", "pydantic", "tests.builders", "vehicle.messages", "vehicle.state", "vehicle.config")
LAST = ("test_machine", "test_machine_complete")
CPU_MAX_S = 150.0
"""Of a mutant that never ends; time of its own, so that a busy machine kills none. All tests together take 60 s."""
MEMORY_MAX = 4 << 30
"""Of a mutant that collects for ever [bytes]; the tests themselves take a tenth of it."""
SPENT = signal.SIGPROF
PICKED_AT_ONCE, TOLD_EACH = 30, 25
COPIED = ("vehicle", "firmware_bridge", "sim", "console", "tests", "configs", "docs")

Test = Callable[[], object]


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves one module of the room in its wrong version."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = f"vehicle.safety.{mutant.path.stem}"
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        return importlib.machinery.ModuleSpec(fullname, self) if fullname == self._name else None

    def exec_module(self, module: types.ModuleType) -> None:
        exec(compile(self._mutant.tree, str(self._mutant.path), "exec"), module.__dict__)  # noqa: S102


def test_modules(stem: str) -> list[str]:
    """The module's own tests first, then the rest, the enumeration last."""
    names = sorted(path.stem for path in TESTS.glob("test_*.py") if "mutant" not in path.stem)
    own = [name for name in names if name.startswith(f"test_{stem}")]
    last = [name for name in LAST if name in names]
    rest = [name for name in names if name not in own and name not in last]
    return [*own, *rest, *(name for name in last if name not in own)]


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


def run_tests(stem: str) -> None:
    for name in test_modules(stem):
        module = importlib.import_module(f"tests.safety.{name}")
        for test in tests_of(module):
            test()


def judge(mutant: Mutant | None, stem: str) -> None:
    """In the child: exit 0 if everything passes."""
    signal.signal(SPENT, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, CPU_MAX_S)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    if mutant is not None:
        sys.meta_path.insert(0, Planted(mutant))
    try:
        run_tests(stem)
    except BaseException:  # noqa: BLE001 - whatever a wrong program raises has killed it
        os._exit(1)
    os._exit(0)


def preload() -> None:
    settings.register_profile(
        "mutation",
        settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)),
    )
    settings.load_profile("mutation")
    for name in PRELOAD:
        importlib.import_module(name)
    loaded = [name for name in sys.modules if name.startswith("vehicle.safety")]
    assert not loaded, f"loaded too early: {loaded}"


def spawn(mutant: Mutant | None, stem: str) -> int:
    pid = os.fork()
    if pid == 0:
        judge(mutant, stem)
    return pid


class Tally(msgspec.Struct):
    """Of one campaign. `endless` mutants were killed because they spent their time; they are told one by one."""

    made: int = 0
    tried: int = 0
    endless: int = 0
    survivors: list[Mutant] = []


def campaign(paths: list[Path], jobs: int, seconds: float | None) -> Tally:
    """Try the mutants of these files; with a limit in seconds as many as fit, drawn evenly from all of them."""
    began_s = elapsed_s()
    enums = local_enums(sorted(ROOM.glob("*.py")))
    count = sum(1 for path in paths for _ in mutants(path, enums))
    order = list(range(count))
    if seconds is not None:
        random.Random(0).shuffle(order)
    tally = Tally(made=count)
    running: dict[int, Mutant] = {}
    for mutant in _picked(paths, enums, order) if seconds is not None else _all(paths, enums):
        if seconds is not None and elapsed_s() - began_s > seconds:
            break
        tally.tried += 1
        if tally.tried % TOLD_EACH == 0:
            print(f"{tally.tried} tried, in {mutant.path.name}, {elapsed_s() - began_s:.0f} s", flush=True)  # noqa: T201
        running[spawn(mutant, mutant.path.stem)] = mutant
        if len(running) >= jobs:
            _reap(running, tally)
    while running:
        _reap(running, tally)
    killed = tally.tried - len(tally.survivors)
    print(  # noqa: T201
        f"{tally.made} mutants, {tally.tried} tried, {killed} killed ({tally.endless} of them endless), "
        f"{len(tally.survivors)} survive"
    )
    return tally


def _all(paths: list[Path], enums: dict[str, list[str]]) -> Iterator[Mutant]:
    return itertools.chain.from_iterable(mutants(path, enums) for path in paths)


def _picked(paths: list[Path], enums: dict[str, list[str]], order: list[int]) -> Iterator[Mutant]:
    """In this order; 30 at a time, or the trees of all of them would fill the memory."""
    for start in range(0, len(order), PICKED_AT_ONCE):
        wanted = set(order[start : start + PICKED_AT_ONCE])
        yield from (mutant for place, mutant in enumerate(_all(paths, enums)) if place in wanted)


def _reap(running: dict[int, Mutant], tally: Tally) -> None:
    pid, status = os.wait()
    mutant = running.pop(pid)
    told = f"{mutant.path.name}:{mutant.line}: {mutant.what}  (#{mutant.number})"
    if status == 0:
        tally.survivors.append(mutant)
        print(f"SURVIVES {told}", flush=True)  # noqa: T201
    elif os.WIFSIGNALED(status) and os.WTERMSIG(status) == SPENT:
        tally.endless += 1
        print(f"endless {told}", flush=True)  # noqa: T201


def chosen(files: list[str]) -> list[Path]:
    if files:
        return [ROOM / Path(name).name for name in files]
    return sorted(path for path in ROOM.glob("*.py") if path.name != "__init__.py")


def in_a_copy(arguments: argparse.Namespace) -> int:
    """Run on a copy of the tree, so that nobody's edits meanwhile kill a mutant or let one live."""
    files = list(arguments.files)
    if arguments.since:
        listed = ["git", "diff", "--name-only", arguments.since, "--", str(ROOM)]
        found = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=False)
        files = [name for name in found.stdout.split() if name.endswith(".py") and (ROOT / name).exists()]
        if found.returncode != 0:
            print(f"git knows no {arguments.since} here: mutants of the whole room")  # noqa: T201
        elif not files:
            print("no file of the room was touched")  # noqa: T201
            return 0
    with tempfile.TemporaryDirectory() as folder:
        for name in COPIED:
            shutil.copytree(ROOT / name, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
        command = [sys.executable, "-m", "tests.safety.mutate", "--here", "--jobs", str(arguments.jobs), *files]
        command += ["--seconds", str(arguments.seconds)] if arguments.seconds is not None else []
        return subprocess.run(command, cwd=folder, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--since", help="only files changed since this git revision")
    parser.add_argument("--seconds", type=float, help="only as many mutants as fit into this time, evenly drawn")
    parser.add_argument("--show", type=int, help="print the source of one mutant of one file")
    parser.add_argument("--here", action="store_true", help="on this tree itself, not on a copy")
    arguments = parser.parse_args()
    if not arguments.here and arguments.show is None:
        return in_a_copy(arguments)
    paths = chosen(arguments.files)
    if arguments.show is not None:
        import ast  # noqa: PLC0415

        wanted = next(
            m for m in mutants(paths[0], local_enums(sorted(ROOM.glob("*.py")))) if m.number == arguments.show
        )
        print(ast.unparse(wanted.tree))  # noqa: T201
        return 0
    preload()
    began_s = elapsed_s()
    sound = os.waitpid(spawn(None, "gate"), 0)[1]
    if sound != 0:
        print("the tests fail without any mutant")  # noqa: T201
        return 1
    tally = campaign(paths, arguments.jobs, arguments.seconds)
    print(f"{elapsed_s() - began_s:.0f} s")  # noqa: T201
    return 1 if tally.survivors else 0


if __name__ == "__main__":
    sys.exit(main())
