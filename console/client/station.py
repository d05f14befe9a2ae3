"""An operator's station: turns controls into frames at 20 Hz and reads the vehicle's reports. Pure; moves no bytes.

Every frame carries a new sequence number, the last vehicle tick seen (so the vehicle knows its age since creation,
whatever the radio did) and the count of stick readings (so the vehicle detects a frozen station).
"""

import msgspec

from firmware_bridge.types import OperatorEdge, OperatorFrame, ToolMode

PERIOD_NS = 50_000_000
"""20 Hz: docs/adr/2026-11-21-answering-stations.md."""
ANSWER_NS = 30_000_000
"""A frame answers each new report at once, unless one was sent within this time.

Waiting for a timer would add up to 50 ms of age, a quarter of the age that the vehicle allows above 0.3 m/s.
"""
FALLBACK_NS = 70_000_000
"""Without reports, frames are sent at this period, so that the vehicle can see their age."""


def is_due(now_ns: int, sent_ns: int, *, new_report: bool) -> bool:
    """Whether the next frame should be sent now."""
    waited_ns = now_ns - sent_ns
    return waited_ns >= (ANSWER_NS if new_report else FALLBACK_NS)


class Controls(msgspec.Struct, frozen=True, kw_only=True):
    """The sticks and buttons of this frame; -1 to 1, forward and left positive."""

    hold_to_run: bool = False
    drive: float = 0.0
    turn: float = 0.0
    rotor_request: bool = False
    tool_mode: ToolMode = ToolMode.HOLD
    tool_value_m: float = 0.0
    edges: OperatorEdge = OperatorEdge.NONE


NEUTRAL = Controls()


class Station:
    """Identity and counters of one console. `session_id` and `echo_tick` come from the vehicle, never from a clock."""

    def __init__(self, station_id: int) -> None:
        self.station_id = station_id
        self.session_id = 0
        self.echo_tick = 0
        self._sequence = 0
        self._samples = 0

    def seen(self, session_id: int, tick: int) -> None:
        """Process a report; within a session an older report than the newest changes nothing."""
        if session_id != self.session_id:
            self.session_id, self.echo_tick = session_id, tick
        elif tick > self.echo_tick:
            self.echo_tick = tick

    def frame(self, controls: Controls) -> OperatorFrame:
        """Return the next frame; each call is one reading of the sticks."""
        self._sequence += 1
        self._samples += 1
        return OperatorFrame(
            station_id=self.station_id,
            session_id=self.session_id,
            sequence=self._sequence,
            echo_tick=self.echo_tick,
            sample_count=self._samples,
            hold_to_run=controls.hold_to_run,
            drive=controls.drive,
            turn=controls.turn,
            rotor_request=controls.rotor_request,
            tool_mode=controls.tool_mode,
            tool_value_m=controls.tool_value_m,
            edges=controls.edges,
            battery_ratio=1.0,
            tilt_rad=0.0,
            video_age_ms=0,
        )
