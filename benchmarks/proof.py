"""`make proof`: the long runs that a release rests on, each a part that goes on where it was ended.

`python -m benchmarks.proof [--parts mutation stops] [--jobs 2] [--write docs/PROOF.md] [--kept docs/proof] [--table]`

What a part found is kept as lines of JSON in a file that carries the hash of all that it judges: the modules that its
run loads, its data, the pinned packages, the version of Python. So a finished part is not run again, an ended one goes
on, and nothing is mixed with what was found on other sources. The verdict is reckoned from those lines every time.
`--kept`: the lines are taken from there, packed, before the first run, and put there at the end, so that a run of hours
goes on on another computer, and everybody can read what the page's figures rest on.
Exit status 1 where a chosen part fails, is not complete, or is stale: complete, but on other sources.
"""

import argparse
import contextlib
import copy
import fcntl
import functools
import hashlib
import lzma
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import grimp
import msgspec

from benchmarks.proof_parts import PARTS
from benchmarks.proof_types import ROOT, Line, Part, Verdict
from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import utc_now

PACKAGES = ("vehicle", "firmware_bridge", "sim", "campaign", "console", "flailpilot", "tests", "benchmarks")
ALWAYS = ("requirements/dev.txt",)
PAGE = ".md"
PACKED = ".xz"
HEAD = """\
# Proof

The results of the long runs. Each result names the hash of the sources that it was measured on: all modules that the
run loads, its data, the pinned packages, the version of Python. `make proof` runs the parts without a complete result
for the present sources, and continues a run that was interrupted. It fails if a part fails, is not complete, or is
stale. `make proof WRITE=docs/PROOF.md` writes this page.

"""


class ChangedError(Exception):
    """What is judged changed while it was being judged."""


# --- what is judged --------------------------------------------------------------------------------------------------
@functools.cache
def imports() -> grimp.ImportGraph:
    """Who imports whom, of all that lies in this tree."""
    return grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)


def loaded_by(modules: Iterable[str], never_called: Iterable[str] = ()) -> set[Path]:
    """The files of these modules (with all below a package), of all that they import, and of the packages above.

    What lies in `never_called`, and what only those import, is left out.
    """
    graph = copy.deepcopy(imports())
    for package in never_called:
        for name in (*graph.find_descendants(package), package):
            graph.remove_module(name)
    tops = {below for name in modules for below in (name, *graph.find_descendants(name))}
    names = tops.union(*(graph.find_upstream_modules(name) for name in tops))
    names |= {name.rsplit(".", up)[0] for name in names for up in range(1, name.count(".") + 1)}
    return {_file(name) for name in names}


def _file(module: str) -> Path:
    base = ROOT / module.replace(".", "/")
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def sources(part: Part) -> list[Path]:
    """Every file whose change makes the part stale; what only people read (README files) changes no result."""
    found = {path for pattern in (*ALWAYS, *part.data) for path in ROOT.glob(pattern) if path.is_file()}
    data = {path for path in found if path.suffix != PAGE}
    return sorted(loaded_by(part.modules, part.never_called) | data)


def digest(paths: Sequence[Path], root: Path = ROOT) -> str:
    """Of names and contents, and of the version of Python."""
    whole = hashlib.sha256(sys.version.split()[0].encode())
    for path in paths:
        content = path.read_bytes() if path.exists() else b""
        whole.update(f"\n{os.path.relpath(path, root)} {len(content)}\n".encode() + content)
    return whole.hexdigest()[:12]


# --- what was found --------------------------------------------------------------------------------------------------
class Journal:
    """The lines of one part on one state of the sources; a torn last line is cut off."""

    def __init__(self, folder: Path, name: str, key: str) -> None:
        self.path = folder / f"{name}-{key}.jsonl"

    def lines(self) -> list[Line]:
        """The first of every unit."""
        whole = self.path.read_bytes().rpartition(b"\n")[0] if self.path.exists() else b""
        found: dict[str, Line] = {}
        for text in whole.splitlines():
            with contextlib.suppress(msgspec.DecodeError):  # of a power failure: that unit is run again
                line = msgspec.json.decode(text, type=Line)
                found.setdefault(line.unit, line)
        return list(found.values())

    @contextlib.contextmanager
    def opened(self) -> Iterator[Callable[[Line], None]]:
        """To write to, by one process at a time.

        Raises:
            BlockingIOError: Another one writes.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(self.path.read_bytes().rfind(b"\n") + 1)

            def keep(line: Line) -> None:
                file.write(msgspec.json.encode(line) + b"\n")
                file.flush()

            yield keep


def taken_from(kept: Path, folder: Path) -> None:
    """Unpack what was kept, where nothing is there yet; a longer file that is there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for packed in sorted(kept.glob(f"*{PACKED}")):
        content, path = lzma.decompress(packed.read_bytes()), folder / packed.name.removesuffix(PACKED)
        if not path.exists() or path.stat().st_size < len(content):
            write_whole(path, content)


