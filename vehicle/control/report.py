"""The vehicle's own account of itself, for stations, broker and record; pure, built in the tick."""

from vehicle.contracts.messages import STARTS, Estimate, GateReport, StartRefusal, Task, VehicleReport
from vehicle.control.state import VehicleState

DUE_TICKS = (0, 2)
"""Two reports in five ticks: 20 Hz, the rate of the stations' frames, which answer each report at once."""


def is_due(number: int) -> bool:
    """True in the ticks in which stations are told."""
    return number % 5 in DUE_TICKS


def report(
    state: VehicleState, estimate: Estimate, gate: GateReport, task: Task, start: StartRefusal = STARTS
) -> VehicleReport:
    """The report of one tick; `start`: why a mission would not begin here."""
    mission, status = state.mission, state.wire.status
    return VehicleReport(
        tick=state.tick,
        t_ns=estimate.t_ns,
        estimate=estimate,
        gate=gate,
        phase=mission.phase,
        segment_seq=mission.index,
        segment_count=len(mission.plan.segments) if mission.plan is not None else 0,
        along_m=task.along_m,
        cross_track_m=task.cross_track_m,
        tool_depth_m=status.depth_m if status is not None else None,
        tool_height_m=status.tool_height_m if status is not None else None,
        rotor_speed_radps=status.rotor_speed_radps if status is not None else None,
        processed_m2=state.ledger.credited_m2,
        swept_m2=state.ledger.swept_m2,
        session_id=state.session_id,
        provisional_m2=state.ledger.open_cells * state.config.mission.cell_m**2,
        start_blocked=start.text,
        start_block=start.kind,
        latch_tick=state.gate.latch_tick,
        withdrawn_m2=state.ledger.withdrawn_cells * state.config.mission.cell_m**2,
    )
