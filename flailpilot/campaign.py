"""`flailpilot campaign`: seeded fault runs on all cores; a failing seed is reduced and reported with its command."""

import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from campaign.campaign import RunResult, run_seed
from campaign.faults import FAULTS
from campaign.shrink import shrink
from flailpilot.run_folder import next_free
from vehicle.contracts.errors import InputError

REPORT = "campaign.json"
BATCH = 48
"""Runs between two writes of the sums, so that an interrupted campaign has reported what it found."""
SHRINKS_MAX = 5
"""Number of failing seeds that are reduced; the others are only named."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failing seed. `kept`: the events that are enough to fail; `command` repeats the run."""

    seed: int
    name: str
    text: str
    kept: tuple[int, ...]
    faults: tuple[str, ...]
    command: str


class CampaignReport(msgspec.Struct, frozen=True, kw_only=True):
    """Summary of a campaign, as stored in campaign.json."""

    seeds: int
    first_seed: int
    sim_hours: float
    faults: int
    stops: int
    walks: int
    engine_starts: int
    by_row: dict[str, int]
    by_fault: dict[str, int]
    pairs: int
    pairs_possible: int
    by_pair: dict[str, int]
    failures: list[Failure]


class _Of(msgspec.Struct, frozen=True):
    """The facts that identify a report, whatever else it holds."""

    seeds: int
    first_seed: int


def run(out: Path, seeds: int, first: int, jobs: int | None, keep: str | None, *, as_json: bool) -> int:
    """Run the seeds; exit status 0 if every invariant held and every run could be driven again.

    Raises:
        InputError: There are no seeds, or `keep` is no list of event numbers.
    """
    if seeds < 1:
        raise InputError("--seeds: at least 1")
    if keep is not None:
        return _repeat(first, _numbers(keep))
    out = _folder(out, seeds, first, as_json=as_json)
    results: list[RunResult] = []
    with ProcessPoolExecutor(jobs or os.cpu_count()) as pool:
        for start in range(first, first + seeds, BATCH):
            batch = range(start, min(start + BATCH, first + seeds))
            results += pool.map(run_seed, batch, chunksize=2)
            _keep(summed(results, first, out, shrinks=0), out)
    report = summed(results, first, out, SHRINKS_MAX)
    _keep(report, out)
    print(msgspec.json.encode(report).decode() if as_json else text_of(report))
    return 1 if report.failures else 0


def _folder(wanted: Path, seeds: int, first: int, *, as_json: bool) -> Path:
    """Return `wanted`, or the next free folder if it holds another campaign; the same campaign replaces itself."""

    def fits(folder: Path, *, made: bool) -> bool:
        if made or not (folder / REPORT).exists():
            return True
        try:
            held = msgspec.json.decode((folder / REPORT).read_bytes(), type=_Of)
        except (OSError, msgspec.DecodeError):
            return False
        return held.first_seed == first and held.seeds <= seeds  # fewer: it was interrupted

    folder = next_free(wanted, fits)
    if folder != wanted:
        line = f"{wanted} holds another campaign, which stays as it is; this one goes to {folder}"
        print(line, file=sys.stderr if as_json else sys.stdout)
    return folder


def _keep(report: CampaignReport, out: Path) -> None:
    """Replace the whole file, so that a reader never finds half of it."""
    path = out / REPORT
    draft = path.with_suffix(".part")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    draft.replace(path)


def _numbers(keep: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in keep.split(",") if number)
    except ValueError as error:
        raise InputError(f"--keep: {keep!r} is no list of event numbers such as 0,3") from error


def _repeat(seed: int, kept: tuple[int, ...]) -> int:
    """Run one seed with some of its events, and print every event."""
    result = run_seed(seed, kept)
    for event in result.events:
        print(f"{event.at_s:7.2f} s  {event.fault} {event.strength:g} for {event.hold_s:g} s  (event {event.number})")
    for breach in result.breaches:
        print(f"{breach.t_s:7.2f} s  BROKEN {breach.name}: {breach.text}")
    return 1 if result.failed else 0


def summed(results: list[RunResult], first: int, out: Path, shrinks: int) -> CampaignReport:
    """Return counts per row, fault and pair of faults, and the failures; the first `shrinks` failures are reduced."""
    by_fault = Counter(event.fault for result in results for event in result.events)
    by_row: Counter[int] = Counter()
    for name, count in by_fault.items():
        for row in FAULTS[name].rows:
            by_row[row] += count
    by_pair = Counter(pair for result in results for pair in result.together)
    usable = sum(not fault.table_only for fault in FAULTS.values())
    failed = [result for result in results if result.failed]
    return CampaignReport(
        seeds=len(results),
        first_seed=first,
        sim_hours=sum(result.sim_s for result in results) / 3600.0,
        faults=by_fault.total(),
        stops=sum(result.stops for result in results),
        walks=sum(result.walks for result in results),
        engine_starts=sum(result.engine_starts for result in results),
        by_row={str(row): by_row[row] for row in sorted(by_row)},
        by_fault=dict(sorted(by_fault.items())),
        pairs=len(by_pair),
        pairs_possible=usable * (usable - 1) // 2,
        by_pair={" + ".join(pair): count for pair, count in sorted(by_pair.items())},
        failures=[_failure(result, out, small=number < shrinks) for number, result in enumerate(failed)],
    )


def _failure(result: RunResult, out: Path, *, small: bool) -> Failure:
    broken = result.breaches[0]
    numbers = tuple(event.number for event in result.events)

    def fails(kept: tuple[int, ...]) -> bool:
        return any(breach.name == broken.name for breach in run_seed(result.seed, kept).breaches)

    kept = shrink(numbers, fails) if small else numbers
    events = ",".join(map(str, kept))
    return Failure(
        seed=result.seed,
        name=broken.name,
        text=broken.text,
        kept=kept,
        faults=tuple(event.fault for event in result.events if event.number in kept),
        command=f"flailpilot campaign {out} --first {result.seed} --keep {events or ','}",
    )


def text_of(report: CampaignReport) -> str:
    """Return the report for people: sums, rows, failures."""
    rows = ", ".join(f"{row}: {count}" for row, count in report.by_row.items())
    lines = [
        f"{report.seeds} seeds from {report.first_seed}, {report.sim_hours:.2f} simulated hours",
        (
            f"{report.faults} faults, {report.stops} stops, {report.walks} walks to the machine's e-stop, "
            f"{report.engine_starts} engine starts at the machine"
        ),
        f"faults per catalogue row: {rows}",
        f"pairs of faults in force together: {report.pairs} of {report.pairs_possible}",
        f"failing seeds: {len(report.failures)}",
    ]
    for failure in report.failures:
        lines.append(f"  seed {failure.seed}: {failure.name}: {failure.text}")
        lines.append(f"    by {', '.join(failure.faults) or 'no fault at all'}")
        lines.append(f"    {failure.command}")
    return "\n".join(lines)
