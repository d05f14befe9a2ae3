"""Deaths of the vehicle program in a task that was recorded: what a restart finds, and whether a report can be made.

    python -m benchmarks.record_deaths --task runs/three-days --deaths 1000 --out runs/record_deaths.jsonl

Nothing is simulated for a death: journal and recording of the task are cut as they lay on the disk at that moment. A
killed program loses none of the journal's writes, and of the recording what no chunk held yet. A power cut loses of the
journal what was not flushed, at most 0.25 s of it and no withdrawal, and may tear the write under way. Then a program
starts on what is left. For each death: what is credited is a part of what was credited at that moment, no more than
0.5 s of work is lost, the record goes on, and the report is made, with sums that add up.

`--writes` cuts the journal at every write, and within every one. One JSON line for each death; a run goes on where it
was ended, for the same task and code. Exit status 1 if any of this fails.
"""

import argparse
import hashlib
import struct
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import judged_code, kept_lines
from benchmarks.trials.report_sums import broken_sums
from flailpilot.own_journal import LACKS
from flailpilot.report import Asked, facts_of_folders
from flailpilot.run_folder import JOURNAL, RECORDING
from sim.noise import generator
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import LedgerStroke, Revoke
from vehicle.contracts.units import NS_PER_S
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.records import journal
from vehicle.records.journal import MAGIC, JournalWriter
from vehicle.records.ledger_keeper import SYNC_S
from vehicle.records.rebuilding import masks_at
from vehicle.records.records import Record, Session, decoded, first_check, found_at
from vehicle.reports.report import report_page
from vehicle.runtime.run_manifest import MANIFEST, Manifest

LOST_MAX_S: Final = 0.5
AHEAD_S: Final = 1.0
UNFLUSHED_NS: Final = round(SYNC_S * NS_PER_S)
_MAGIC_BYTES: Final = 8
_CHUNK: Final = 0x06
_HEAD: Final = struct.Struct("<BQ")
_TIMES: Final = struct.Struct("<QQ")


class Written(msgspec.Struct, frozen=True):
    """One write of the journal: its last byte, the vehicle's time of it, and the record."""

    end: int
    t_ns: int
    record: Record


class TaskRun(msgspec.Struct, frozen=True):
    """A program start of the task: its folder, the writes of its session, and (end, time) of its recording's chunks."""

    folder: Path
    first: int
    last: int
    chunks: tuple[tuple[int, int], ...]


class Task(msgspec.Struct, frozen=True):
    """A recorded task: its journal and its runs."""

    path: Path
    content: bytes
    writes: tuple[Written, ...]
    runs: tuple[TaskRun, ...]


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """One death: its run, time and kind, and the bytes that were left."""

    number: int
    run: str
    t_s: float
    power: bool
    journal_bytes: int
    recording_bytes: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. `faults`: in words; none is promised. `refused`: a withdrawal was torn, so nothing counts."""

    death: Death
    credited_m2: float
    lost_m2: float
    lost_s: float
    refused: bool
    faults: tuple[str, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One death in the file. `key`: of code and task."""

    key: str
    result: Result
    cpu_s: float


def task_of(folder: Path) -> Task:
    """Read a task that `flailpilot days` left.

    Raises:
        InputError: The folder holds no such task, or its journal is packed.
    """
    runs = sorted(path.parent for path in folder.glob(f"*/{RECORDING}"))
    if not runs:
        raise InputError(f"{folder}: holds no run; make it with: flailpilot days FILE --out {folder}")
    path = (runs[0] / JOURNAL).resolve()
    content = path.read_bytes()
    writes = tuple(_writes(content))
    if not writes or writes[-1].end != len(content):
        raise InputError(f"{path}: is packed or damaged, so its writes are not known; name a task that was not packed")
    starts = [place for place, row in enumerate(writes) if isinstance(row.record, Session)]
    ends = [*starts[1:], len(writes)]
    by_session = {_session(writes[start].record): (start, end) for start, end in zip(starts, ends, strict=True)}
    found = []
    for run in runs:
        manifest = msgspec.json.decode((run / MANIFEST).read_bytes(), type=Manifest)
        start, end = by_session[manifest.session_id] if manifest.session_id else (starts[0], ends[0])
        found.append(TaskRun(run, start, end, tuple(_chunks((run / RECORDING).read_bytes()))))
    return Task(path, content, writes, tuple(sorted(found, key=lambda run: run.first)))


def _session(record: Record) -> str:
    assert isinstance(record, Session)
    return f"{record.session_id:016x}"


