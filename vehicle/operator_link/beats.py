"""The beat (FLAIL_BEAT) for one console, from the state after a tick. Pure."""

from typing import TYPE_CHECKING

from firmware_bridge.console_types import BeatFlag, BeatFrame
from firmware_bridge.mavlink.console_adapters import LOW
from vehicle.contracts.messages import AUTO_MODES, EngineStart, Mode
from vehicle.contracts.stop_codes import NO_REASON, Recovery
from vehicle.contracts.stop_reasons import RULES, codes
from vehicle.operator_link.act_desk import Answer
from vehicle.operator_link.vehicle_view import ARMED_MODES

if TYPE_CHECKING:
    from vehicle.control.state import VehicleState

HOLDS = (Mode.MANUAL, Mode.RECOVERY, Mode.WAIT)
STARTS = (EngineStart.HELD, EngineStart.WARNING, EngineStart.CRANKING)
"""Steps of an engine start that last while hold-to-run is pressed."""


def flags_of(state: "VehicleState", *, standing: bool | None, blocked: bool) -> BeatFlag:
    """What is the same for every console."""
    gate = state.gate
    frame = gate.frame
    held = gate.mode in HOLDS or gate.start in STARTS
    holds = held and frame is not None and frame.hold_to_run and gate.neutral_seen
    waits = any(RULES[code].recovery is Recovery.ACKNOWLEDGE for code in codes(gate.latched))
    found = BeatFlag(0)
    for flag, holds_now in (
        (BeatFlag.NEUTRAL_SEEN, gate.neutral_seen),
        (BeatFlag.RESET_DUE, gate.reset_due),
        (BeatFlag.ESTOP_LATCHED, gate.estop_latched),
        (BeatFlag.STANDING, standing is True),
        (BeatFlag.STANDING_KNOWN, standing is not None),
        (BeatFlag.HOLD_ACCEPTED, holds),
        (BeatFlag.ARMED, gate.mode in ARMED_MODES),
        (BeatFlag.MISSION, gate.mode in AUTO_MODES),
        (BeatFlag.ACKNOWLEDGE_DUE, waits),
        (BeatFlag.HELD, gate.holder != 0),
        (BeatFlag.PLAN, state.mission.plan is not None),
        (BeatFlag.START_BLOCKED, blocked),
        (BeatFlag.HORN, gate.warns or gate.start is EngineStart.WARNING),
    ):
        if holds_now:
            found |= flag
    return found


def beat_of(
    state: "VehicleState", flags: BeatFlag, station_id: int, answer: Answer, heard: int, *, proven: bool
) -> BeatFrame:
    """The beat for one console; `heard`: sequence of its newest frame.

    `proven`: it has a session. Without one the beat names another session than the vehicle's, so that a console that
    believes in its session proves it anew, as after a restart.
    """
    report = state.report
    mine = station_id != 0 and state.gate.holder == station_id
    session_id = state.session_id if proven else ~state.session_id
    return BeatFrame(
        tick=state.tick,
        session_low=session_id & LOW,
        mode=state.gate.mode,
        worst_reason=report.worst_reason if report is not None else NO_REASON,
        flags=flags | BeatFlag.MINE if mine else flags,
        heard=heard,
        act_number=answer.number,
        act_refused=answer.refused,
        act_why=answer.why,
        act_reason=answer.reason,
    )
