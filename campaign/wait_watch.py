"""What must hold in each WAIT, judged from the operator's frames and the vehicle's mode; shares no code with the gate.

W11 a WAIT begins only in a mission and lasts at most 20 s. It leads back to the mission only in the tick that hears a
    START pressed during the WAIT, from the holder, with hold-to-run pressed and the sticks neutral; it never leads to
    another mode that drives. A START that was refused does not count later.
"""

from collections.abc import Callable

from firmware_bridge.types import OperatorEdge, OperatorFrame
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S

AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
DRIVING = (Mode.MANUAL, *AUTO, Mode.RECOVERY)
WAIT_MAX_S = 20.0
LATE_S = 0.1
"""A tick that ends a WAIT may come late by this; a later one is a stop of its own."""
NEUTRAL = 0.05


class WaitWatch:
    """Judges the WAITs of one vehicle. `tell(name, text)` takes a breach. `count`: WAITs; `gone_on`: continued ones."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._began_ns = 0
        self._started = False
        self.count = self.gone_on = 0

    def hear(self, frame: OperatorFrame, rising: OperatorEdge, holder: int) -> None:
        """Process one frame as it reached the vehicle; `rising`: edges that the station's last frame did not have."""
        hands = frame.hold_to_run and abs(frame.drive) <= NEUTRAL and abs(frame.turn) <= NEUTRAL
        if frame.station_id == holder and OperatorEdge.MISSION_START in rising and hands:
            self._started = True

    def step(self, before: Mode, after: Mode, now_ns: int) -> None:
        """Judge one tick after its frames were heard, from the vehicle's modes before and after it."""
        if after is Mode.WAIT:
            self._wait(before, now_ns)
        elif before is Mode.WAIT:
            self._left(after)
        self._started = False

    def _wait(self, before: Mode, now_ns: int) -> None:
        if before is not Mode.WAIT:
            self.count += 1
            self._began_ns = now_ns
            if before not in AUTO:
                self._tell("wait_outside_mission", f"from {before.name}")
        waited_s = (now_ns - self._began_ns) / NS_PER_S
        if waited_s > WAIT_MAX_S + LATE_S:
            self._tell("wait_too_long", f"{waited_s:.2f} s")

    def _left(self, after: Mode) -> None:
        if after in AUTO:
            self.gone_on += 1
            if not self._started:
                self._tell("wait_left_without_start", f"to {after.name}")
        elif after in DRIVING:
            self._tell("wait_left_to_drive", f"to {after.name}")
