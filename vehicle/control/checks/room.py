"""The checks' part of the tick: observations in, answers out, orders for the ledger, what is due, and the margin.

Nothing here moves or stops anything; it decides how much of what was worked may be claimed.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import Observation, ObservationKind, ObservationResult, ObservationVerdict
from vehicle.config.machine_parts import ToolConfig
from vehicle.config.vehicle import MachineConfig, VehicleConfig
from vehicle.contracts import detonation, shift_state, skipped
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.ledger_types import Claim, HeldBack, Knowledge, Observed, Order
from vehicle.contracts.messages import Due, Margin
from vehicle.contracts.people import Moment, follow
from vehicle.contracts.plan import Plan
from vehicle.contracts.units import NS_PER_S, TICK_S
from vehicle.control import depth as depths
from vehicle.control.checks import machine_check, measured
from vehicle.control.checks.judge import judged, was_set
from vehicle.control.checks.open_items import seen_with
from vehicle.control.checks.people import Around
from vehicle.control.checks.seen import Seen
from vehicle.control.checks_state import Calibration, ChecksState
from vehicle.control.shock import Shock, weighed
from vehicle.control.state import LedgerState, WireState

ANSWERS_KEPT: Final = 64
"""Observations that may be repeated before they count as new; a station repeats one within seconds."""
A_TICK: Final = 8
"""More observations in 20 ms come from nobody's hand."""
HAMMER_CHECK_S: Final = 7_200.0
"""A count is due after so long with the tool down, if no visit to parking brought one."""
UNSEEN_STEP_M: Final = 0.02
"""A step aside of less than 1 cm + 4 cm of noise + 2 degrees of the way is not seen to be one (`estimate/track.py`):
6 cm where sigma is 2 cm, at working speed. With this the margin is 8 cm, which holds 5.5 cm of step and the noise of
the place (`python -m benchmarks.beliefs fix_aside`)."""
BASE_BOUND_M: Final = 0.02
"""What a check of the base lets pass."""
UNKNOWN_BASE: Final = 0
"""Of a receiver that does not tell whose corrections it uses: whether the base is still the same, nobody sees."""
SHOCK_OVER_S: Final = 1.0
"""A shock that comes later than so long after the last one is another one."""
MEASURED: Final = Calibration(
    heading_bound_rad=math.radians(0.3), tilt_bound_rad=math.radians(0.3), place_bound_m=0.01, made_utc="before"
)
"""What a full check that found nothing leaves open: what the daily check lets pass (0.3 degrees), and 1 cm of lever."""

ALONE: Final = Around()
"""Without anything that sign-in or hand-over could be judged by."""

Claimed = Callable[[tuple[float, float]], Claim | None]


def step(
    state: ChecksState,
    observations: tuple[Observation, ...],
    wire: WireState,
    ledger: LedgerState,
    claimed: Claimed,
    *,
    config: VehicleConfig,
    datum: LocalFrame,
    session_id: int,
    now_ns: int,
    plan: Plan | None = None,
    tool_m: tuple[float, float] | None = None,
    tool_error_m: float = 0.0,
    detonated: bool = False,
    place_shown: bool = True,
    tick_s: float = TICK_S,
    around: Around = ALONE,
) -> tuple[ChecksState, tuple[Order | Observed, ...]]:
    """One tick; `claimed` gives what is on record at a place, `plan` is held. The ledger is told in order.

    `tool_m`: the middle of the tool, ENU, None where it was never known; `tool_error_m`: it may be so far off;
    `detonated`: the gate took a shock for a large one in the tick before. `place_shown` as in `PlaceState`;
    `tick_s`: since the tick before.
    """
    orders: list[Order | Observed] = []
    state = _watched(state, wire, ledger, orders, now_ns, tick_s)
    if place_shown != state.place_shown:
        state = replace(state, place_shown=place_shown)
    half_m = 0.5 * config.machine.tool.width_m
    felt = partial(_felt, wire=wire, place_m=tool_m, within_m=half_m + tool_error_m, now_ns=now_ns)
    state = _shaken(state, wire, config.machine.tool, felt, now_ns, orders, detonated=detonated)
    seen_now = machine_check.watched(state.machine, wire, config.machine, datum)
    if seen_now is not state.machine:
        state = replace(state, machine=seen_now)
    for observation in observations[:A_TICK]:
        known = _answered(state, observation)
        if known is not None:
            state = replace(state, results=(*state.results, known))
            continue
        place_m = _place_m(observation, datum)
        if observation.session_id != session_id:
            refusal = "this vehicle has restarted: send it again"
        else:
            vehicle_us = utc_us(wire, now_ns)
            state = measured.ahead_us(state, observation, vehicle_us)
            moment_ns = measured.at_ns(state, observation, vehicle_us, now_ns)
            claim = claimed(place_m) if place_m is not None else None
            seen = replace(
                _seen(state.worked_m2, wire, ledger, moment_ns, claim=claim, config=config),
                utc_us=vehicle_us,
                t_ns=now_ns,
                plan=plan,
                around=around,
            )
            state, told, refusal = judged(state, observation, seen)
            if not refusal:
                kept = _of_swath(_kept(observation, place_m, now_ns, half_m), plan)
                state = replace(state, skips=skipped.with_told(state.skips, kept), seen=seen_with(state.seen, kept))
                orders += [kept, *told]
        verdict = ObservationVerdict.REFUSED if refusal else ObservationVerdict.RECORDED
        result = ObservationResult(
            station_id=observation.station_id, sequence=observation.sequence, result=verdict, text=refusal
        )
        state = replace(state, results=(*state.results, result), answers=(*state.answers, result)[-ANSWERS_KEPT:])
    state = _shift_seen(state, wire, now_ns)
    return _concluded(state, ledger, config), tuple(orders)


