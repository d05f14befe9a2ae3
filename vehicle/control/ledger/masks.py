"""The ledger's part of the tick: which ground the tool has passed, and which of it the record may claim.

`swept`: the tool, engaged, has passed by the estimate; unshrunk; decides where tracks may stand. `credited`: rotor,
depth, ground speed, tilt and position were all proven in every tick of an unbroken run; the sides are drawn in by
k sigma, the start is trimmed by k sigma, and credit lags the tool by k sigma: what lags when the run breaks is
dropped. So whatever the position was wrong by, up to k sigma, credited ground was under the tool. A short loss of the
fix breaks no run whose place is proven on both sides of it (`bracket.py`).
"""

import math
from typing import Final

from msgspec.structs import replace

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.detonation import is_large
from vehicle.contracts.ledger_types import Bracket, Knowledge, LedgerRun, Observed, Order, ToolLine
from vehicle.contracts.messages import ControllerStatus, Estimate, Margin
from vehicle.contracts.units import NEVER_NS, NS_PER_S, TICK_NS
from vehicle.control import beat
from vehicle.control import depth as depths
from vehicle.control.depth import Depth
from vehicle.control.ground import raster
from vehicle.control.ledger import bracket as brackets
from vehicle.control.ledger import strokes, trials, withdrawal
from vehicle.control.ledger.rule import MOVING_MPS, Rule, believable, engaged, rule, tool_line, unmet_conditions
from vehicle.control.state import LedgerState

GAP_NS: Final = TICK_NS * 5 // 2
"""Ticks further apart than this leave ground unmeasured: the run breaks. Half a tick of lateness is forgiven."""

RETREAT_M: Final = 0.02
"""A tool that falls back by more than this, or one end of it behind the last stroke, ends the run (jitter is less)."""

CUT_M: Final = 0.02
"""Shortest way worth a stroke when a run ends: bounds the strokes of a flickering condition to every 2 cm."""

LINES_MAX: Final = 24
"""Remembered lines: 2.4 m of way. Older ground is out of reach, which can only withhold credit."""

NO_MARGIN: Final = Margin()


def step(
    state: LedgerState,
    estimate: Estimate,
    status: ControllerStatus | None,
    config: VehicleConfig,
    now_ns: int,
    *,
    status_fresh: bool,
    rotor_doubted: bool = False,
    orders: tuple[Order | Observed, ...] = (),
    margin: Margin = NO_MARGIN,
) -> LedgerState:
    """The masks after this tick. The same object comes back while the tool is out of the ground and nothing is ordered.

    `rotor_doubted`: the rotor's shown speed proves nothing. What is withdrawn ends the run under way, and so does a
    large shock: no claim may rest on lines from before and after it.
    """
    if orders:
        state = _told(state, orders, config, now_ns)
        if _divides(orders):
            return state
    if state.pending:
        state = withdrawal.advanced(state, config.mission.cell_m)
    run = state.run
    if status is None or not _in_ground(estimate, status):
        return state if run is None else _lifted(state, rule(config))
    rules = rule(config)
    if status_fresh and believable(rules, status):
        state = replace(state, depth=_measured(state, estimate, status, config, now_ns))
    depth_m = depths.proven_m(state.depth, config.mission, margin.depth_bias_m)
    unmet = unmet_conditions(rules, estimate, status, depth_m, status_fresh=status_fresh)
    if rotor_doubted and rules.needs_rotor:
        unmet |= raster.ROTOR_SLOW
    line = tool_line(rules, estimate, depth_m, margin)
    if margin.withhold and _credit_flag(unmet):
        state = trials.tried(state, line, margin.depth_bias_m)
    if margin.withhold or depths.doubtful(state.depth):
        unmet |= raster.OTHER
    mean_m = depths.mean_m(state.depth)
    if run is not None and (state.bracket is not None or brackets.opens(run, estimate, unmet)):
        bracket = state.bracket or brackets.opened(run, estimate)
        at_work = engaged(rules, estimate, mean_m, 0)
        return _bracketed(state, run, bracket, line, estimate, unmet, rules, now_ns, at_work=at_work)
    at_work = engaged(rules, estimate, mean_m, unmet)
    if run is not None and _torn(run, line, estimate, rules, now_ns):
        state = _closed(state, rules)
        run = None
    if run is None:
        return replace(state, run=_begun(line, unmet, now_ns, at_work=at_work))
    return _advanced(state, run, line, unmet, rules, now_ns, at_work=at_work)


