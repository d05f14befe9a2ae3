"""Which checks a record leaves due at its end."""

from collections.abc import Iterable
from typing import Final

from vehicle.contracts.ledger_types import Confirm, HeldBack, Knowledge, Observed, Revoke

OPENS: Final = {
    "benchmark_check": Knowledge.BASE,
    "depth_check": Knowledge.DEPTH,
    "hammer_count": Knowledge.HAMMERS,
    "detonation_class": Knowledge.HAMMERS,
}
"""What somebody measured or saw -> what is due after it, unless the record confirms it next."""
DAILY: Final = frozenset((Knowledge.BASE, Knowledge.DEPTH, Knowledge.HAMMERS))


def due_after(records: Iterable[object]) -> frozenset[Knowledge]:
    """What is not confirmed since the newest start, falling due, failed reading or withdrawal of depth.

    `records` in the order of the journal; None stands for the start of the vehicle's program.
    Hammers and the base also fall due by hours and by another base, which no record says.
    """
    due = DAILY
    for record in records:
        if record is None:
            due = DAILY
        elif isinstance(record, Observed) and record.kind in OPENS:
            due |= {OPENS[record.kind]}
        elif isinstance(record, HeldBack) or (isinstance(record, Revoke) and record.reason.startswith("depth")):
            due |= {Knowledge.DEPTH}
        elif isinstance(record, Confirm) and record.by:  # without a name it only parts two journals
            due = frozenset(kind for kind in due if kind.value != record.kind)
    return due
