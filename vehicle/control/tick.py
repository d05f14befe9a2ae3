r"""One step of the whole vehicle, 50 times a second: pure, no clock, no I/O, no await.

controller, sources -> checks, estimate -> mission -> drive, flail -> safety -> controller
                                                                         \-> ledger -> sinks

Coverage plans outside the tick: a plan is an input of the mission like any other.
"""

import math
from functools import partial
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import Observation, ObservationKind
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.by_machine import of_machine
from vehicle.contracts.detonation import is_heavier, is_picture_good
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.ledger_types import Knowledge, Observed, Order
from vehicle.contracts.messages import (
    MISSION_MODES,
    STARTS,
    DriveRequest,
    Estimate,
    Event,
    Inputs,
    Mode,
    Neighbour,
    OperatorEdge,
    OperatorFrame,
    Outputs,
    Requests,
    RotorState,
    StartBlock,
    StartRefusal,
    Task,
)
from vehicle.contracts.plan import works
from vehicle.contracts.shift_state import due_text
from vehicle.control import beat, neighbours, plan_assignment
from vehicle.control import report as reports
from vehicle.control.checks import machine_check, measured, notes
from vehicle.control.checks import room as checks
from vehicle.control.checks.calibrated import corrected
from vehicle.control.checks.on_record import new_on_record
from vehicle.control.checks.open_items import open_items
from vehicle.control.checks.people import RESTS, Around
from vehicle.control.checks_state import ChecksState
from vehicle.control.drive import follower, manual
from vehicle.control.estimate import fusion, place
from vehicle.control.estimate import wire as wires
from vehicle.control.estimate_state import EstimateState
from vehicle.control.events import changes
from vehicle.control.flail import governor
from vehicle.control.ground import raster, support
from vehicle.control.ledger import claims, masks
from vehicle.control.mission import job
from vehicle.control.mission import task as wishes
from vehicle.control.safety import gate as safety
from vehicle.control.safety import rings
from vehicle.control.safety.measurements import stands_now
from vehicle.control.safety.modes import ARMED
from vehicle.control.state import FlailState, MissionState, RotorWatch, VehicleState, WireState

START: Final = int(OperatorEdge.MISSION_START)
SEGMENTS_LOOKED_AT: Final = 2
"""A mission begins only if neither its present segment nor the next one brings rings together."""
GONE: Final = "neighbour gone:"
"""A note that begins so names a silent neighbour who left the task; its ring is no longer reckoned with."""