def _seen(
    swept_m2: float,
    wire: WireState,
    ledger: LedgerState,
    moment_ns: int | None,
    *,
    claim: Claim | None,
    config: VehicleConfig,
) -> Seen:
    """What wires and ledger say of a measurement made at that moment, None: nobody knows when."""
    return Seen(
        config=config,
        claim=claim,
        swept_m2=swept_m2,
        at_ns=moment_ns,
        number=measured.number_at(ledger, moment_ns) if moment_ns is not None else None,
        sigma_m=wire.status.depth_sigma_m if wire.status is not None else math.inf,
        newest=ledger.stroke.number if ledger.stroke is not None else 0,
        read_numbers=ledger.depth_good,
    )


def _shift_seen(state: ChecksState, wire: WireState, now_ns: int) -> ChecksState:
    """With what still blocks START of a mission; it may come back with time alone, when the shift is over."""
    shift = state.shift
    if not shift.used:
        return state
    now = shift_state.ShiftNow(utc_us=utc_us(wire, now_ns), t_ns=now_ns)
    missing = shift_state.missing(shift, now)
    wrong = shift_state.is_over(shift, now) and shift_state.begins_later(shift, now)
    if (missing, wrong) == (shift.missing, shift.clock_wrong):
        return state
    return replace(state, shift=replace(shift, missing=missing, clock_wrong=wrong))


def _concluded(state: ChecksState, ledger: LedgerState, config: VehicleConfig) -> ChecksState:
    """With what is due and the margin; the same object comes back where nothing changed."""
    now = due(state, config)
    newest = ledger.stroke.number if ledger.stroke is not None else 0
    if now.depth and not state.due.depth:
        state = replace(state, depth_due_number=newest)
    elif state.due.depth and not now.depth:
        # the stroke that is under way rests on lines of both times
        row = HeldBack(
            first_number=state.depth_due_number + 1,
            last_number=newest + 1,
            bias_m=state.margin.depth_bias_m - depths.DUE_M,
        )
        state = replace(state, depth_due_before=(*state.depth_due_before, row))
    bounds = margin(state, now, config)
    return state if (now, bounds) == (state.due, state.margin) else replace(state, due=now, margin=bounds)


def _watched(
    state: ChecksState, wire: WireState, ledger: LedgerState, orders: list[Order | Observed], now_ns: int, tick_s: float
) -> ChecksState:
    """What the wires tell by themselves: another base, time with the tool down, a depth that contradicts."""
    changes: dict[str, object] = {}
    state = measured.with_past(measured.restored(state, now_ns), ledger.swept_m2, now_ns)
    if state.results:
        changes["results"] = ()
    if wire.gnss_fresh and wire.gnss is not None and wire.gnss.base_id != state.base_id:
        changes["base_id"] = wire.gnss.base_id
        if state.base_id != -1:
            changes["base_open"] = False
            state = measured.doubted(state, now_ns, Knowledge.BASE)
    if ledger.run is not None:
        changes["down_s"] = state.down_s + tick_s
    wrong = depths.contradicts(ledger.depth)
    if wrong != state.contradicted:
        changes["contradicted"] = wrong
        if wrong:
            state = measured.doubted(state, now_ns, Knowledge.DEPTH)
            apart_m = ledger.depth.apart_m
            reason = f"depth and tool height {abs(apart_m):.2f} m apart over {depths.LONG_WAY_M:g} m of way"
            orders.append(Order(kind=Knowledge.DEPTH, good=False, reason=reason, by="the vehicle"))
    return replace(state, **changes) if changes else state


