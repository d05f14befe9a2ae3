"""What becomes of a depth reading: a rod beside what the record claims there."""

from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import Observation
from vehicle.contracts.ledger_types import Claim, Knowledge, Order
from vehicle.control.checks import contradictions, measured
from vehicle.control.checks.seen import Judged, Seen, by_of, unproven
from vehicle.control.checks_state import ChecksState
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
ODD_MAX: Final = 2
"""Two more places at which the bias found before does not explain the reading."""
STRIP: Final = "depth failed: new strip at the edge of safe ground"
"""Where the rod then reads it: at arm's length from that ground. Nobody walks on the strip."""


def depth_reading(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """The record must not claim more than the rod found; where it did, what the rod may be wrong by goes too.

    The same where the rod found what is on record, but only because that was claimed with more held back: the sensor
    reads too deep by more than its scatter explains, and this was not known of other ground since the last reading.
    Once the sensor is known to be wrong, only ground worked since then says how wrong: by that it is corrected.
    """
    if unread := _unread(observation) or contradictions.of_depth(observation, seen.config.machine.tool):
        return state, (), unread
    claim = seen.claim
    wrong = state.depth_failed or state.contradicted
    if claim is None:
        return state, (), STRIP if wrong else "place: no depth is on record there"
    claimed_m = claim.depth_m - (state.depth_bias_m if claim.trial else 0.0)
    by, less_m = by_of(observation), claimed_m - observation.value
    # A claim made while the reading was due holds more back than those to come will: the sensor is judged without that.
    shown_m = less_m + (0.0 if claim.trial else _held_back_m(state, claim.number))
    doubt_m = max(ROD_LEAST_M, ROD_SIGMAS * (observation.sigma or 0.0))
    good = Order(kind=Knowledge.DEPTH, good=True, by=by, at_number=claim.number)
    less = replace(good, good=False)
    down_s, swept_m2 = measured.worked_by(state, seen.at_ns, (state.down_s, seen.swept_m2))
    read = replace(
        measured.proven(state, Knowledge.DEPTH, seen.at_ns),
        depth_known=True,
        depth_failed=False,
        depth_from_m2=max(state.depth_from_m2, swept_m2),
        depth_from_s=max(state.depth_from_s, down_s),
    )
    fault = unproven(state, Knowledge.DEPTH, observation, seen) or _read_too_early(claim, seen)
    told = f"depth reading: {observation.value:.3f} m where {claimed_m:.3f} m were claimed"
    if wrong and not claim.trial:
        # Old ground can fall by it, and is no way back.
        bias_m = less_m + doubt_m if less_m <= DEPTH_WRONG_M else 0.0
        return (state, (replace(less, reason=told, bias_m=bias_m),), "") if less_m > 0.0 else (state, (), STRIP)
    found_m = less_m if wrong else shown_m
    bias_m = state.depth_bias_m + (found_m + doubt_m if found_m > 0.0 else 0.0)
    if wrong and bias_m > BIAS_MAX_M:
        return state, (), "the sensor is off by over 0.2 m: mend it"
    if wrong or shown_m <= 0.0:
        return (state, (), fault) if fault else (replace(read, depth_bias_m=bias_m, depth_odd=0), (good,), "")
    odd = state.depth_odd + (1 if state.depth_bias_m > 0.0 and shown_m > DEPTH_UNEXPLAINED_M else 0)
    if shown_m > DEPTH_WRONG_M or odd >= ODD_MAX or bias_m > BIAS_MAX_M:
        # Ground that holds what it claims says nothing good of a sensor that is off by more than it showed before.
        orders = (replace(less, reason=told),) if less_m > 0.0 else ()
        state = measured.doubted(state, seen.t_ns, Knowledge.DEPTH)
        return replace(state, depth_failed=True, depth_known=False, depth_odd=odd), orders, ""
    order = replace(less, reason=told, bias_m=shown_m + doubt_m - _least_held_back_m(state, claim.number, seen))
    fallen = (order,) if order.bias_m > 0.0 else ()
    # One that cannot be placed takes away what it found, and another reading is due.
    kept = replace(state, depth_known=False) if fault else read
    return replace(kept, depth_bias_m=bias_m, depth_odd=odd), fallen if fault else (*fallen, good), ""


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