def put_into(kept: Path, folder: Path, states: Iterable["State"]) -> None:
    """Pack what is there on the present sources; of each part no other file stays."""
    kept.mkdir(parents=True, exist_ok=True)
    for state in states:
        path = Journal(folder, state.part.name, state.key).path
        if state.lines:
            packed = kept / f"{path.name}{PACKED}"
            for old in kept.glob(f"{state.part.name}-*{PACKED}"):
                old.unlink()
            write_whole(packed, lzma.compress(path.read_bytes(), preset=9))


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How a part stands: `others` are the files of the same part on other sources."""

    part: Part
    key: str
    lines: list[Line]
    missing: list[str]
    others: list[Path]

    @property
    def verdict(self) -> Verdict:
        """Of what there is."""
        return self.part.judged(self.lines) if self.lines else Verdict(text="")

    @property
    def word(self) -> str:
        """For the table; `holds` is the only good one."""
        if self.lines and self.verdict.wrong:
            return "FAILS"
        if not self.missing:
            return "holds"
        if self.lines:
            return "not complete"
        return "stale" if self.others else "not run"


def state_of(part: Part, folder: Path) -> State:
    """Read anew."""
    key = digest(sources(part))
    journal = Journal(folder, part.name, key)
    units = part.units()
    wanted = set(units)
    lines = [line for line in journal.lines() if line.unit in wanted]
    done = {line.unit for line in lines}
    others = sorted(
        path for path in folder.glob(f"{part.name}-*.jsonl") if path != journal.path and path.stat().st_size
    )
    return State(part=part, key=key, lines=lines, missing=[unit for unit in units if unit not in done], others=others)


def prove(part: Part, folder: Path, jobs: int, told: Callable[[str], None]) -> None:
    """Run what is missing.

    Raises:
        ChangedError: The sources did; what was found until then counts for what they were.
    """
    state = state_of(part, folder)
    paths = sources(part)
    commit = commit_now()
    journal = Journal(folder, part.name, state.key)
    if not state.missing:
        return
    left = len(state.missing)
    with journal.opened() as keep, contextlib.closing(part.run(state.missing, journal.path, jobs)) as run:
        for found in run:
            if digest(paths) != state.key:
                raise ChangedError(f"{part.name}: its sources changed while it ran; start again")
            at = utc_now().strftime("%Y-%m-%dT%H:%M:%SZ")
            keep(Line(unit=found.unit, cpu_s=found.cpu_s, facts=found.facts, at=at, commit=commit))
            left -= 1
            told(f"{part.name}: {max(0, left)} of {len(state.missing)} to go, {found.unit}")


def commit_now() -> str:
    """The commit that is checked out, with a + where files differ from it."""
    asked = ["git", "describe", "--always", "--abbrev=9", "--exclude=*", "--dirty=+"]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return found.stdout.strip() or "no git"


# --- what is told ----------------------------------------------------------------------------------------------------
def table(states: Iterable[State]) -> str:
    """One row a part."""
    rows = [
        "| part | figures | verdict | processor [s] | commit | sources | last line |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*rows, *map(_row, states)]) + "\n"


def _row(state: State) -> str:
    verdict, lines = state.verdict, state.lines
    text = verdict.text or "-"
    if state.missing and lines:
        text += f"; {len(lines)} of {len(lines) + len(state.missing)} units done"
    if not lines and state.others:
        text = f"{len(state.others)} result(s) on other sources"
    if verdict.wrong:
        text += f"; **{verdict.wrong}**"
    last = max(lines, key=lambda line: line.at, default=None)
    cells = (
        state.part.name,
        text.replace("|", "/").replace("\n", " "),
        state.word,
        f"{sum(line.cpu_s for line in lines):.0f}",
        last.commit if last else "-",
        state.key,
        last.at if last else "-",
    )
    return "| " + " | ".join(cells) + " |"


def main(parts: Sequence[Part] = PARTS) -> int:
    """Run, print; 1 where a chosen part does not hold."""
    names = [part.name for part in parts]
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--parts", nargs="+", choices=names, default=names, help="run these, in this order")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options.add_argument("--folder", type=Path, default=ROOT / "runs/proof")
    options.add_argument("--write", type=Path, help="put the page there besides")
    options.add_argument("--kept", type=Path, help="take packed results from there, and put them there")
    options.add_argument("--table", action="store_true", help="run nothing, show how it stands")
    chosen = options.parse_args()
    by_name = {part.name: part for part in parts}
    trouble = ""
    if chosen.kept is not None:
        taken_from(chosen.kept, chosen.folder)
    try:
        for name in () if chosen.table else chosen.parts:
            prove(by_name[name], chosen.folder, chosen.jobs, lambda text: print(text, file=sys.stderr, flush=True))
    except ChangedError as changed:
        trouble = str(changed)
    except BlockingIOError:
        trouble = "another process is proving this part on these sources"
    except KeyboardInterrupt:
        trouble = "ended; start again to go on"
    states = [state_of(part, chosen.folder) for part in parts]
    if chosen.kept is not None:
        put_into(chosen.kept, chosen.folder, states)
    page = HEAD + table(states)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for path in filter(None, (chosen.folder / "table.md", chosen.write)):
        write_whole(path, page.encode())
    print(table(states) + trouble)
    return 1 if trouble or any(state.word != "holds" for state in states if state.part.name in chosen.parts) else 0


if __name__ == "__main__":
    sys.exit(main())
