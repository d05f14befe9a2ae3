"""Decides when a stick reading is sent: as an answer to a report, at once after a change, else rarely. Pure.

A radio of 57.6 kbit/s carries little more than 20 frames a second. So one frame answers each report of the vehicle. A
change between two reports is sent without waiting for the next report, as long as the budget of early frames lasts. The
budget grows by one frame a second. Its last frame is kept for changes that end motion.
"""

import math
from typing import Final

import msgspec

from console.client.readings import Reading
from console.client.station import is_due
from vehicle.contracts.units import NS_PER_S

EARLY_NS: Final = 20_000_000
"""Smallest time between an early frame and the frame before it: the vehicle reads one frame in each tick."""
EARLY_MAX: Final = 4.0
EARLY_PER_S: Final = 1.0
"""Growth of the budget: 76 bytes a second, 1.3 % of that radio (total: `benchmarks/console_budget.py`)."""
STICK_CHANGE: Final = 0.1
"""Smaller stick movements [ratio] wait for the next report: those of a resting thumb or of a slow ramp."""


class Hands(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The part of a reading that moves the machine."""

    hold: bool = False
    drive: float = 0.0
    turn: float = 0.0
    rotor_request: bool = False
    tool_mode: int = 0


OFF: Final = Hands()


def hands_of(reading: Reading) -> Hands:
    """Return the part of a reading that moves the machine."""
    return Hands(
        hold=reading.hold,
        drive=reading.drive,
        turn=reading.turn,
        rotor_request=reading.rotor_request,
        tool_mode=int(reading.tool_mode),
    )


def changed(before: Hands, now: Hands) -> bool:
    """Whether an operator would notice a delay: a button changed, or a stick left or reached its centre."""
    buttons = (before.hold, before.rotor_request, before.tool_mode) != (now.hold, now.rotor_request, now.tool_mode)
    return buttons or _moved(before.drive, now.drive) or _moved(before.turn, now.turn)


def _moved(before: float, now: float) -> bool:
    return (before == 0.0) != (now == 0.0) or not math.isclose(before, now, abs_tol=STICK_CHANGE, rel_tol=0.0)


def ends_motion(before: Hands, now: Hands) -> bool:
    """Whether hold, sticks or rotor were requested before and no longer are."""
    centred = now.drive == 0.0 and now.turn == 0.0
    moved = before.drive != 0.0 or before.turn != 0.0
    return (before.hold and not now.hold) or (moved and centred) or (before.rotor_request and not now.rotor_request)


class Pace:
    """The last sent reading, and the budget of early frames."""

    def __init__(self) -> None:
        self._told = OFF
        self._stock, self._stocked_ns = EARLY_MAX, 0

    def takes(self, hands: Hands, sent_ns: int, now_ns: int, *, answers: bool) -> bool:
        """Whether a reading with these values must be sent now; if True, the caller sends it.

        `sent_ns`: time of the last sent frame. `answers`: the reading was made after a report newer than the one which
        that frame answered.
        """
        if not is_due(now_ns, sent_ns, new_report=answers):
            if now_ns - sent_ns < EARLY_NS or not self._spends(hands, now_ns):
                return False
            self._stock, self._stocked_ns = self._stock_at(now_ns) - 1.0, now_ns
        self._told = hands
        return True

    def off(self) -> None:
        """Note that a frame with neutral sticks was sent."""
        self._told = OFF

    def _spends(self, hands: Hands, now_ns: int) -> bool:
        kept = 0.0 if ends_motion(self._told, hands) else 1.0
        return changed(self._told, hands) and self._stock_at(now_ns) - kept >= 1.0

    def _stock_at(self, now_ns: int) -> float:
        return min(EARLY_MAX, self._stock + (now_ns - self._stocked_ns) / NS_PER_S * EARLY_PER_S)