def crediting(state: LedgerState) -> bool:
    """The ground under the tool is being credited."""
    return state.run is not None and state.run.credit_flag == raster.CREDITED and state.bracket is None


def bracketed(state: LedgerState) -> bool:
    """Whether it is, the place at the other end of a loss of the fix will tell."""
    return state.bracket is not None


def _divides(orders: tuple[Order | Observed, ...]) -> bool:
    """What was worked before is withdrawn, or waits for a count of the hammers; what comes after does not."""
    return any(is_large(order) if isinstance(order, Observed) else not order.good for order in orders)


def _told(state: LedgerState, orders: tuple[Order | Observed, ...], config: VehicleConfig, now_ns: int) -> LedgerState:
    """The masks with what other rooms came to know; a depth that is good again contradicts nothing any more.

    Where it is wrong by no bias that is known, what was tried before is no way back.
    """
    about = [order for order in orders if isinstance(order, Order) and order.kind is Knowledge.DEPTH]
    if any(not order.good and order.bias_m == 0.0 for order in about):
        state = replace(state, trials=())
    if _divides(orders):
        state = _closed(state, rule(config))
    if any(order.good for order in about):
        state = replace(state, depth=Depth())
    return withdrawal.ordered(state, orders, config.mission.required_depth_m, now_ns)


def _lifted(state: LedgerState, rules: Rule) -> LedgerState:
    """The tool left the ground."""
    return replace(_closed(state, rules), depth=depths.lifted(state.depth))


def _measured(
    state: LedgerState, estimate: Estimate, status: ControllerStatus, config: VehicleConfig, now_ns: int
) -> Depth:
    """The depth with this status; its way is what the machine drives in a tick."""
    way_m = estimate.speed_mps * beat.carried_s(state.run.t_ns if state.run is not None else NEVER_NS, now_ns)
    return depths.step(state.depth, status, estimate.pitch_rad, max(0.0, way_m), config.machine)


def _in_ground(estimate: Estimate, status: ControllerStatus) -> bool:
    """The tool is in the ground, going forward or standing, at a place that is known. NaN counts as no."""
    place = estimate.tool_east_m + estimate.tool_north_m + estimate.yaw_rad + estimate.roll_rad + estimate.pitch_rad
    forward = estimate.speed_mps >= -MOVING_MPS
    return estimate.valid and forward and status.depth_m > 0.0 and math.isfinite(place)


def _credit_flag(unmet: int) -> int:
    """What a run of such ticks may claim: credit, or processed below depth, or nothing."""
    if unmet == 0:
        return raster.CREDITED
    return raster.BELOW if unmet == raster.SHALLOW else 0


def _begun(line: ToolLine, unmet: int, now_ns: int, *, at_work: bool) -> LedgerRun:
    flag = _credit_flag(unmet)
    return LedgerRun(
        t_ns=now_ns,
        lines=(line,),
        tip=line,
        stray_left_m=0.0,
        stray_right_m=0.0,
        unmet_conditions=unmet,
        swept_from=line if at_work else None,
        swept_done_m=0.0,
        credit_from=line if flag else None,
        credit_done_m=0.0,
        credit_flag=flag,
    )