def _writes(content: bytes) -> Iterator[Written]:
    """Yield every record with its end; a record without a time has that of the one before it."""
    place, check, t_ns = len(MAGIC), first_check(), 0
    while (found := found_at(content, place, check)) is not None:
        place, check = found.end, found.check
        record = decoded(found.kind, found.payload)
        t_ns = max(t_ns, getattr(record, "t_ns", 0))
        yield Written(place, t_ns, record)


def _chunks(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield (end, time of the newest message) of each chunk of a recording; log times, not the vehicle's."""
    place = _MAGIC_BYTES
    while place + _HEAD.size <= len(content):
        kind, length = _HEAD.unpack_from(content, place)
        end = place + _HEAD.size + length
        if kind == _CHUNK and end <= len(content):
            yield end, _TIMES.unpack_from(content, place + _HEAD.size)[1]
        place = end


def drawn(task: Task, seed: int, number: int) -> Death:
    """Return the death of this number: any run, any moment of it, killed or without power."""
    draw = generator(seed, f"death.{number}")
    run = task.runs[int(draw.integers(len(task.runs)))]
    first_ns, last_ns = task.writes[run.first].t_ns, task.writes[run.last - 1].t_ns
    t_ns = first_ns + round(float(draw.random()) * (last_ns - first_ns))
    power = bool(draw.random() < 0.5)
    times = [row.t_ns for row in task.writes[run.first : run.last]]
    there = run.first + bisect_right(times, t_ns)
    there = max(there, run.first + 1)  # the start itself was written and flushed before the first tick
    end = task.writes[there - 1].end
    if power:
        end = _torn(task, run, there, t_ns, float(draw.random()))
    share = (t_ns - first_ns) / max(last_ns - first_ns, 1)
    log_ns = run.chunks[0][1] + share * (run.chunks[-1][1] - run.chunks[0][1])
    held = [chunk for chunk, newest_ns in run.chunks if newest_ns <= log_ns]
    return Death(
        number=number, run=run.folder.name, t_s=t_ns / NS_PER_S, power=power, journal_bytes=end,
        recording_bytes=held[-1] if held else run.chunks[0][0],
    )  # fmt: skip


def _torn(task: Task, run: TaskRun, there: int, t_ns: int, share: float) -> int:
    """Return a byte between what is flushed for certain and all that was written."""
    flushed = run.first
    for place in range(run.first, there):
        row = task.writes[place]
        if row.t_ns <= t_ns - UNFLUSHED_NS or isinstance(row.record, Revoke):
            flushed = place
    low, high = task.writes[flushed].end, task.writes[there - 1].end
    return low + round(share * (high - low))


def died(task: Task, death: Death, folder: Path) -> Result:
    """Start on what a death left, in an empty folder, and make the report."""
    run = next(one for one in task.runs if one.folder.name == death.run)
    times = [row.t_ns for row in task.writes[: run.last]]
    there = max(bisect_right(times, round(death.t_s * NS_PER_S)), run.first + 1)
    before = masks(task.writes[:there])
    path = folder / death.run / JOURNAL
    _left(run, task, death, path.parent)
    found = journal.summed(path)
    after = LedgerState() if found.broken_within else journal.rebuilt(found)
    kept, rows = found.stroke_count, task.writes[:there]
    gone_ns = [row.t_ns for row in rows if isinstance(row.record, LedgerStroke) and row.record.number > kept]
    lost_s = death.t_s - gone_ns[0] / NS_PER_S if gone_ns and not found.broken_within else 0.0
    faults = [*_subset(after, before)]
    if lost_s > LOST_MAX_S:
        faults.append(f"{lost_s:.2f} s of work are lost")
    if not found.broken_within:
        faults += _goes_on(path, found.count)
    until_ns = round((death.t_s + AHEAD_S) * NS_PER_S)  # the chunks tell another clock, and are matched
    ahead = any(isinstance(row.record, Revoke) and row.t_ns <= until_ns for row in task.writes[there : run.last])
    faults += _report(path.parent, refused=found.broken_within, ahead=ahead)
    return Result(
        death=death, credited_m2=after.credited_m2, lost_m2=before.credited_m2 - after.credited_m2, lost_s=lost_s,
        refused=found.broken_within, faults=tuple(faults),
    )  # fmt: skip


def masks(writes: Sequence[Written]) -> LedgerState:
    """Return the masks of a part of the record."""
    records = [row.record for row in writes]
    (found,) = (state for _, state in masks_at(records, (len(records),)))
    return found


def _left(run: TaskRun, task: Task, death: Death, folder: Path) -> None:
    """Lay out the run's folder as the death left it."""
    folder.mkdir()
    for path in run.folder.iterdir():
        if path.name not in (JOURNAL, RECORDING):
            (folder / path.name).symlink_to(path.resolve())
    (folder / JOURNAL).write_bytes(task.content[: death.journal_bytes])
    (folder / RECORDING).write_bytes((run.folder / RECORDING).read_bytes()[: death.recording_bytes])


def _subset(after: LedgerState, before: LedgerState) -> Iterator[str]:
    """Yield a fault if anything counts that did not count before."""
    more = 0
    for column, row, tile in raster.each(after.tiles):
        held = raster.find(before.tiles, (column // raster.TILE, row // raster.TILE))
        more += int((tile[raster.FLAGS] & ~held[raster.FLAGS] & raster.CREDITED != 0).sum())
    if more:
        yield f"{more} cells count that did not count before"


def _goes_on(path: Path, count: int) -> Iterator[str]:
    """Yield a fault if the next start cannot go on in the journal."""
    header = journal.header_in(path)
    assert header is not None, "a start without a header"
    JournalWriter.open(path, header, Session(session_id=1, utc=""), sync_records=1 << 30).close()
    again = journal.read(path)
    if again.lost is not None or again.count != count + 1:
        yield f"the journal does not go on: {again.count} records after {count}, {again.lost}"


def _report(folder: Path, *, refused: bool, ahead: bool) -> Iterator[str]:
    """Yield a fault if the report is not made, or its sums do not add up; a torn withdrawal is refused in one line.

    `ahead`: the recording may tell of a withdrawal that the journal does not hold yet; that may be refused.
    """
    try:
        facts = facts_of_folders(Asked(runs=(folder,)))
        yield from broken_sums(facts, report_page(facts, b""))
    except InputError as refusal:
        if not (refused or (ahead and LACKS in str(refusal))) or "\n" in str(refusal):
            yield f"no report: {refusal}"
        return
    if refused:
        yield "a report was made of a journal that may lack a withdrawal"


def at_every_write(task: Task) -> Iterator[str]:
    """Cut the journal after every write and within every one; yield the faults."""
    records = [row.record for row in task.writes]
    ends = [len(MAGIC), *(row.end for row in task.writes)]
    before = LedgerState()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / JOURNAL
        for cut, whole in masks_at(records, range(1, len(records) + 1)):
            for end, known in ((ends[cut] - (ends[cut] - ends[cut - 1]) // 2, before), (ends[cut], whole)):
                path.write_bytes(task.content[:end])
                found = journal.read(path)
                after = LedgerState() if found.broken_within else journal.rebuilt(found)
                for fault in _subset(after, known):
                    yield f"write {cut}, byte {end}: {fault}"
            before = whole


def key(task: Task) -> str:
    """Of the code that is judged, and of the task."""
    return hashlib.sha256(judged_code.key().encode() + task.content).hexdigest()[:16]


def run(task: Task, out: Path, deaths: int, seed: int) -> int:
    """Judge all deaths that the file does not hold yet; return how many failed."""
    own, known = key(task), dict[int, Result]()
    for line in kept_lines.lines(out, Line):
        if line.key == own:
            known[line.result.death.number] = line.result
    with kept_lines.opened(out) as file:
        for number in range(deaths):
            if number in known:
                continue
            start_s = time.process_time()
            with tempfile.TemporaryDirectory() as name:
                known[number] = died(task, drawn(task, seed, number), Path(name))
            line = Line(key=own, result=known[number], cpu_s=round(time.process_time() - start_s, 3))
            kept_lines.append(file, line)
    found = [known[number] for number in range(deaths)]
    bad = [row for row in found if row.faults]
    for row in bad[:20]:
        print(f"FAILED: {row.death}: {'; '.join(row.faults)}")
    power = sum(row.death.power for row in found)
    most_s = max((row.lost_s for row in found), default=0.0)
    most_m2 = max((row.lost_m2 for row in found if not row.refused), default=0.0)
    print(
        f"{len(found)} deaths, {power} of them power cuts: {len(bad)} failed; lost at most {most_s:.2f} s and "
        f"{most_m2:.2f} m2; {sum(row.refused for row in found)} journals refused, since a withdrawal was torn"
    )
    return len(bad)


def main() -> None:
    """Exit status 1 if a death or a cut failed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--task", type=Path, default=Path("runs/three-days"))
    asked.add_argument("--out", type=Path, default=Path("runs/record_deaths.jsonl"))
    asked.add_argument("--deaths", type=int, default=1000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--writes", action="store_true", help="cut the journal at every write instead")
    given = asked.parse_args()
    try:
        task = task_of(given.task)
    except InputError as refusal:
        sys.exit(str(refusal))
    if not given.writes:
        sys.exit(1 if run(task, given.out, given.deaths, given.seed) else 0)
    faults = list(at_every_write(task))
    print(
        "\n".join([*faults[:20], f"{2 * len(task.writes):,} cuts of {len(task.writes):,} writes: {len(faults)} failed"])
    )
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
