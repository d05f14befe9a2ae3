"""The loop's side of the link: the byte port that it knows as its operator, and stops asked for by plain commands."""

from collections.abc import Callable
from typing import Protocol

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


class Link(Protocol):
    """What the port needs of the link."""

    def drain(self, now_ns: int) -> bytes:
        """Accepted frames for the next tick."""
        ...

    def broadcast(self, vehicle_frame: bytes, now_ns: int) -> None:
        """A report for the consoles."""
        ...


class LoopPort:
    """The byte port that the loop knows as its operator."""

    def __init__(self, link: Link, now_ns: Callable[[], int]) -> None:
        self._link, self._now_ns = link, now_ns

    def read(self) -> bytes:
        """Accepted frames since the last tick."""
        return self._link.drain(self._now_ns())

    def write(self, frame: bytes) -> None:
        """A report for the consoles."""
        self._link.broadcast(frame, self._now_ns())

    def close(self) -> None:
        """The shell closes the wires."""
