"""Which checks are due at the end of a record."""

from collections.abc import Iterable
from typing import Final

from vehicle.contracts.detonation import BY_PEOPLE, SHOCK
from vehicle.contracts.ledger_types import Confirm, HeldBack, Knowledge, Observed, Revoke

OPENS: Final = {
    "benchmark_check": Knowledge.BASE,
    "depth_check": Knowledge.DEPTH,
    "hammer_count": Knowledge.HAMMERS,
    BY_PEOPLE: Knowledge.HAMMERS,
    SHOCK: Knowledge.HAMMERS,
}
"""A measurement or observation -> the check that is due after it, unless the next record confirms it."""
DAILY: Final = frozenset((Knowledge.BASE, Knowledge.DEPTH, Knowledge.HAMMERS))


def due_after(records: Iterable[object]) -> frozenset[Knowledge]:
    """Return checks that are not confirmed since the last start, due time, failed reading or withdrawal of depth.

    `records` are in journal order; None stands for a start of the vehicle's program. Checks of hammers and base also
    become due after some hours or with another base; no record shows this.
    """
    due = DAILY
    for record in records:
        if record is None:
            due = DAILY
        elif isinstance(record, Observed) and record.kind in OPENS:
            due |= {OPENS[record.kind]}
        elif isinstance(record, HeldBack) or (isinstance(record, Revoke) and record.reason.startswith("depth")):
            due |= {Knowledge.DEPTH}
        elif isinstance(record, Confirm) and record.by:  # without a name it only separates two journals
            due = frozenset(kind for kind in due if kind.value != record.kind)
    return due
