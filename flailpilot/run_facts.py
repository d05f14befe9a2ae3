"""Combines runs to the facts of their papers: one record, in which ground counts once however often it was worked.

A journal that several runs share counts once. Journals of different runs are read one after another, with stroke
numbers continued. A withdrawal takes back credit of its own run.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from flailpilot.own_journal import session_of
from flailpilot.run_imports import follow_ups_of, older_texts, releases_of
from flailpilot.run_job import Entry, ground_ahead, job_left
from flailpilot.run_masks import Processed
from flailpilot.run_reading import Run
from vehicle.config.task import Task
from vehicle.config.visits import Visit
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, Knowledge, LedgerStroke, Observed, Revoke
from vehicle.contracts.messages import Event
from vehicle.contracts.plan import Plan, Untreatable
from vehicle.contracts.skipped import skips_of
from vehicle.contracts.units import NS_PER_S
from vehicle.control.state import LedgerState
from vehicle.host.program import program
from vehicle.host.utc import EPOCH
from vehicle.planning.coverage.certificate import rings_of
from vehicle.planning.site.projected import loosely_known
from vehicle.records.journal import Journal
from vehicle.records.rebuilding import masks_at
from vehicle.records.records import Record, Session
from vehicle.records.several import SAME, moved
from vehicle.reports import gaps
from vehicle.reports.due import due_after
from vehicle.reports.facts import JobFacts, RecordedAct, ReportKind, RunLine
from vehicle.reports.lots import Lot
from vehicle.reports.palette import DONE
from vehicle.reports.products import polygons
from vehicle.reports.story import Samples, joined

REST_M2: Final = 0.5
"""A plan that covers less than the work area by more than this is a plan of remaining ground."""
TRAIL_STEP: Final = 2
"""Every second report is used for the drawn path."""


class Chain(msgspec.Struct, frozen=True):
    """Journals that continue each other, represented by the longest; `members`: indices of their runs."""

    kept: Journal
    members: tuple[int, ...]


def put_together(runs: Sequence[Run]) -> tuple[list[Entry], tuple[str, ...]]:
    """Return all records up to the end of the newest run, and a remark on later ones.

    Of the later records, withdrawals that reach back into these runs are included: withdrawn ground is never reported.

    Raises:
        InputError: The runs are of different ground, grid or depth.
    """
    _check_same(runs)
    found: list[Entry] = []
    remarks: list[str] = []
    offset = 0
    for chain in _chains(runs):
        rows = list(_of_runs(chain, runs))
        last = max((place for place, row in enumerate(rows) if row.run is not None), default=0)
        rows, later = rows[: last + 1], [row.record for row in rows[last + 1 :]]
        newest = newest_stroke(rows)
        reaching = _reaching_back(later, newest, rows[-1].run)
        if later:
            taken = sum(isinstance(record, Revoke) for record in later)
            counted = f"; {len(reaching)} of them reach back into these runs and are counted" if reaching else ""
            remarks.append(
                f"The journal goes on after these runs, {len(later)} records with {taken} withdrawals: they are "
                f"not in this report{counted}."
            )
        if found:
            # ground that no closing check confirmed by the end of its run stays unconfirmed: a check of a later run
            # does not cover it
            opening = Confirm(kind=Knowledge.BASE.value, by="", until_number=offset, closing=False)
            found.append(Entry(opening, None))
        found += [msgspec.structs.replace(row, record=moved(row.record, offset)) for row in (*rows, *reaching)]
        offset += newest
    return found, tuple(remarks)


def newest_stroke(entries: Sequence[Entry]) -> int:
    """Return the number of the newest stroke; 0 before the first."""
    return max((row.record.number for row in entries if isinstance(row.record, LedgerStroke)), default=0)


def _reaching_back(later: Sequence[Record], newest: int, run: int | None) -> list[Entry]:
    """Return later withdrawals that reach back to stroke `newest` or before, limited to those strokes."""
    return [
        Entry(msgspec.structs.replace(record, until_number=min(record.until_number, newest)), run, late=True)
        for record in later
        if isinstance(record, Revoke) and record.since_number <= newest
    ]


def _chains(runs: Sequence[Run]) -> list[Chain]:
    """Return each journal once, in the place of its first run: a copy, or a first part, is the same journal."""
    found: list[Chain] = []
    for number, run in enumerate(runs):
        for place, chain in enumerate(found):
            shorter, longer = sorted((run.journal, chain.kept), key=lambda journal: len(journal.records))
            if run.journal_path == runs[chain.members[0]].journal_path or _begins(longer, shorter):
                found[place] = Chain(longer, (*chain.members, number))
                break
        else:
            found.append(Chain(run.journal, (number,)))
    return found


def _check_same(runs: Sequence[Run]) -> None:
    headers = [run.journal.header for run in runs]
    for run, header in zip(runs, headers, strict=True):
        if header is None:
            raise InputError(f"{run.journal_path}: holds no record; there is nothing to report on")
        apart = [name for name in SAME if getattr(header, name) != getattr(headers[0], name)]
        if apart or run.site.site_hash != runs[0].site.site_hash:
            raise InputError(
                f"{run.folder}: is of another task than {runs[0].folder} ({', '.join(apart) or 'site'} differ)"
            )


def _begins(longer: Journal, shorter: Journal) -> bool:
    return all(one == other for one, other in zip(longer.records, shorter.records, strict=False))


def _of_runs(chain: Chain, runs: Sequence[Run]) -> Iterator[Entry]:
    """Return each record with its run, by the journal's sessions; a run without a session wrote the rest."""
    by_session = {runs[number].manifest.session_id: number for number in chain.members}
    run = unstated = by_session.pop("", None)
    for record in chain.kept.records:
        if isinstance(record, Session):
            run = by_session.get(session_of(record), unstated)
        yield Entry(record, run)