def tick(state: VehicleState, inputs: Inputs, now_ns: int) -> tuple[VehicleState, Outputs]:
    """The next state and what goes out. Same state, same inputs, same time: same outputs, bit for bit."""
    config = state.config
    number = state.tick + 1
    assigned: tuple[Event, ...] = ()
    if inputs.plan is not None or state.waiting is not None:
        state, assigned = plan_assignment.step(state, inputs.plan, now_ns)
    # controller, sources -> checks, estimate
    held_rad = state.estimate.x[2] if state.estimate.ready else None
    inputs = corrected(inputs, state.checks.calibration, config.machine, held_rad)
    wire = wires.step(state.wire, inputs, now_ns)
    belief = fusion.step(state.estimate, wire, config, state.datum, now_ns)
    estimate = fusion.estimate(belief, wire, config, now_ns)
    around = _around(state, wire, inputs, belief, now_ns)
    known, orders = _checked(state, inputs, wire, belief, estimate, around, now_ns)
    belief = _at_mark(belief, wire, known, orders, config, state.datum, now_ns)
    here_m = (estimate.east_m, estimate.north_m)
    new = new_on_record(inputs.observations, state.checks, known)
    others = _without_gone(state, new, now_ns)
    beats_ns = state.gate.monitor.beats_ns
    near = neighbours.step(others, inputs.neighbours, state.datum, here_m, number, now_ns, beats_ns)
    # -> mission
    mission = job.step(state.mission, _job_inputs(state), estimate, config, now_ns)
    # -> drive, flail, by the frame that counts
    frames = safety.accept(state.gate, wire, config, number, now_ns)
    task = wishes.task(mission, estimate, config)
    flail = governor.step(state.flail, wire, task, config, known.margin.depth_bias_m)
    refused = _start_refused(state, frames.edges, mission, estimate, near)
    may, sticks = not refused, frames.frame
    late = beat.late(beats_ns, now_ns)
    requests = _requests(
        state, sticks, known, mission, task, estimate, wire, flail, near=near, new=new, startable=may, late=late
    )
    # -> safety
    gate, command, gated = safety.step(state.gate, frames, wire, estimate, requests, config, number, now_ns)
    # \-> ledger
    known, control = checks.followed(known, gate.holder, wire, now_ns, rests=around.stands and gate.mode in RESTS)
    placed = _orders(place.earlier_ns(estimate.revoke_t_ns, belief.place.revoke_t_ns))
    turned = _rotor_orders(state.gate.monitor.rotor_watch, gate.monitor.rotor_watch)
    told = (*orders, *control, *placed, *turned)
    ledger = masks.step(
        state.ledger,
        estimate,
        wire.status,
        config,
        now_ns,
        status_fresh=_proves(wire),
        rotor_doubted=gate.monitor.rotor_watch.doubt_tick > 0,
        orders=told,
        margin=known.margin,
    )
    after = replace(
        state,
        tick=number,
        wire=wire,
        estimate=belief,
        mission=mission,
        flail=flail,
        gate=gate,
        ledger=ledger,
        checks=known,
        tracks_supported=requests.tracks_supported,
        report=gated,
        neighbours=near,
    )
    events = assigned + changes(state, after, estimate, gated, refused)
    due = reports.is_due(number) or bool(events)
    start = _start_refusal(after, mission, estimate, near) if due else STARTS
    report = reports.report(after, estimate, gated, task, start) if due else None
    return after, Outputs(command=command, report=report, events=events, results=known.results)


def _checked(
    state: VehicleState,
    inputs: Inputs,
    wire: WireState,
    belief: EstimateState,
    estimate: Estimate,
    around: Around,
    now_ns: int,
) -> tuple[ChecksState, tuple[Order | Observed, ...]]:
    """What people told and the wires show: what is known now, and what the ledger is told.

    Without a fix the tool's place is the last good one, carried on by belts and gyro, and its error grows with the way.
    """
    tool_m = (estimate.tool_east_m, estimate.tool_north_m)
    error_m = state.config.mission.k_sigma * estimate.tool_sigma_m + estimate.doubt_m + belief.place.gap_m
    return checks.step(
        state.checks,
        inputs.observations,
        wire,
        state.ledger,
        partial(claims.at, state.ledger, cell_m=state.config.mission.cell_m),
        config=state.config,
        datum=state.datum,
        session_id=state.session_id,
        now_ns=now_ns,
        plan=state.mission.plan,
        tool_m=tool_m if belief.ready and math.isfinite(sum(tool_m)) else None,
        tool_error_m=error_m,
        detonated=state.gate.shock_tick == state.tick > 0,
        place_shown=belief.place.shown,
        tick_s=beat.since_beat_s(state.gate.monitor.beats_ns, now_ns),
        around=around,
    )


def _around(state: VehicleState, wire: WireState, inputs: Inputs, belief: EstimateState, now_ns: int) -> Around:
    """What sign-in and hand-over are judged by; standstill is asked for only where one of them needs it."""
    asked = bool(inputs.observations) or state.checks.people.hand_over is not None
    stands = asked and stands_now(wire, state.gate.monitor.rest_ticks, state.config, now_ns) is True
    items = partial(open_items, state.checks, state.gate, state.mission, wire, checks.utc_us(wire, now_ns))
    return Around(
        mode=state.gate.mode, holder=state.gate.holder, stands=stands, items=items, stands_t_ns=belief.stands_t_ns
    )


