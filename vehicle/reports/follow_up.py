"""The follow-up that each piece of ground needs before anybody may rely on it; people decide on release."""

from typing import Final

from vehicle.contracts.plan import UntreatableReason
from vehicle.reports.gaps import GapReason

PROCESSED: Final = "processed: not for feet; search by people, dogs or detectors as the task order says"
BELOW_DEPTH: Final = "work again to the required depth, or search by people to that depth"
_AGAIN: Final = "not processed: work again by machine, or search by people to the required depth"
_PEOPLE: Final = "not processed: search by people to the required depth"

OF_GAP: Final = {
    GapReason.WITHDRAWN: "no longer on record as processed: work again after the check that failed is good",
    GapReason.BELOW_DEPTH: BELOW_DEPTH,
    GapReason.POSITION_UNPROVEN: _AGAIN,
    GapReason.NOT_MEASURED: _AGAIN,
    GapReason.ROTOR_SLOW: _AGAIN,
    GapReason.TOO_FAST: _AGAIN,
    GapReason.CREDIT_MARGIN: _AGAIN,
    GapReason.NOT_SWEPT: _AGAIN,
}
OF_LISTED: Final = {
    UntreatableReason.KEEP_OUT_CLEARANCE: _PEOPLE + ", up to the keep-out and in it as its marking says",
    UntreatableReason.KEEP_OUT_CREDIT_MARGIN: _PEOPLE + ": the tool reached in, the record proves nothing",
    UntreatableReason.NO_APPROACH: _PEOPLE + ", or prepare a safe approach and plan again",
    UntreatableReason.NARROWER_THAN_MACHINE: _PEOPLE,
    UntreatableReason.SLOPE: _PEOPLE + ": too steep for this machine",
    UntreatableReason.PLANNING_TIME: "not processed: plan again with more time",
    UntreatableReason.NOT_IN_TASK: "not processed: between the swaths of a survey, nothing is said of it",
    UntreatableReason.OUTSIDE_FENCE: "not processed: outside the fence; settle the perimeter, then plan again",
}
KEEP_OUT: Final = "never entered by the machine: as its marking says"
OUTSIDE: Final = "swept outside the perimeter: not part of the task, mark it on the ground and tell who owns it"
