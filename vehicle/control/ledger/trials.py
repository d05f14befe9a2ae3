"""What the depth sensor says while nothing may be claimed: the way back after it was found wrong.

A reading by hand is held against ground that was worked since then and at which nothing was claimed before: what the
sensor said there and the rod did not find is the bias from then on.
"""

import math
from typing import Final

from msgspec.structs import replace

from vehicle.contracts.ledger_types import Claim, ToolLine, Trial
from vehicle.control.state import LedgerState

STEP_M: Final = 0.1
TRIALS_MAX: Final = 256
"""25 m of way; a test strip is a few metres."""


def tried(state: LedgerState, line: ToolLine, bias_m: float) -> LedgerState:
    """One tick of work with all withheld; `line` has the depth with `bias_m` taken off. A step keeps its deepest."""
    number = 0 if state.stroke is None else state.stroke.number
    depth_m = line.depth_m + bias_m
    last = state.trials[-1] if state.trials else None
    if last is not None and math.hypot(line.east_m - last.east_m, line.north_m - last.north_m) < STEP_M:
        if depth_m <= last.depth_m:
            return state
        return replace(state, trials=(*state.trials[:-1], replace(last, depth_m=depth_m, number=number)))
    new = Trial(
        east_m=line.east_m,
        north_m=line.north_m,
        half_east_m=line.half_east_m,
        half_north_m=line.half_north_m,
        depth_m=depth_m,
        number=number,
    )
    return replace(state, trials=(*state.trials, new)[-TRIALS_MAX:])


def at(state: LedgerState, place_m: tuple[float, float], reach_m: float) -> Claim | None:
    """The deepest within reach of a place; None where the tool did not pass meanwhile."""
    found = [trial for trial in state.trials if _under(trial, place_m, reach_m)]
    if not found:
        return None
    depth_m, number = max(trial.depth_m for trial in found), min(trial.number for trial in found)
    return Claim(depth_m=depth_m, number=number, trial=True)


def _under(trial: Trial, place_m: tuple[float, float], reach_m: float) -> bool:
    """The tool lay over the place, as far as its ends, or within reach before or behind it."""
    half_m = math.hypot(trial.half_east_m, trial.half_north_m)
    if not half_m > 0.0:
        return False
    left_east, left_north = trial.half_east_m / half_m, trial.half_north_m / half_m
    east_m, north_m = place_m[0] - trial.east_m, place_m[1] - trial.north_m
    left_m, forward_m = left_east * east_m + left_north * north_m, left_north * east_m - left_east * north_m
    return abs(left_m) <= half_m and abs(forward_m) <= reach_m