def _at_mark(
    belief: EstimateState,
    wire: WireState,
    known: ChecksState,
    orders: tuple[Order | Observed, ...],
    config: VehicleConfig,
    datum: LocalFrame,
    now_ns: int,
) -> EstimateState:
    """The estimate after the machine itself, standing on a control point, measured it.

    A rover's pole shows that the base is right, and nothing of the machine's own receiver; a mark that the machine has
    left since shows nothing of where it stands now. The daily check shows place and heading in the bay.
    """
    utc_us = checks.utc_us(wire, now_ns)
    for told, order in pairwise(orders):
        if not isinstance(told, Observed) or not isinstance(order, Order):
            continue
        itself = order.kind is Knowledge.BASE and of_machine(told.text)
        if itself and told.place_m is not None:
            moment_ns = measured.told_at_ns(known, told.station_id, told.utc_us, utc_us, now_ns)
            if measured.off_the_mark(moment_ns, belief.stands_t_ns):
                continue
            belief = fusion.at_mark(belief, wire, told.place_m, config, datum, now_ns, good=order.good)
        elif order.kind is Knowledge.CALIBRATION and order.good and notes.act_of(told.text) == machine_check.DAILY:
            belief = fusion.in_bay(belief, wire, config, datum, now_ns)
    return belief


def _job_inputs(state: VehicleState) -> job.JobInputs:
    """What the job reads."""
    return job.JobInputs(
        mode=state.gate.mode,
        rotor=state.gate.rotor,
        operator_age_s=state.report.operator_age_s if state.report is not None else 0.0,
        tracks_supported=state.tracks_supported,
        status=state.wire.status,
        depth_bias_m=state.checks.margin.depth_bias_m,
        withheld=state.checks.margin.withheld,
        warns=state.gate.warns,
        crediting=masks.crediting(state.ledger),
        bracketed=masks.bracketed(state.ledger),
    )


def _without_gone(state: VehicleState, new: tuple[Observation, ...], now_ns: int) -> tuple[Neighbour, ...]:
    """The neighbours without silent ones of whom a person on record says that they are gone, while nothing may move."""
    found = state.neighbours
    if not found or state.gate.mode in ARMED:
        return found
    for observation in new:
        said = observation.text.strip()
        if observation.kind is ObservationKind.NOTE and said.lower().startswith(GONE):
            found = neighbours.without(found, said[len(GONE) :].strip(), now_ns)
    return found


def _start_refused(
    state: VehicleState, edges: int, mission: MissionState, estimate: Estimate, near: tuple[Neighbour, ...]
) -> str:
    """Why a START that was pressed comes to nothing; "" where it does not, or none was pressed.

    By stick all is asked that a mission asks for; out of a wait only whether a ring has come into the way meanwhile.
    """
    mode = state.gate.mode
    if mode not in (Mode.MANUAL, Mode.WAIT) or not edges & START:
        return ""
    if mode is Mode.WAIT:
        return _rings_meet(state, mission, estimate, near)
    return _start_refusal(state, mission, estimate, near).text


def _start_refusal(
    state: VehicleState, mission: MissionState, estimate: Estimate, near: tuple[Neighbour, ...]
) -> StartRefusal:
    """Why a mission would not begin: acts of the shift first, for they refuse START itself."""
    shift = state.checks.shift
    if mission.plan is not None and shift.missing:
        return StartRefusal(StartBlock.SHIFT, due_text(shift.missing, clock_wrong=shift.clock_wrong))
    refusal = job.start_refusal(mission, _job_inputs(state), estimate, state.config)
    if refusal.text:
        return refusal
    meets = _rings_meet(state, mission, estimate, near)
    return StartRefusal(StartBlock.RING, meets) if meets else STARTS