def facts_of(
    runs: Sequence[Run], kind: ReportKind, task: Task | None = None, visits: tuple[Visit, ...] = ()
) -> JobFacts:
    """Return all facts for the papers of these runs.

    Raises:
        InputError: The runs are not of one task.
    """
    runs = in_order(runs)
    entries, remarks = put_together(runs)
    newest = runs[-1]
    plan = with_earlier_lists(newest, runs)
    zero_us = None if any(run.zero_us is None for run in runs) else runs[0].zero_us
    shift_s = [_shift_s(run, zero_us) for run in runs]
    asked = shapely.difference(newest.site.work_area, newest.site.keep_out)
    lines, ledger, withdrawn_m2 = _run_lines(runs, entries, asked)
    by_run = [tuple(_events(run, shift)) for run, shift in zip(runs, shift_s, strict=True)]
    events = tuple(event for found in by_run for event in found)
    samples = _samples(runs, shift_s)
    found = gaps.find(
        newest.site.work_area,
        newest.site.keep_out,
        plan,
        ledger,
        newest.config,
        skips_of(row.record for row in entries),
        None if kind is ReportKind.COMPLETION else ground_ahead(newest.plan, entries, len(runs) - 1),
    )
    facts = JobFacts(
        site=newest.site, plan=plan, config=newest.config, ledger=ledger, found=found,
        time_s=sum((run.end_ns - run.start_ns) / NS_PER_S for run in runs) + sum(run.unread_s for run in runs),
        unread_s=sum(run.unread_s for run in runs),
        simulated=any(run.manifest.simulated for run in runs),
        trail_m=_trail(samples), events=events, task_id=newest.manifest.task or "",
        start_utc=runs[0].manifest.start_utc, end_utc=newest.manifest.end_utc or _end_utc(newest),
        time_source=newest.manifest.time_source.value, status=_status(newest, entries, len(runs) - 1, found),
        warnings=newest.site.warnings,
        remarks=(*remarks, *_remarks(runs), *older_texts(runs)),
        run=", ".join(run.manifest.run for run in runs), zero_us=zero_us,
        lots=_lots(entries, runs), kind=kind, samples=samples, acts=_acts(entries, shift_s, withdrawn_m2),
        runs=lines,
        files=tuple(row for run in runs for row in run.files), visits=visits,
        software=program(),
        follow_ups=follow_ups_of(runs), releases=releases_of(runs),
        event_runs=tuple(number for number, rows in enumerate(by_run) for _ in rows),
        run_ends_s=tuple(
            max([run.end_ns / NS_PER_S + shift, *(event.t_ns / NS_PER_S for event in rows)])
            for run, shift, rows in zip(runs, shift_s, by_run, strict=True)
        ),
        due=due_after(None if isinstance(row.record, Session) else row.record for row in entries),
    )  # fmt: skip
    stated = task if task is not None else newest.task
    if stated is None:
        return facts
    ended = stated.expired(date.fromisoformat(facts.end_utc[:10])) if facts.end_utc else ()
    return msgspec.structs.replace(facts.of_task(stated), remarks=(*facts.remarks, *ended))


