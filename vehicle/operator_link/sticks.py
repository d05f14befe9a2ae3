"""MANUAL_CONTROL and RC_CHANNELS_OVERRIDE become the sticks of a third-party station, with the neutral latch.

A held button counts only after the sticks were seen centred *without* it: since this stream of sticks began, since
arming, and since every stop. A stream that pauses begins again, and so does a stream of the other message: neutral
sticks in one message say nothing of the hand on the other. Sticks that never change come from a typed value or a stuck
program: after `UNCHANGED_S` the button counts as released. An override that does not set a channel does not keep it
alive.
"""

import msgspec

from firmware_bridge.operator_limits import STICK_CENTRE
from vehicle.contracts.units import NS_PER_S
from vehicle.operator_link.parameters import Parameters

TTL_S = 0.3
UNCHANGED_S = 10.0
PULSE_CENTRE_US, PULSE_SPAN_US = 1500, 500
PULSE_LOW_US, PULSE_HIGH_US, PULSE_HELD_US = 800, 2200, 1700
AXIS_MAX = 1000
IGNORE_U16, RELEASE_U16 = 0xFFFF, 0xFFFE
STEER, THROTTLE = 1, 3
CHANNELS = 18


class Sticks(msgspec.Struct, frozen=True, gc=False):
    """-1 to 1, forward and left positive. `hold`: the button as it counts; `pressed`: as it is. `age_s` at arrival."""

    drive: float
    turn: float
    pressed: bool
    hold: bool
    t_ns: int
    age_s: float


class StickReader:
    """The sticks of one station."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._latched = False
        self._raw: tuple[float, float, bool] = (0.0, 0.0, False)
        self._changed_ns = 0
        self._pulses = [0] * CHANNELS
        self._said_ns = [0] * CHANNELS
        self._by = ""
        self._stamp = 0
        self.newest: Sticks | None = None
        self.refused = 0

    def newer(self, stamp: int) -> bool:
        """Whether sticks signed with this stamp were made after all that came before; unsigned ones, as they arrive.

        A station on two links of different delay: what the slower one brings is older than what was heard.
        """
        if 0 < stamp < self._stamp:
            self.refused += 1
            return False
        self._stamp = max(self._stamp, stamp)
        return True

    def reset(self) -> None:
        """Neutral must be seen again; the button counts as released until then."""
        self._latched = False
        if self.newest is not None:
            self.newest = msgspec.structs.replace(self.newest, hold=False)

    def manual_control(self, target: int, axes: tuple[int, int], buttons: int, now_ns: int, age_s: float = 0.0) -> bool:
        """`axes` are y (steer, right positive) and z (throttle); False where the frame says nothing usable."""
        steer, throttle = axes
        if target != 1 or not (-AXIS_MAX <= steer <= AXIS_MAX and -AXIS_MAX <= throttle <= AXIS_MAX):
            self.refused += 1
            return False
        # A station that knows no reverse sends 0..1000 with its stick centred at 500: half throttle, were it believed.
        half = self._parameters["JOY_THR_HALF"] > 0.5
        drive = (throttle - 500) / 500.0 if half else throttle / 1000.0
        pressed = bool(buttons >> int(self._parameters["JOY_HOLD_BTN"]) & 1)
        self._begin("MANUAL_CONTROL", now_ns)
        self._take(max(-1.0, drive), -steer / 1000.0, now_ns, age_s, pressed=pressed)
        return True

    def override(self, pulses: tuple[int, ...], now_ns: int, age_s: float = 0.0) -> bool:
        """Channels 1 to 18 [us]; 0 releases a channel, 65535 leaves it as it was, for as long as a stick is fresh.

        False where a pulse is no pulse.
        """
        said: dict[int, int] = {}
        for number, pulse in enumerate(pulses):
            if pulse == IGNORE_U16 or (number >= 8 and pulse == 0):
                continue
            if pulse not in (0, RELEASE_U16) and not PULSE_LOW_US <= pulse <= PULSE_HIGH_US:
                self.refused += 1
                return False
            said[number] = 0 if pulse == RELEASE_U16 else pulse
        for number, pulse in said.items():
            self._pulses[number], self._said_ns[number] = pulse, now_ns
        button = int(self._parameters["RC_HOLD_CH"])
        if said.keys().isdisjoint({STEER - 1, THROTTLE - 1, button - 1}):
            return True  # it says nothing of the sticks
        self._begin("RC_CHANNELS_OVERRIDE", now_ns)
        held = self._pulse(button, now_ns) >= PULSE_HELD_US
        self._take(self._axis(THROTTLE, now_ns), -self._axis(STEER, now_ns), now_ns, age_s, pressed=held)
        return True

    def pulses(self, now_ns: int) -> tuple[int, ...]:
        """Channels 1 to 18 as they were overridden [us], 65535 where not; () where nothing comes."""
        pulses = [self._pulse(channel, now_ns) for channel in range(1, CHANNELS + 1)]
        if self.fresh(now_ns) is None or not any(pulses):
            return ()
        return tuple(pulse or IGNORE_U16 for pulse in pulses)

    def fresh(self, now_ns: int) -> Sticks | None:
        """The sticks, if they are young enough to mean anything."""
        newest = self.newest
        return newest if newest is not None and now_ns - newest.t_ns <= TTL_S * NS_PER_S else None

    def _pulse(self, channel: int, now_ns: int) -> int:
        """0 where it is not overridden, or was not said of late."""
        said_ns = self._said_ns[channel - 1]
        return self._pulses[channel - 1] if now_ns - said_ns <= TTL_S * NS_PER_S else 0

    def _axis(self, channel: int, now_ns: int) -> float:
        pulse = self._pulse(channel, now_ns)
        return max(-1.0, min(1.0, (pulse - PULSE_CENTRE_US) / PULSE_SPAN_US)) if pulse else 0.0

    def _begin(self, message: str, now_ns: int) -> None:
        """Neutral counts only within one stream: of one message, without a pause."""
        if self.fresh(now_ns) is None or message != self._by:
            self._latched = False
        self._by = message

    def _take(self, drive: float, turn: float, now_ns: int, age_s: float, *, pressed: bool) -> None:
        raw = (drive, turn, pressed)
        if raw != self._raw:
            self._raw, self._changed_ns = raw, now_ns
        neutral = abs(drive) <= STICK_CENTRE and abs(turn) <= STICK_CENTRE
        alive = now_ns - self._changed_ns <= UNCHANGED_S * NS_PER_S
        if not pressed and neutral:
            self._latched = True
        elif not alive:
            self._latched = False
        self.newest = Sticks(drive, turn, pressed, pressed and self._latched, now_ns, age_s)
