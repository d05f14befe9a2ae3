"""A short loss of the fix between two proven places: what the tool passed meanwhile is bracketed by them.

The receiver proves the tool's place before the loss and, looked at for a second, after it. From the one to the other
the tool went without a leap, so it passed every station between, with rotor, depth and speed measured in each tick.
What may lie between beside the chord is bounded by what belts and gyro reckoned: the sides are drawn in to the
innermost of all lines, and by `ASIDE_RATIO` of the way. So nothing is claimed of the loss itself before its other end
is known, and nothing at all where that end is another place than the one reckoned, or anything else was not proven.
"""

import math

from msgspec.structs import replace

from vehicle.contracts.ledger_types import Bracket, LedgerRun, ToolLine
from vehicle.contracts.messages import Estimate
from vehicle.contracts.units import NS_PER_S
from vehicle.control.ground import raster
from vehicle.control.ledger.rule import Rule

WAY_MAX_M = 0.3
"""Of the tool's middle since the place was last proven: twice what a machine of 0.45 m/s needs to a stand."""
TIME_MAX_NS = 25 * NS_PER_S
"""A WAIT of 20 s, the tick before it and the look after it."""
LOOK_TICKS = 50
"""The place after the loss must be proven for a second on end: the mean of ten epochs."""
ASIDE_RATIO = 0.12
"""Share of the way that a machine may have gone aside of where it points: the most that the filter lets it creep (0.3)
on the steepest side slope of a profile (20 degrees)."""
LEAP_MAX_M = 0.05
"""What the place may shift by when it comes back: 3 cm of the body, and 0.3 degrees at the tool."""


def opens(run: LedgerRun | None, estimate: Estimate, unmet: int) -> bool:
    """The place alone stopped being proven, in a run that was credited up to here."""
    credited = run is not None and run.credit_flag == raster.CREDITED
    return credited and unmet == raster.UNPROVEN and estimate.position_reckoned


def opened(run: LedgerRun, estimate: Estimate) -> Bracket:
    """From the last proven line of this run on."""
    return Bracket(before=run, doubt_m=estimate.doubt_m)


def carried(bracket: Bracket, line: ToolLine, estimate: Estimate, rule: Rule) -> ToolLine:
    """A line that was reckoned, with the uncertainty of the last one that was proven, and of the way since."""
    if estimate.position_proven:
        return line
    proven = bracket.before.tip
    grown_m = ASIDE_RATIO * way_m(bracket, line) / rule.k_sigma
    return replace(line, sigma_m=proven.sigma_m + grown_m, end_sigma_m=proven.end_sigma_m + grown_m)


def way_m(bracket: Bracket, line: ToolLine) -> float:
    """Of the tool's middle since it was last proven, as the crow flies."""
    proven = bracket.before.tip
    return math.hypot(line.east_m - proven.east_m, line.north_m - proven.north_m)


def followed(
    bracket: Bracket, before: ToolLine, line: ToolLine, estimate: Estimate, unmet: int, now_ns: int
) -> Bracket | None:
    """The bracket one tick further; None where it proves nothing any more. `before`: the line of the last tick."""
    in_time = now_ns - bracket.before.t_ns <= TIME_MAX_NS
    steady = math.hypot(line.east_m - before.east_m, line.north_m - before.north_m) <= LEAP_MAX_M
    if not (in_time and steady and way_m(bracket, line) <= WAY_MAX_M and estimate.doubt_m <= bracket.doubt_m):
        return None
    if unmet == 0:
        return replace(bracket, looks=bracket.looks + 1)
    return replace(bracket, looks=0) if unmet == raster.UNPROVEN and estimate.position_reckoned else None


def closed(bracket: Bracket) -> bool:
    """The place at its other end was looked at for long enough."""
    return bracket.looks >= LOOK_TICKS
