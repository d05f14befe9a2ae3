"""What becomes of a depth reading: a rod beside what the record claims there."""

import math
from typing import Final

import msgspec
from msgspec.structs import replace

from firmware_bridge.types import Observation
from vehicle.config.depth_margin import withheld_m
from vehicle.contracts.ledger_types import Claim, Knowledge, Order
from vehicle.control.checks import contradictions, measured
from vehicle.control.checks.seen import Judged, Seen, by_of, unproven
from vehicle.control.checks_state import ChecksState, Shown
from vehicle.control.depth import DUE_M

DEPTH_SIGMA_M: Final = 0.03
"""What five points with rod and straight edge are worth; one that is worse tells nothing of centimetres."""
ROD_SIGMAS: Final = 2.0
ROD_LEAST_M: Final = 0.02
"""A rod that finds the sensor too deep may itself have read too deep, and other places may be worse: so much more is
taken off than it found. The least as measured: of 1,500 closings two were false with 1.8 cm, none with 2.
"""
DEPTH_WRONG_M: Final = 0.05
DEPTH_UNEXPLAINED_M: Final = 0.01
BIAS_MAX_M: Final = 0.2
"""A sensor that is further off is mended, not corrected."""
MEAN_READINGS: Final = 5
"""A sensor that is off by less than is withheld shows in no single reading, but in the mean of so many: of 9,000
closings with a true sensor 18 were held to be off; of 9,000 with one that is 2.4 cm off one was not (docs/SAFETY.md).
"""
ODD_MAX: Final = 2
"""Two more places at which the bias found before does not explain the reading."""
STRIP: Final = "depth failed: new strip at the edge of safe ground"
"""Where the rod then reads it: at arm's length from that ground. Nobody walks on the strip."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A rod beside a claim. `less_m`: of what is claimed the rod found so much less; `doubt_m`: what it may be off by.

    `shown_m`: the same for what would be claimed now. `good`, `less`: what the ledger is told. `read`: the checks with
    a reading made. `fault`: why this one proves nothing, "" where it does.
    """

    number: int
    trial: bool
    less_m: float
    shown_m: float
    doubt_m: float
    fault: str
    good: Order
    less: Order
    read: ChecksState


