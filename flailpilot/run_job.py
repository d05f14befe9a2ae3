"""Where the job of a plan stood at the end of a run, and the ground to which it had not come."""

from collections.abc import Sequence
from typing import Any

import msgspec

from vehicle.contracts.ledger_types import JobMark, LedgerStroke
from vehicle.contracts.plan import Plan
from vehicle.records.records import Header, Record
from vehicle.reports.ahead import swaths_ahead


class Entry(msgspec.Struct, frozen=True):
    """A record of the combined journals; `run`: index of its session's run, None if that run is not requested.

    `late`: a withdrawal that was written after that run, so its time is not a time of the run.
    """

    record: Record
    run: int | None
    late: bool = False


def job_left(entries: Sequence[Entry], number: int) -> JobMark | None:
    """Return the position in the job at the end of a run, from its journal."""
    end = max((place for place, row in enumerate(entries) if row.run == number), default=-1)
    for row in reversed(entries[: end + 1]):
        if isinstance(row.record, JobMark | Header):
            return row.record if isinstance(row.record, JobMark) else None
    return None


def ground_ahead(plan: Plan, entries: Sequence[Entry], number: int) -> Any:
    """Return the ground to which the newest run (this index) had not come; None where its record does not say so."""
    strokes = (row.record for row in reversed(entries) if row.run == number and isinstance(row.record, LedgerStroke))
    return swaths_ahead(plan, job_left(entries, number), next(strokes, None))