def _rings_meet(state: VehicleState, mission: MissionState, estimate: Estimate, near: tuple[Neighbour, ...]) -> str:
    """Whose ring the machine's own would meet here, in the present segment or in the next; with the rotor's ring."""
    plan = mission.plan
    if plan is None or not near:
        return ""
    ahead = plan.segments[mission.index : mission.index + SEGMENTS_LOOKED_AT]
    points_m = tuple(point for segment in ahead for point in segment.points_m)
    whole = works(plan) or state.gate.rotor is not RotorState.OFF
    own_m = rings.own_m(state.gate.ring_m, state.config, whole=whole)
    name = rings.on_the_way(near, estimate, points_m, own_m, estimate.t_ns)
    return f"the ring of {name} is on the way" if name else ""


def _orders(since_ns: int) -> tuple[Order, ...]:
    """What the ledger is told: ground that rests on a place or a heading which turned out to be another one."""
    if not since_ns:
        return ()
    text = "the position or the heading turned out to be another one"
    return (Order(kind=Knowledge.POSITION, good=False, reason=text, by="vehicle", since_t_ns=since_ns),)


def _rotor_orders(before: RotorWatch, after: RotorWatch) -> tuple[Order, ...]:
    """What the ledger is told once the rotor's sensor seems to stand: nothing since then was worked for certain."""
    if before.doubt_tick or not after.doubt_tick:
        return ()
    text = "the rotor's shown speed was not that of a rotor at work"
    flags = raster.SWEPT | raster.CLAIMS
    return (
        Order(kind=Knowledge.ROTOR, good=False, reason=text, by="vehicle", flags=flags, since_t_ns=after.doubt_t_ns),
    )


def _requests(
    state: VehicleState,
    frame: OperatorFrame | None,
    known: ChecksState,
    mission: MissionState,
    task: Task,
    estimate: Estimate,
    wire: WireState,
    flail: FlailState,
    *,
    near: tuple[Neighbour, ...],
    new: tuple[Observation, ...],
    startable: bool,
    late: bool,
) -> Requests:
    """What the rooms want; the gate alone decides what of it reaches the wire.

    `frame`: whose sticks are a wish; `new`: what people told that this tick put on the record; `late`: slots were
    missed before it.
    """
    config = state.config
    spoken = tuple(one for one in new if one.kind is ObservationKind.DETONATION_CLASS)
    depth_m = wishes.depth_wish_m(config, wire.status, known.margin.depth_bias_m)
    auto_drive = follower.step(task, estimate, config, flail.speed_ratio)
    return Requests(
        auto_drive=auto_drive,
        auto_flail=governor.request(task, wire.status, config, depth_m, wishes.height_wish_m(config)),
        auto_phase=task.phase,
        manual_drive=manual.drive(frame, config),
        manual_flail=manual.flail(frame, config),
        tracks_supported=_tracks_supported(state, mission, estimate, auto_drive, late=late),
        due=known.due,
        has_mission=mission.plan is not None and startable and not known.shift.missing,
        observers=tuple(one.station_id for one in new),
        picture_good=tuple(one.station_id for one in spoken if is_picture_good(one.value, one.text)),
        heavier=any(is_heavier(one.value) for one in spoken),
        gnss_restart=estimate.gnss_restart and state.gate.mode not in MISSION_MODES,
        neighbours=near,
        works=mission.plan is None or works(mission.plan),
    )


def _proves(wire: WireState) -> bool:
    """What this tick brought can prove ground."""
    return wire.status_counts and wire.disorder == 0 and not wire.tilt_leaps


def _tracks_supported(
    state: VehicleState, mission: MissionState, estimate: Estimate, auto_drive: DriveRequest, *, late: bool
) -> bool | None:
    """Whether the ground bears the tracks where the job takes them next, or by stick where they are going."""
    if mission.plan is None:
        return None
    by_stick = DriveRequest(speed_mps=estimate.speed_mps, yaw_rate_radps=estimate.yaw_rate_radps)
    drive = auto_drive if state.gate.mode in MISSION_MODES else by_stick
    return support.step(
        state.tracks_supported,
        state.ledger,
        mission.unproven_m,
        estimate,
        drive,
        state.config,
        state.tick,
        late=late,
    )
