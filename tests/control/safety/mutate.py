"""Mutation of the safety room: every mutant must be killed by the tests or by the enumeration; there is no allow-list.

    python -m tests.control.safety.mutate [FILE ...] [--jobs N] [--since REF]

A mutant runs in a fork of this process, which has everything loaded but the room itself: 0.2 s where the first tests
kill it. Tests without fixtures are called directly, in the order that `mutant_tests.py` says. Exit 1 if one survives.
`--lines` tells every mutant as a line of JSON, and `--done FILE` leaves out those that such lines tell of already.
"""

import argparse
import ast
import contextlib
import gc
import importlib
import importlib.abc
import importlib.machinery
import itertools
import os
import pickle
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import types
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, settings

from tests.control.safety.mutant_tests import NOBODY, SPENT, Key, Known, Order, Slot, hints, loaded, measure, run_all
from tests.control.safety.mutants import Mutant, count, local_enums, mutants
from vehicle.host.clock import elapsed_s

ROOT = Path(__file__).resolve().parents[3]
ROOM = ROOT / "vehicle" / "control" / "safety"
BESIDE = (
    ROOT / "vehicle" / "contracts" / "engine_start.py",
    ROOT / "vehicle" / "contracts" / "stop_codes.py",
    ROOT / "vehicle" / "contracts" / "stop_reasons.py",
    ROOT / "vehicle" / "control" / "ground" / "support.py",
    ROOT / "vehicle" / "control" / "shock.py",
    ROOT / "firmware_bridge" / "handshake.py",
    ROOT / "firmware_bridge" / "operator_limits.py",
)
"""Files that decide with the room and stand elsewhere, because others read them too."""
PRELOAD = (
    "pytest",
    "numpy",
    "shapely",
    "pydantic",
    "firmware_bridge.command",
    "tests.builders",
    "vehicle.contracts.messages",
    "vehicle.control.state",
    "vehicle.config.vehicle",
)
MEMORY_MAX = 4 << 30
"""Of a mutant that collects for ever [bytes]; the tests themselves take a tenth of it."""
PICKED_AT_ONCE = 30
KEPT = ROOT / "docs" / "proof"
COPIED = ("vehicle", "firmware_bridge", "sim", "campaign", "console", "tests", "configs", "docs")


def module_of(path: Path) -> str:
    """Its name for an import."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def every_file() -> list[Path]:
    """All whose mutants are judged; no two have one name."""
    return sorted((*(path for path in ROOM.glob("*.py") if path.name != "__init__.py"), *BESIDE), key=lambda p: p.name)


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves one module of the room in its wrong version."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = module_of(mutant.path)
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        return importlib.machinery.ModuleSpec(fullname, self) if fullname == self._name else None

    def exec_module(self, module: types.ModuleType) -> None:
        exec(compile(self._mutant.tree, str(self._mutant.path), "exec"), module.__dict__)  # noqa: S102


def judge(mutant: Mutant, order: Order, keys: list[Key], slot: Slot) -> None:
    """In the child: exit 0 if everything passes."""
    _quiet()
    sys.meta_path.insert(0, Planted(mutant))
    try:
        run_all(order, mutant.path.stem, keys, slot)
    except BaseException:  # noqa: BLE001 - whatever a wrong program raises has killed it
        os._exit(1)
    os._exit(0)


def _quiet() -> None:
    warnings.simplefilter("error")  # as pytest has it
    # time of its own, so that a busy machine kills none
    signal.signal(SPENT, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends


def known(paths: list[Path]) -> Known | None:
    """All tests once in a process of its own, these files served as a mutant is, but right; None where one fails."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "known"
        pid = os.fork()
        if pid == 0:
            for path in paths:
                sys.meta_path.insert(0, Planted(Mutant(0, path, 0, "none", ast.parse(path.read_text()))))
            warnings.simplefilter("error")
            try:
                told.write_bytes(pickle.dumps(measure(every_file(), {path.stem for path in paths})))
            except BaseException:  # noqa: BLE001 - told below by the parent
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        if os.waitpid(pid, 0)[1] != 0:
            return None
        return pickle.loads(told.read_bytes())  # type: ignore[no-any-return]  # noqa: S301 - our own, of a moment ago


def passes_alone(key: Key) -> bool:
    """Without a mutant and without any test before it: what killed did so by itself."""
    pid = os.fork()
    if pid == 0:
        _quiet()
        try:
            loaded(key[0])[key[1]]()
        except BaseException:  # noqa: BLE001 - told by the parent
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def preload() -> None:
    settings.register_profile(
        "mutation",
        settings(
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),  # one example kills, its smallest form is of no use
            suppress_health_check=list(HealthCheck),
        ),
    )
    settings.load_profile("mutation")
    for name in PRELOAD:
        importlib.import_module(name)
    loaded = sorted({module_of(path) for path in every_file()} & set(sys.modules))
    assert not loaded, f"loaded too early: {loaded}"