def _torn(run: LedgerRun, line: ToolLine, estimate: Estimate, rules: Rule, now_ns: int) -> bool:
    """Ticks are missing, or the position moved further than the machine can have driven."""
    if not 0 < now_ns - run.t_ns <= GAP_NS:
        return True
    moved_m = math.hypot(line.east_m - run.tip.east_m, line.north_m - run.tip.north_m)
    # what a reading claims is no measure of itself: the machine's own bounds are
    speed_mps = min(abs(estimate.speed_mps), rules.fastest_mps)
    driven_mps = speed_mps + min(abs(estimate.yaw_rate_radps), rules.turn_max_radps) * rules.ahead_m
    driven_m = driven_mps * (now_ns - run.t_ns) / NS_PER_S
    return not moved_m <= driven_m + rules.k_sigma * line.sigma_m + CUT_M


def _closed(state: LedgerState, rules: Rule) -> LedgerState:
    """The run ends at its last good line: what may be claimed up to there is, what lags is dropped.

    That of a bracket is the one before it.
    """
    run = state.run if state.bracket is None else state.bracket.before
    if state.bracket is not None:
        state = replace(state, run=run, bracket=None)
    if run is not None and run.tip.path_m - run.swept_done_m >= CUT_M:
        state = _stroked(state, run, rules)
    return replace(state, run=None)


def _bracketed(
    state: LedgerState,
    run: LedgerRun,
    bracket: Bracket,
    line: ToolLine,
    estimate: Estimate,
    unmet: int,
    rules: Rule,
    now_ns: int,
    *,
    at_work: bool,
) -> LedgerState:
    """The run goes on as if its place were proven, and no stroke is drawn of that before it is.

    How far a reckoned line went is no claim: the way counts from the last one that was proven.
    """
    # only a blade or a plough is not at work here: because it stands, on ground that it has passed
    at_work = at_work or run.swept_from is not None
    proven = bracket.before.tip
    run = replace(run, tip=replace(run.tip, path_m=proven.path_m)) if run.tip.path_m > proven.path_m else run
    line = brackets.carried(bracket, line, estimate, rules)
    if _torn(run, line, estimate, rules, now_ns):
        return _closed(replace(state, bracket=bracket), rules)
    followed = brackets.followed(bracket, run.tip, line, estimate, unmet, now_ns)
    if followed is None or _retreats(run, line):
        return _unproven(_closed(replace(state, bracket=bracket), rules), proven, line, unmet, now_ns)
    kept = None if brackets.closed(followed) else followed
    return _advanced(replace(state, bracket=kept), run, line, 0, rules, now_ns, at_work=at_work)


def _unproven(state: LedgerState, proven: ToolLine, line: ToolLine, unmet: int, now_ns: int) -> LedgerState:
    """What the tool passed since the last proven line is marked as that; credit begins anew in the tick after this."""
    base = replace(proven, path_m=0.0, bow_left_m=0.0, bow_right_m=0.0)
    forward_m, left_m, swing_m = _relative(base, line)
    path_m = max(0.0, forward_m + swing_m)
    run = replace(_begun(base, unmet | raster.UNPROVEN, now_ns, at_work=False), tip=replace(line, path_m=path_m))
    return replace(state, run=replace(run, stray_left_m=max(0.0, left_m), stray_right_m=max(0.0, -left_m)))


