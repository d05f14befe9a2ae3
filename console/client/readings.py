"""Readings of an operator's sticks: each comes from one real look at the devices, and is sent at most once.

A frozen page makes no new reading, and a repeated old reading is refused here. The count of readings goes to the
vehicle (`sample_count`), so that the vehicle detects a console in which a later program stage repeats a frame.
"""

import math

import msgspec

from firmware_bridge.operator_limits import TOOL_VALUE_MAX_M
from firmware_bridge.types import ToolMode

UNKNOWN_BATTERY_RATIO = 0.1
"""Value sent for a battery that is not measured: it may be low, so the vehicle warns but does not stop."""
UNKNOWN_TILT_RAD = 0.0
"""Value for a console without tilt sensor: the check for a dropped console cannot work, and the screen says so."""
NO_PICTURE = 65_535
"""Value for a console that shows no picture: nobody drives by video."""
COUNT_NS = 10_000_000
"""The count begins at the clock time in these steps, which rise faster than any reading of sticks."""
COUNTS = 0xFFFF_FFFF
YOUNG_NS = 100_000_000
"""A reading that has waited longer than this is not sent."""


class Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reading of the sticks; -1 to 1, forward and left positive. `number` rises with each reading.

    `vehicle_tick`: the newest tick that was on the screen at that moment. `battery` 0 to
    1, `tilt_rad` from upright, `video_age_ms` of the picture on the screen: None means unknown, or no picture.
    """

    number: int
    vehicle_tick: int
    hold: bool = False
    drive: float = 0.0
    turn: float = 0.0
    rotor_request: bool = False
    tool_mode: ToolMode = ToolMode.HOLD
    tool_value_m: float = 0.0
    battery: float | None = None
    tilt_rad: float | None = None
    video_age_ms: int | None = None


def possible(reading: Reading) -> bool:
    """Whether all values are possible; False for sticks out of range and for NaN, then nothing is requested."""
    sticks = abs(reading.drive) <= 1.0 and abs(reading.turn) <= 1.0
    return sticks and abs(reading.tool_value_m) <= TOOL_VALUE_MAX_M


def wire_battery(reading: Reading | None) -> float:
    """Charge of the console's battery as FLAIL_OPERATOR carries it [ratio, 0 to 1]."""
    ratio = reading.battery if reading is not None else None
    return min(1.0, max(0.0, ratio)) if ratio is not None and math.isfinite(ratio) else UNKNOWN_BATTERY_RATIO


def wire_tilt_rad(reading: Reading | None) -> float:
    """Tilt of the console as FLAIL_OPERATOR carries it [rad, -pi to pi]."""
    tilt_rad = reading.tilt_rad if reading is not None else None
    if tilt_rad is None or not math.isfinite(tilt_rad):
        return UNKNOWN_TILT_RAD
    return min(math.pi, max(-math.pi, tilt_rad))


def wire_video_age_ms(reading: Reading | None) -> int:
    """Age of the picture as FLAIL_OPERATOR carries it [ms]; a known age is never sent as `no picture`."""
    age_ms = reading.video_age_ms if reading is not None else None
    return NO_PICTURE if age_ms is None else min(NO_PICTURE - 1, max(0, age_ms))


class ReadingSlot:
    """Holds the newest reading until it is sent, replaced or too old. `count`: readings taken, for the wire.

    `echoed`: the tick of the newest accepted reading. A reading with an older tick is refused, because all counters of
    one sender rise together.
    """

    def __init__(self) -> None:
        self.count = 0
        self.echoed = 0
        self.last: Reading | None = None
        self._number: int | None = None
        self._waiting: Reading | None = None
        self._taken_ns = 0

    def put(self, reading: Reading, newest_tick: int, now_ns: int) -> bool:
        """Take a reading; False if it is not new, impossible, or carries a tick that the vehicle never sent."""
        newer = self._number is None or reading.number > self._number
        if not newer or not possible(reading) or not self.echoed <= reading.vehicle_tick <= newest_tick:
            return False
        self._number = reading.number
        self.count += 1
        self.echoed = reading.vehicle_tick
        self.last = self._waiting = reading
        self._taken_ns = now_ns
        return True

    def waiting(self, now_ns: int) -> Reading | None:
        """The reading that has not been sent yet."""
        if self._waiting is not None and now_ns - self._taken_ns > YOUNG_NS:
            self._waiting = None
        return self._waiting

    def sent(self) -> None:
        """Note that the reading was sent; it is never sent again."""
        self._waiting = None

    def begin(self, newest_tick: int, now_ns: int) -> None:
        """Set the counters before the first frame: a restarted console continues above those of its last run."""
        self.count = self.count or now_ns // COUNT_NS & COUNTS
        self.echoed = self.echoed or newest_tick

    def restart(self) -> None:
        """Note that the vehicle restarted, and its ticks with it."""
        self.echoed, self._waiting = 0, None
