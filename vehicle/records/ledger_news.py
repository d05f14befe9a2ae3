"""What a tick adds to the ledger's journal: its stroke, its acts, and the position in the job if that changed."""

from typing import Self

import msgspec

from vehicle.contracts.ledger_types import HeldBack, JobMark
from vehicle.contracts.plan import works
from vehicle.control.depth import DUE_M
from vehicle.control.state import LedgerState, MissionState, VehicleState, job_mark
from vehicle.records.records import Record


class Followed(msgspec.Struct, frozen=True):
    """What a journal already holds: newest stroke, acts, position in the job, and whether a depth reading was due."""

    number: int
    acts: int
    job: JobMark | None
    due: bool = False

    @classmethod
    def of(cls, state: VehicleState) -> Self:
        """Return the mark of a journal that holds everything of this state."""
        ledger = state.ledger
        return cls(ledger.stroke.number if ledger.stroke is not None else 0, ledger.act_count, job_of(state.mission, 0))

    def after(self, state: VehicleState, now_ns: int) -> tuple[tuple[Record, ...], Self]:
        """Return a tick's records in the order of writing, and the new mark. Stroke numbers may not skip."""
        rows = ledger_news(state.ledger, self.number, self.acts)
        job = job_of(state.mission, now_ns)
        if job is None or _same_place(job, self.job):
            job = self.job
        else:
            rows += (job,)
        checks = state.checks
        if checks.due.depth and not self.due:
            bias_m = checks.margin.depth_bias_m - DUE_M
            rows = (HeldBack(first_number=checks.depth_due_number + 1, bias_m=bias_m), *rows)
        elif not rows and checks.due.depth == self.due:
            return rows, self
        known = Followed.of(state)
        return rows, type(self)(known.number, known.acts, job, checks.due.depth)


def ledger_news(ledger: LedgerState, number: int, acts: int) -> tuple[Record, ...]:
    """Return a tick's stroke, then its acts: those after stroke `number` and this many acts. Numbers may not skip."""
    found: tuple[Record, ...] = ()
    stroke = ledger.stroke
    if stroke is not None and stroke.number != number:
        assert stroke.number == number + 1, f"stroke {stroke.number} after {number}"
        found = (stroke,)
    new = ledger.act_count - acts
    if not new:
        return found
    assert 0 < new <= len(ledger.acts), f"act {ledger.act_count} after {acts}"
    return found + ledger.acts[-new:]


def job_of(mission: MissionState, now_ns: int) -> JobMark | None:
    """Return the position in the job; None without a plan, if the job has not begun, and for a plan that only drives.

    While such a plan is driven, the journal's newest mark stays that of the work, which goes on from there.
    """
    plan = mission.plan
    return job_mark(mission, now_ns) if plan is not None and works(plan) else None


def _same_place(job: JobMark, before: JobMark | None) -> bool:
    """Whether two positions differ only in time."""
    return before is not None and msgspec.structs.replace(job, t_ns=before.t_ns) == before