class Running(msgspec.Struct):
    """One mutant in its process."""

    mutant: Mutant
    keys: list[Key]
    slot: Slot


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one mutant. `killer`: the test that was running when it died, where one was."""

    file: str
    line: int
    number: int
    what: str
    lived: bool
    endless: bool
    killer: Key | None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}  (#{self.number})"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """For whoever keeps what was judged: `facts` is a `Judged`, or under SOUND and WEAK what those say."""

    unit: str
    cpu_s: float
    facts: Any


SOUND, WEAK = "without a mutant", "killers alone"
"""Units that are no mutant: all tests pass without one; those that killed pass by themselves."""


def unit_of(file: str, number: int) -> str:
    return f"{file} {number}"


def all_units() -> list[str]:
    """Everything that a whole run judges."""
    enums = local_enums(every_file())
    made = [unit_of(path.name, number) for path in chosen([]) for number in range(count(path, enums))]
    return [SOUND, *made, WEAK]


class Tally(msgspec.Struct):
    """Of one file. `endless` mutants were killed because a test spent its time; they are told one by one."""

    made: int = 0
    tried: int = 0
    endless: int = 0
    lived: int = 0
    cpu_s: float = 0.0

    def __str__(self) -> str:
        killed = f"{self.tried - self.lived:5} killed ({self.endless} endless)"
        return f"{self.made:5} mutants {self.tried:5} tried {killed} {self.lived:3} survive {self.cpu_s:7.1f} s"


class Campaign:
    """Mutants one after the other, `jobs` at a time; who kills is asked first the next time."""

    def __init__(self, known_: Known, jobs: int, told: Callable[[Judged, float], None]) -> None:
        self._order = Order(known_)
        self._hints = hints(KEPT)
        self._jobs = jobs
        self._told = told
        self._running: dict[int, Running] = {}
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.killers: set[Key] = set()

    def start(self, mutant: Mutant) -> None:
        hint = self._hints.get(unit_of(mutant.path.name, mutant.number))
        keys = self._order.of(mutant.path.stem, mutant.line, hint)
        slot = Slot()
        pid = os.fork()
        if pid == 0:
            judge(mutant, self._order, keys, slot)
        self._running[pid] = Running(mutant, keys, slot)
        while len(self._running) >= self._jobs:
            self._reap()

    def finish(self) -> None:
        while self._running:
            self._reap()

    def _reap(self) -> None:
        pid, status, used = os.wait4(-1, 0)
        one = self._running.pop(pid)
        mutant, at = one.mutant, one.slot.get()
        tally = self.tallies[mutant.path.name]
        tally.tried += 1
        tally.cpu_s += used.ru_utime + used.ru_stime
        killer = one.keys[at] if status != 0 and at != NOBODY else None
        if status == 0:
            tally.lived += 1
        elif killer is not None:
            self._order.killed(mutant.path.stem, killer)
            self.killers.add(killer)
        endless = os.WIFSIGNALED(status) and os.WTERMSIG(status) == SPENT
        tally.endless += endless
        judged = Judged(
            file=mutant.path.name,
            line=mutant.line,
            number=mutant.number,
            what=mutant.what,
            lived=status == 0,
            endless=endless,
            killer=killer,
        )
        self._told(judged, used.ru_utime + used.ru_stime)


def say(judged: Judged, cpu_s: float) -> None:
    """For people: only what is out of the ordinary."""
    del cpu_s
    if judged.lived or judged.endless:
        print(f"{'SURVIVES' if judged.lived else 'endless'} {judged}", flush=True)  # noqa: T201


def write_line(unit: str, cpu_s: float, facts: object) -> None:
    print(msgspec.json.encode(Line(unit=unit, cpu_s=round(cpu_s, 3), facts=facts)).decode(), flush=True)  # noqa: T201


def tell(judged: Judged, cpu_s: float) -> None:
    """For whoever keeps it."""
    write_line(unit_of(judged.file, judged.number), cpu_s, judged)


def campaign(paths: list[Path], jobs: int, seconds: float | None, skip: int, known_: Known) -> Campaign:
    """Try the mutants of these files; with a limit in seconds as many as fit, drawn evenly from all of them."""
    began_s = elapsed_s()
    enums = local_enums(every_file())
    run = Campaign(known_, jobs, say)
    gc.freeze()  # or every collection in a child copies all pages
    for path in paths:
        run.tallies[path.name].made = count(path, enums)
    order = list(range(sum(tally.made for tally in run.tallies.values())))
    if seconds is not None:
        random.Random(0).shuffle(order)
    told = ""
    chosen_ = _all(paths, enums) if seconds is None else _picked(paths, enums, order)
    for mutant in itertools.islice(chosen_, skip, None):
        if seconds is not None and elapsed_s() - began_s > seconds:
            break
        if seconds is None and told not in ("", mutant.path.name):
            run.finish()
            print(f"{told:14}{run.tallies[told]}", flush=True)  # noqa: T201
        told = mutant.path.name
        run.start(mutant)
    run.finish()
    return run


def lines(paths: list[Path], jobs: int, done: list[Line]) -> int:
    """Every mutant that `done` does not tell of, each as a line; at the end whether all killers do so by themselves."""
    skipped = {line.unit for line in done}
    judged = [msgspec.convert(line.facts, Judged) for line in done if line.unit not in (SOUND, WEAK)]
    killers = {one.killer for one in judged if one.killer is not None}
    enums = local_enums(every_file())
    left = [path for path in paths if any(unit_of(path.name, n) not in skipped for n in range(count(path, enums)))]
    if left:
        sound = known(left)
        if sound is None:
            return 1
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        write_line(SOUND, used.ru_utime + used.ru_stime, {"tests": len(sound.seconds)})
        run = Campaign(sound, jobs, tell)
        gc.freeze()
        for mutant in _all(left, enums):
            if unit_of(mutant.path.name, mutant.number) not in skipped:
                run.start(mutant)
        run.finish()
        killers |= run.killers
    write_line(WEAK, 0.0, {"weak": sorted(key for key in killers if not passes_alone(key))})
    return 0


def read_lines(path: Path) -> list[Line]:
    """Of an earlier run; one may be torn."""
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    found = []
    for line in whole.splitlines():
        with contextlib.suppress(msgspec.DecodeError):
            found.append(msgspec.json.decode(line, type=Line))
    return found


def _all(paths: list[Path], enums: dict[str, list[str]]) -> Iterator[Mutant]:
    return itertools.chain.from_iterable(mutants(path, enums) for path in paths)


def _picked(paths: list[Path], enums: dict[str, list[str]], order: list[int]) -> Iterator[Mutant]:
    """In this order; 30 at a time, or the trees of all of them would fill the memory."""
    for start in range(0, len(order), PICKED_AT_ONCE):
        wanted = set(order[start : start + PICKED_AT_ONCE])
        yield from (mutant for place, mutant in enumerate(_all(paths, enums)) if place in wanted)


def chosen(files: list[str]) -> list[Path]:
    names = {Path(name).name for name in files}
    return [path for path in every_file() if not files or path.name in names]


def in_a_copy(arguments: argparse.Namespace) -> int:
    """Run on a copy of the tree, so that nobody's edits meanwhile kill a mutant or let one live."""
    files = list(arguments.files)
    if arguments.since:
        listed = ["git", "diff", "--name-only", arguments.since, "--", *map(str, every_file())]
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
        command = [sys.executable, "-m", "tests.control.safety.mutate", "--here", "--jobs", str(arguments.jobs), *files]
        command += ["--skip", str(arguments.skip)]
        command += ["--seconds", str(arguments.seconds)] if arguments.seconds is not None else []
        command += ["--lines", "--done", str(arguments.done.absolute())] if arguments.lines else []
        return subprocess.run(command, cwd=folder, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--since", help="only files changed since this git revision")
    parser.add_argument("--seconds", type=float, help="only as many mutants as fit into this time, evenly drawn")
    parser.add_argument("--skip", type=int, default=0, help="go on after so many mutants of the first file")
    parser.add_argument("--lines", action="store_true", help="tell every mutant as a line of JSON")
    parser.add_argument("--done", type=Path, default=Path(os.devnull), help="such lines: those mutants are left out")
    parser.add_argument("--show", type=int, help="print the source of one mutant of one file")
    parser.add_argument("--here", action="store_true", help="on this tree itself, not on a copy")
    arguments = parser.parse_args()
    if not arguments.here and arguments.show is None:
        return in_a_copy(arguments)
    paths = chosen(arguments.files)
    if arguments.show is not None:
        wanted = next(m for m in mutants(paths[0], local_enums(every_file())) if m.number == arguments.show)
        print(ast.unparse(wanted.tree))  # noqa: T201
        return 0
    preload()
    if arguments.lines:
        return lines(paths, arguments.jobs, read_lines(arguments.done))
    began_s = elapsed_s()
    sound = known(paths)
    if sound is None:
        print("the tests fail without any mutant")  # noqa: T201
        return 1
    print(f"{len(sound.seconds)} tests, {sum(sound.seconds.values()):.0f} s without a mutant", flush=True)  # noqa: T201
    run = campaign(paths, arguments.jobs, arguments.seconds, arguments.skip, sound)
    return _told(run, elapsed_s() - began_s)


def _told(run: Campaign, seconds: float) -> int:
    for name, tally in run.tallies.items():
        print(f"{name:14}{tally}")  # noqa: T201
    totals = (sum(getattr(tally, field) for tally in run.tallies.values()) for field in Tally.__struct_fields__)
    print(f"{'all':14}{Tally(*totals)}, {seconds:.0f} s on the clock")  # noqa: T201
    weak = sorted(key for key in run.killers if not passes_alone(key))
    for name, place in weak:
        print(f"{name} {place} fails by itself: what it killed does not count")  # noqa: T201
    return 1 if weak or any(tally.lived for tally in run.tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