def depth_reading(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """The record must not claim more than the rod found; where it did, what the rod may be wrong by goes too.

    The same where the rod found what is on record, but only because that was claimed with more held back: the sensor
    reads too deep by more than its scatter explains, and this was not known of other ground since the last reading.
    Or where the newest readings together leave less than the sensor's scatter alone has withheld.
    Once the sensor is known to be wrong, only ground worked since then says how wrong: by that it is corrected.
    """
    if unread := _unread(observation) or contradictions.of_depth(observation, seen.config.machine.tool):
        return state, (), unread
    wrong = state.depth_failed or state.contradicted
    if seen.claim is None:
        return state, (), STRIP if wrong else "place: no depth is on record there"
    reading = _reading(state, observation, seen, seen.claim)
    if wrong:
        return _of_wrong_sensor(state, reading)
    if reading.shown_m > 0.0:
        return _found_less(state, reading, seen)
    if reading.fault:
        return state, (), reading.fault
    return _found_enough(state, reading, seen)


def _reading(state: ChecksState, observation: Observation, seen: Seen, claim: Claim) -> Reading:
    claimed_m = claim.depth_m - (state.depth_bias_m if claim.trial else 0.0)
    less_m = claimed_m - observation.value
    good = Order(kind=Knowledge.DEPTH, good=True, by=by_of(observation), at_number=claim.number)
    told = f"depth reading: {observation.value:.3f} m where {claimed_m:.3f} m were claimed"
    down_s, swept_m2 = measured.worked_by(state, seen.at_ns, (state.down_s, seen.swept_m2))
    return Reading(
        number=claim.number,
        trial=claim.trial,
        less_m=less_m,
        # A claim made while the reading was due holds more back than those to come will: no word on the sensor.
        shown_m=less_m + (0.0 if claim.trial else _held_back_m(state, claim.number)),
        doubt_m=max(ROD_LEAST_M, ROD_SIGMAS * (observation.sigma or 0.0)),
        fault=unproven(state, Knowledge.DEPTH, observation, seen) or _read_too_early(claim, seen),
        good=good,
        less=replace(good, good=False, reason=told),
        read=replace(
            measured.proven(state, Knowledge.DEPTH, seen.at_ns),
            depth_known=True,
            depth_failed=False,
            depth_from_m2=max(state.depth_from_m2, swept_m2),
            depth_from_s=max(state.depth_from_s, down_s),
        ),
    )


def _of_wrong_sensor(state: ChecksState, reading: Reading) -> Judged:
    """Old ground can fall by it, and is no way back; that of a new strip says by how much the sensor is corrected."""
    less_m = reading.less_m
    if not reading.trial:
        bias_m = less_m + reading.doubt_m if less_m <= DEPTH_WRONG_M else 0.0
        return (state, (replace(reading.less, bias_m=bias_m),), "") if less_m > 0.0 else (state, (), STRIP)
    bias_m = state.depth_bias_m + (less_m + reading.doubt_m if less_m > 0.0 else 0.0)
    if bias_m > BIAS_MAX_M:
        return state, (), "the sensor is off by over 0.2 m: mend it"
    if reading.fault:
        return state, (), reading.fault
    return replace(reading.read, depth_bias_m=bias_m, depth_odd=0, depth_shown=()), (reading.good,), ""


def _found_enough(state: ChecksState, reading: Reading, seen: Seen) -> Judged:
    """Good by itself; with the readings before it, it may yet show a sensor that is off."""
    shown = _with_shown(state, Shown(reading.number, reading.shown_m, _scatter_withheld_m(seen)))
    off_m = _off_together_m(shown)
    if off_m <= 0.0:
        return replace(reading.read, depth_odd=0, depth_shown=shown), (reading.good,), ""
    bias_m = state.depth_bias_m + off_m + reading.doubt_m
    if bias_m > BIAS_MAX_M:
        return _failed(state, seen, ())
    oldest = min(row.number for row in shown)
    order = replace(
        reading.less,
        reason=f"depth readings: sensor {off_m:.3f} m too deep in the mean of {len(shown)}",
        bias_m=off_m + reading.doubt_m - _least_held_back_m(state, oldest, seen),
        at_number=oldest,
    )
    known = replace(reading.read, depth_bias_m=bias_m, depth_odd=0, depth_shown=())
    return known, (reading.good, order) if order.bias_m > 0.0 else (reading.good,), ""


def _found_less(state: ChecksState, reading: Reading, seen: Seen) -> Judged:
    bias_m = state.depth_bias_m + reading.shown_m + reading.doubt_m
    odd = state.depth_odd + (1 if state.depth_bias_m > 0.0 and reading.shown_m > DEPTH_UNEXPLAINED_M else 0)
    if reading.shown_m > DEPTH_WRONG_M or odd >= ODD_MAX or bias_m > BIAS_MAX_M:
        # Ground that holds what it claims says nothing good of a sensor that is off by more than it showed before.
        orders = (reading.less,) if reading.less_m > 0.0 else ()
        return _failed(replace(state, depth_odd=odd), seen, orders)
    fallen_m = reading.shown_m + reading.doubt_m - _least_held_back_m(state, reading.number, seen)
    fallen = (replace(reading.less, bias_m=fallen_m),) if fallen_m > 0.0 else ()
    # One that cannot be placed takes away what it found, and another reading is due.
    kept = replace(state, depth_known=False) if reading.fault else reading.read
    kept = replace(kept, depth_bias_m=bias_m, depth_odd=odd, depth_shown=())
    return kept, fallen if reading.fault else (*fallen, reading.good), ""


def _failed(state: ChecksState, seen: Seen, orders: tuple[Order, ...]) -> Judged:
    """Nothing is credited until a reading on a new strip is good."""
    state = measured.doubted(state, seen.t_ns, Knowledge.DEPTH)
    return replace(state, depth_failed=True, depth_known=False, depth_shown=()), orders, ""


def _with_shown(state: ChecksState, new: Shown) -> tuple[Shown, ...]:
    """The newest readings since the bias became what it is, one for each stroke."""
    return (*(row for row in state.depth_shown if row.number != new.number), new)[-MEAN_READINGS:]


def _off_together_m(shown: tuple[Shown, ...]) -> float:
    """By how much the sensor reads too deep at least, in the mean of enough readings; 0 where it is not known to."""
    if len(shown) < MEAN_READINGS:
        return 0.0
    scatter_m = min(row.scatter_m for row in shown)
    return max(0.0, math.fsum(row.off_m for row in shown) / len(shown) + scatter_m) if scatter_m < math.inf else 0.0


def _scatter_withheld_m(seen: Seen) -> float:
    """What is withheld for the sensor's scatter alone; inf where it says nothing of that."""
    return withheld_m(seen.config.mission, seen.sigma_m) if math.isfinite(seen.sigma_m) else math.inf


def _held_back_m(state: ChecksState, number: int) -> float:
    """By how much more than now this stroke's claim stays below what the sensor read, for a reading was due then.

    What is taken off now counts: a claim that was made with less taken off shows that much less of the sensor's error.
    """
    if state.due.depth and number > state.depth_due_number:
        return DUE_M
    earlier = (row for row in state.depth_due_before if row.first_number <= number <= row.last_number)
    now_m = state.depth_bias_m
    more_m = (DUE_M + (now_m if row.bias_m is None else row.bias_m) - now_m for row in earlier)
    return max((0.0, *more_m))


def _least_held_back_m(state: ChecksState, number: int, seen: Seen) -> float:
    """The least of that among all strokes that a reading on this one speaks of: since the reading on older ground."""
    first = max((good for good in seen.read_numbers if good < number), default=0) + 1
    borders = [state.depth_due_number, *(row.first_number - 1 for row in state.depth_due_before)]
    borders += (row.last_number + 1 for row in state.depth_due_before)
    within = {first, number, max(number, seen.newest), *(found for found in borders if first <= found <= seen.newest)}
    return min(_held_back_m(state, found) for found in within)


def _unread(observation: Observation) -> str:
    """Why this is no depth reading."""
    if not contradictions.says_where(observation.text):
        return "text: say where from: arm, strip or behind"
    if observation.lat_deg is None:
        return "place: a depth reading says where"
    if observation.sigma is not None and observation.sigma > DEPTH_SIGMA_M:
        return "sigma above 0.03 m: read five points anew"
    return ""


def _read_too_early(claim: Claim, seen: Seen) -> str:
    """A rod tells of ground as the tool left it before."""
    return "time: older than the record at that place" if seen.number is not None and claim.number > seen.number else ""