def in_order(runs: Sequence[Run]) -> list[Run]:
    """Return the runs in order of time; as they were named, the newest last, where the time of one is not known."""
    if any(run.zero_us is None for run in runs):
        return list(runs)
    return sorted(runs, key=lambda run: (run.zero_us or 0) + run.start_ns // 1000)


def with_earlier_lists(newest: Run, runs: Sequence[Run]) -> Plan:
    """Return the newest plan; if it covers only remaining ground, add the ground that earlier plans listed.

    Otherwise that ground would be reported as missed. A plan of the whole area has a complete list itself.
    """
    plan = newest.plan
    if not _is_rest(newest):
        return plan
    rows = list(plan.untreatable)
    for earlier in reversed(runs):
        if earlier.plan.plan_hash == plan.plan_hash:
            continue
        covered = shapely.union_all([shapely.Polygon(row.rings_m[0], row.rings_m[1:]) for row in rows])
        for row in earlier.plan.untreatable:
            left = shapely.difference(shapely.Polygon(row.rings_m[0], row.rings_m[1:]), covered)
            rows += [
                Untreatable(reason=row.reason, rings_m=rings_of(part), area_m2=part.area)
                for part in polygons(left)
                if part.area >= gaps.ROUNDING_M2
            ]
    return msgspec.structs.replace(plan, untreatable=tuple(rows))


def _is_rest(run: Run) -> bool:
    """Whether a plan is of remaining ground alone, so that its list of what is not workable is not complete."""
    asked_m2 = float(shapely.difference(run.site.work_area, run.site.keep_out).area)
    return run.plan.area_m2 <= asked_m2 - REST_M2


def _shift_s(run: Run, zero_us: int | None) -> float:
    """Return the shift [s] from a time of the run's vehicle to a time of the report."""
    if zero_us is None or run.zero_us is None:
        return -run.start_ns / NS_PER_S
    return (run.zero_us - zero_us) / 1e6


def _events(run: Run, shift_s: float) -> Iterator[Event]:
    for event in run.events:
        yield msgspec.structs.replace(event, t_ns=event.t_ns + round(shift_s * NS_PER_S))


def _samples(runs: Sequence[Run], shift_s: Sequence[float]) -> Samples | None:
    found = [
        msgspec.structs.replace(run.samples, t_s=run.samples.t_s + shift, run=np.full(len(run.samples), number))
        for number, (run, shift) in enumerate(zip(runs, shift_s, strict=True))
        if len(run.samples)
    ]
    return joined(found) if found else None


def _trail(samples: Samples | None) -> tuple[tuple[float, float], ...]:
    """Return the reported path; (NaN, NaN) separates two runs, because the path between them is unknown."""
    if samples is None:
        return ()
    found: list[tuple[float, float]] = []
    edges = np.flatnonzero(np.diff(samples.run)) + 1
    for start, end in pairwise([0, *edges.tolist(), len(samples)]):
        here = slice(start, end, TRAIL_STEP)
        found += [(float("nan"), float("nan"))] if found else []
        found += zip(samples.east_m[here].tolist(), samples.north_m[here].tolist(), strict=True)
    return tuple(found)


def _status(newest: Run, entries: Sequence[Entry], number: int, found: gaps.Found) -> str:
    """Status: completed if the newest run (this index) finished its plan, and no ground is missed, to do or withdrawn.

    If a journal of an older program has no job records, the events of that run decide.
    """
    if found.missed_m2 > 0.0 or found.to_do_m2 > 0.0 or found.withdrawn_m2 > 0.0:
        return "suspended"
    job = job_left(entries, number)
    if job is None:
        done = any(event.text == DONE for event in newest.events)
    else:
        done = job.done and job.plan_hash == newest.plan.plan_hash
    return "completed" if done else "suspended"


def _end_utc(run: Run) -> str:
    """Return the end time; that of the newest report if the run did not end in order."""
    if run.zero_us is None:
        return ""
    moment = EPOCH + timedelta(microseconds=run.zero_us + run.end_ns // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _remarks(runs: Sequence[Run]) -> list[str]:
    site = runs[-1].site
    found = [loosely_known(site.source_system, site.source_accuracy_m)] if site.source_accuracy_m < float("inf") else []
    if len(runs) > 1 and (timeless := ", ".join(run.manifest.run for run in runs if run.zero_us is None)):
        found.append(
            f"When these runs began is not known: {timeless}. All runs are taken in the order in which they are named, "
            "the last one as the newest."
        )
    if all(map(_is_rest, runs)):
        found.append(
            f"Plan {runs[-1].plan.plan_hash} is of remaining ground: what a plan before it listed as not workable "
            "stands here as missed. Name the runs of that plan too, and it is listed."
        )
    return [*filter(None, found), *(f"{run.manifest.run}: {run.note}" for run in runs if run.note)]


def _run_lines(
    runs: Sequence[Run], entries: Sequence[Entry], asked: Any
) -> tuple[tuple[RunLine, ...], LedgerState, dict[int, float]]:
    """Return what each run added, the masks after the last, and what each withdrawal took; each record is read once.

    The third is index of the entry -> area [m2] that no longer counts as processed.
    """
    starts, ends = [0] * len(runs), [0] * len(runs)
    for place, row in enumerate(entries):
        if row.run is not None:
            starts[row.run] = starts[row.run] if ends[row.run] else place
            ends[row.run] = place + 1
    processed = Processed(asked, runs[0].config.mission.cell_m)
    area_m2, ledger = {0: 0.0}, LedgerState()
    taking = [place for place, row in enumerate(entries) if isinstance(row.record, Revoke)]
    cuts = {*starts, *ends, *taking, *(place + 1 for place in taking), len(entries)}
    for cut, ledger in masks_at([row.record for row in entries], cuts):
        area_m2[cut] = processed.area_m2(ledger)
    lines = tuple(
        RunLine(
            name=run.manifest.run, start_utc=run.manifest.start_utc, end_utc=run.manifest.end_utc or _end_utc(run),
            time_source=run.manifest.time_source.value, processed_m2=area_m2[end] - area_m2[start] if end else 0.0,
            plan_hash=run.plan.plan_hash, config_hash=run.manifest.config_hash, note=run.note,
        )
        for run, start, end in zip(runs, starts, ends, strict=True)
    )  # fmt: skip
    return lines, ledger, {place: max(0.0, area_m2[place] - area_m2[place + 1]) for place in taking}


def _acts(
    entries: Sequence[Entry], shift_s: Sequence[float], withdrawn_m2: Mapping[int, float]
) -> tuple[RecordedAct, ...]:
    return tuple(
        RecordedAct(
            t_s=row.record.t_ns / NS_PER_S + shift_s[row.run], act=row.record, withdrawn_m2=withdrawn_m2.get(place)
        )
        for place, row in enumerate(entries)
        if row.run is not None and not row.late and isinstance(row.record, Observed | Confirm | Revoke)
    )


def _lots(entries: Sequence[Entry], runs: Sequence[Run]) -> tuple[Lot, ...]:
    """Return lots: a new one begins at each depth reading, day or machine; one without strokes is dropped."""
    found: list[Lot] = []
    open_lot: Lot | None = None
    for row in entries:
        record, run = row.record, runs[row.run] if row.run is not None else None
        if isinstance(record, LedgerStroke):
            moment_us = None if run is None or run.zero_us is None else run.zero_us + record.t_ns // 1000
            day, machine = _day(moment_us), (run or runs[-1]).manifest.machine
            if open_lot is not None and (open_lot.day, open_lot.machine) != (day, machine):
                found.append(msgspec.structs.replace(open_lot, ended_by="another day, run or machine"))
                open_lot = None
            if open_lot is None:
                open_lot = Lot(name=f"L{len(found) + 1}", machine=machine, last_number=0, day=day, from_us=moment_us)
            open_lot = msgspec.structs.replace(open_lot, last_number=record.number, until_us=moment_us)
        elif isinstance(record, Observed) and record.kind == "depth_check":
            reading = f"{record.value:.3f} m by {record.by}"
            if open_lot is not None:
                found.append(msgspec.structs.replace(open_lot, ended_by="depth reading", check=reading))
                open_lot = None
            elif found and found[-1].check:
                found[-1] = msgspec.structs.replace(found[-1], check=f"{found[-1].check}; {reading}")
    return tuple([*found, open_lot] if open_lot is not None else found)


def _day(moment_us: int | None) -> str:
    return "" if moment_us is None else (EPOCH + timedelta(microseconds=moment_us)).date().isoformat()


def kind_of(runs: Sequence[Run]) -> ReportKind:
    """Return daily for the runs of one day, else completion."""
    days = {run.manifest.start_utc[:10] for run in runs}
    return ReportKind.DAILY if len(days) == 1 else ReportKind.COMPLETION
