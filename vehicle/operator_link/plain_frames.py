"""Frames for the tick from stations that do not speak our extension, and stops from plain commands."""

from firmware_bridge.types import OperatorEdge, OperatorFrame, ToolMode

OWN_STATION_ID = 1
"""Stops asked for by a plain command go to the gate under the vehicle's own id, which no console can have."""


def plain_frame(
    *,
    station_id: int,
    session_id: int,
    sequence: int,
    echo_tick: int,
    sample_count: int,
    edges: OperatorEdge,
    hold_to_run: bool = False,
    drive: float = 0.0,
    turn: float = 0.0,
) -> OperatorFrame:
    """What a station can say that does not speak our extension: no rotor, no tool, nothing of its console's health."""
    return OperatorFrame(
        station_id=station_id,
        session_id=session_id,
        sequence=sequence,
        echo_tick=echo_tick,
        sample_count=sample_count,
        hold_to_run=hold_to_run,
        drive=drive,
        turn=turn,
        rotor_request=False,
        tool_mode=ToolMode.HOLD,
        tool_value_m=0.0,
        edges=edges,
        battery_ratio=1.0,
        tilt_rad=0.0,
        video_age_ms=0,
        native=False,
    )


def stop_frame(edge: OperatorEdge, session_id: int, sequence: int, tick: int) -> OperatorFrame:
    """STOP or ESTOP, and nothing else."""
    return plain_frame(
        station_id=OWN_STATION_ID,
        session_id=session_id,
        sequence=sequence,
        echo_tick=tick,
        sample_count=sequence,
        edges=edge,
    )