def _shaken(
    state: ChecksState,
    wire: WireState,
    tool: ToolConfig,
    felt: Callable[[Shock], Observed],
    now_ns: int,
    orders: list[Order | Observed],
    *,
    detonated: bool,
) -> ChecksState:
    """A shock: hammers are counted at the next visit to the parking, after a large one before anything is credited.

    Its place goes into the record when it begins, and again where it grows.
    """
    heard = weighed(wire.status, tool) if wire.status_fresh and wire.status is not None else Shock.NONE
    found = Shock.LARGE if detonated else heard
    if found is Shock.NONE:
        return state
    over = state.shock == 0 or (now_ns - state.shock_t_ns) / NS_PER_S > SHOCK_OVER_S
    heaviest = found if over else max(found, Shock(state.shock))
    if over or heaviest > state.shock:
        orders.append(felt(heaviest))
    large = found is Shock.LARGE
    return replace(
        measured.doubted(state, now_ns, Knowledge.HAMMERS),
        shocked=True,
        shock=int(heaviest),
        shock_t_ns=now_ns,
        hammers_struck=state.hammers_struck or large,
        machine_struck=state.machine_struck or large,
    )


def _felt(
    weight: Shock, *, wire: WireState, place_m: tuple[float, float] | None, within_m: float, now_ns: int
) -> Observed:
    peak_g = wire.status.shock_peak_g if wire.status is not None else 0.0
    told = f", {peak_g:g} g" if peak_g != 0.0 else ""
    return Observed(
        kind=detonation.SHOCK,
        value=float(weight),
        sigma=None,
        place_m=place_m,
        by="vehicle",
        text=f"{weight.name.lower()} shock{told}",
        station_id=0,
        t_ns=now_ns,
        utc_us=utc_us(wire, now_ns),
        within_m=within_m if place_m is not None else 0.0,
    )


def utc_us(wire: WireState, now_ns: int) -> int | None:
    """Now, as the receiver has it; None where it does not know."""
    told_us = wire.gnss.time_utc_us if wire.gnss is not None else None
    return told_us + (now_ns - wire.gnss_t_ns) // 1000 if told_us is not None and was_set(told_us) else None


def _answered(state: ChecksState, observation: Observation) -> ObservationResult | None:
    name = (observation.station_id, observation.sequence)
    return next((row for row in state.answers if (row.station_id, row.sequence) == name), None)


def _place_m(observation: Observation, datum: LocalFrame) -> tuple[float, float] | None:
    if observation.lat_deg is None or observation.lon_deg is None:
        return None
    east_m, north_m, _ = datum.enu_from_geodetic(observation.lat_deg, observation.lon_deg)
    return east_m, north_m


def _kept(observation: Observation, place_m: tuple[float, float] | None, now_ns: int, half_m: float) -> Observed:
    """The record of it; a detonation was anywhere under the tool (`half_m` of its width) whose middle people name."""
    detonated = observation.kind is ObservationKind.DETONATION_CLASS and place_m is not None
    return Observed(
        kind=observation.kind.name.lower(),
        value=observation.value,
        sigma=observation.sigma,
        place_m=place_m,
        by=observation.who,
        text=observation.text,
        station_id=observation.station_id,
        t_ns=now_ns,
        utc_us=observation.time_utc_us,
        within_m=half_m if detonated else 0.0,
    )


def followed(
    state: ChecksState, holder: int, wire: WireState, now_ns: int, *, rests: bool
) -> tuple[ChecksState, tuple[Observed, ...]]:
    """After the gate's step: who has control now, and what the record is to say of that.

    `holder`: the station that has control; `rests`: the machine stands in a mode in which control may be handed over.
    """
    people, rows = follow(state.people, holder, Moment(t_ns=now_ns, utc_us=utc_us(wire, now_ns)), rests=rests)
    return state if people is state.people else replace(state, people=people), rows