def _advanced(
    state: LedgerState, run: LedgerRun, line: ToolLine, unmet: int, rules: Rule, now_ns: int, *, at_work: bool
) -> LedgerState:
    """The run goes on by one tick; a condition that changed ends or starts a stretch exactly here."""
    flag = _credit_flag(unmet)
    ends = (run.credit_flag and flag != run.credit_flag) or (run.swept_from is not None and not at_work)
    cut = ends and state.bracket is None and run.tip.path_m - run.lines[-1].path_m >= CUT_M
    if cut:
        state = _stroked(state, run, rules)
        assert state.run is not None
        run = state.run
    base = run.lines[-1]
    forward_m, left_m, swing_m = _relative(base, line)
    path_m = base.path_m + forward_m + swing_m
    if _retreats(run, line):
        state = _closed(state, rules)
        return replace(state, run=_begun(line, unmet, now_ns, at_work=at_work))
    path_m = max(path_m, run.tip.path_m)
    starts = flag not in (0, run.credit_flag)
    tip = _tip(run, line, path_m, left_m, starts=starts)
    run = LedgerRun(
        t_ns=now_ns,
        lines=run.lines,
        tip=tip,
        stray_left_m=max(run.stray_left_m, left_m),
        stray_right_m=max(run.stray_right_m, -left_m),
        unmet_conditions=run.unmet_conditions | unmet,
        swept_from=(run.swept_from or tip) if at_work else None,
        swept_done_m=run.swept_done_m,
        credit_from=(tip if starts else run.credit_from) if flag else None,
        credit_done_m=path_m if starts else run.credit_done_m,
        credit_flag=flag,
    )
    state = replace(state, run=run)
    if state.bracket is not None:
        return state
    # At most one stroke a tick: the journal looks once a tick, and each of its records is one stroke.
    return _stroked(state, run, rules) if path_m - base.path_m >= strokes.STROKE_M and not cut else state


def _retreats(run: LedgerRun, line: ToolLine) -> bool:
    """The tool, or one end of it, falls back."""
    forward_m, _, swing_m = _relative(run.lines[-1], line)
    fell_m = run.tip.path_m - run.lines[-1].path_m - forward_m - swing_m
    return forward_m - swing_m < -RETREAT_M or fell_m > RETREAT_M


def _tip(run: LedgerRun, line: ToolLine, path_m: float, left_m: float, *, starts: bool) -> ToolLine:
    """The newest line with the worst of its interval: since the last stroke, or since credit started within it."""
    old = run.tip
    fresh = starts or old == run.lines[-1]  # by value: a replay that begins here has no object in common
    return ToolLine(
        east_m=line.east_m,
        north_m=line.north_m,
        half_east_m=line.half_east_m,
        half_north_m=line.half_north_m,
        path_m=path_m,
        sigma_m=line.sigma_m if fresh else max(old.sigma_m, line.sigma_m),
        end_sigma_m=line.end_sigma_m if fresh else max(old.end_sigma_m, line.end_sigma_m),
        depth_m=line.depth_m if fresh else min(old.depth_m, line.depth_m),
        bow_left_m=max(0.0, run.stray_left_m - max(0.0, left_m)),
        bow_right_m=max(0.0, run.stray_right_m + min(0.0, left_m)),
    )


def _relative(base: ToolLine, line: ToolLine) -> tuple[float, float, float]:
    """Way forward and to the left of a line's centre since `base`, and what its turn adds to the faster end."""
    half_m = math.hypot(base.half_east_m, base.half_north_m)
    left_east, left_north = base.half_east_m / half_m, base.half_north_m / half_m
    east_m, north_m = line.east_m - base.east_m, line.north_m - base.north_m
    swing_m = abs(left_north * line.half_east_m - left_east * line.half_north_m)
    return left_north * east_m - left_east * north_m, left_east * east_m + left_north * north_m, swing_m


def _stroked(state: LedgerState, run: LedgerRun, rules: Rule) -> LedgerState:
    """Apply the stroke that ends at the run's tip and start the next interval there."""
    number = 1 if state.stroke is None else state.stroke.number + 1
    stroke, credit_done_m, needed = strokes.stroke(run, rules, number)
    run = LedgerRun(
        t_ns=run.t_ns,
        lines=(*needed, run.tip)[-LINES_MAX:],
        tip=run.tip,
        stray_left_m=0.0,
        stray_right_m=0.0,
        unmet_conditions=0,
        swept_from=run.swept_from,
        swept_done_m=run.tip.path_m,
        credit_from=run.credit_from,
        credit_done_m=credit_done_m if run.credit_from is not None else run.credit_done_m,
        credit_flag=run.credit_flag,
    )
    marks = withdrawal.remembered(state.marks, stroke.t_ns, number)
    return strokes.apply(replace(state, run=run, stroke=stroke, marks=marks), stroke, rules.cell_m)