def _of_swath(kept: Observed, plan: Plan | None) -> Observed:
    """With the ground of the swath that it is about, if it is about one."""
    if kept.kind != skipped.SKIP_KIND or plan is None:
        return kept
    segment = skipped.swaths_of(plan)[int(kept.value) - 1]
    return replace(kept, ring_m=skipped.ring_of(segment, plan), plan_hash=plan.plan_hash)


def due(state: ChecksState, config: VehicleConfig) -> Due:
    """What the operator is told to have done; a tool without hammers has none to count."""
    mission, tool = config.mission, config.machine.tool
    worked_m2, down_s = state.worked_m2 - state.depth_from_m2, state.down_s - state.depth_from_s
    return Due(
        base=not state.base_open or state.base_id == UNKNOWN_BASE,
        check=state.calibration_due or not state.place_shown,
        depth=not state.depth_known or worked_m2 > mission.depth_check_m2 or down_s > mission.depth_check_h * 3600.0,
        hammers=tool.hammer_count > 0
        and (
            not state.hammers_known
            or state.shocked
            or state.hammers_missing > 0
            or state.down_s - state.hammers_from_s > HAMMER_CHECK_S
        ),
        depth_contradicts=state.contradicted,
    )


def margin(state: ChecksState, due: Due, config: VehicleConfig) -> Margin:
    """What the ledger draws its claims in by; where a check is due, what it would have bounded counts as unmeasured."""
    known = state.calibration if not state.calibration_due else Calibration()
    return Margin(
        side_m=side_bound_m(known, config.machine),
        yaw_rad=known.heading_bound_rad,
        depth_bias_m=state.depth_bias_m + (depths.DUE_M if due.depth else 0.0),
        withheld=withheld(state, config.machine),
    )


def withheld(state: ChecksState, machine: MachineConfig) -> str:
    """Why nothing is claimed, in few words; "" where no check failed. A hammer that leaves no stripe may be missing."""
    tool, missing = machine.tool, state.hammers_missing
    if missing > 0 and tool.hammer_count > 0 and tool.hammer_stripe_m != 0.0:
        return f"{missing} hammer{'s' if missing > 1 else ''} missing"
    if state.hammers_struck and tool.hammer_count > 0:
        return "hammers not counted since the detonation"
    if state.machine_struck:
        return "no daily or full check since the detonation"
    if state.base_failed:
        return "the check of the base failed"
    if state.calibration_failed:
        return "the daily check failed"
    if state.depth_failed:
        return "the depth reading failed"
    return "depth and tool height contradict" if state.contradicted else ""


def side_bound_m(known: Calibration, machine: MachineConfig) -> float:
    """How far the tool may be from where it is believed by errors that stay.

    Heading, tilt, lever arm, base, and a step of the place that is too small to be seen.
    They are independent and do not all stand at their bounds at once: their root of squares. A heading that is off by h
    moves the tool by h times its distance from the antenna, a tilt by its angle times the antenna's height.
    """
    gnss, tool = machine.gnss, machine.tool
    reach_m = tool.ahead_m - gnss.antenna_x_m
    heading_m, tilt_m = known.heading_bound_rad * reach_m, known.tilt_bound_rad * gnss.antenna_z_m
    place_m = known.place_bound_m
    checked_m2 = heading_m * heading_m + tilt_m * tilt_m + place_m * place_m
    return math.sqrt(checked_m2 + BASE_BOUND_M * BASE_BOUND_M + UNSEEN_STEP_M * UNSEEN_STEP_M)


def planned_bound_m(machine: MachineConfig, *, checked: bool = True) -> float:
    """What a plan allows for beside a swath: of a machine whose checks are made, or of one that nobody has checked."""
    return side_bound_m(MEASURED if checked else Calibration(), machine)


def planned_end_bound_m(machine: MachineConfig, *, checked: bool = True) -> float:
    """The same at the ends of a swath, where a wrong heading makes one end of the tool trail."""
    known = MEASURED if checked else Calibration()
    return planned_bound_m(machine, checked=checked) + 0.5 * machine.tool.width_m * known.heading_bound_rad


def all_made(known: Calibration | None = None) -> ChecksState:
    """A shift that began with every check made and good."""
    return ChecksState(
        base_open=True,
        depth_known=True,
        hammers_known=True,
        calibration=known if known is not None else MEASURED,
        calibration_due=False,
    )
