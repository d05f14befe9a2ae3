"""When a reading of the hands goes out: as an answer to a report, at once where the hands changed, else rarely. Pure.

A radio of 57.6 kbit/s carries 20 frames a second and few more. So a frame answers each report of the vehicle, and what
the hands change between two reports goes out without waiting for the next one, as long as the stock of early frames
lasts. It grows by one a second. The last of it is kept for hands that end motion.
"""

import math
from typing import Final

import msgspec

from console.client.readings import Reading
from console.client.station import is_due
from vehicle.contracts.units import NS_PER_S

EARLY_NS: Final = 20_000_000
"""An early frame follows the frame before it after this time: the vehicle reads one in each of its ticks."""
EARLY_MAX: Final = 4.0
EARLY_PER_S: Final = 1.0
"""76 bytes a second: 1.3 % of that radio (`benchmarks/console_budget.py` counts the whole)."""
STICK_CHANGE: Final = 0.1
"""Smaller movements of a stick [ratio] wait for the next report: those of a thumb that rests, or of a ramp."""


class Hands(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The part of a reading that moves the machine."""

    hold: bool = False
    drive: float = 0.0
    turn: float = 0.0
    rotor_request: bool = False
    tool_mode: int = 0


OFF: Final = Hands()


def hands_of(reading: Reading) -> Hands:
    """The hands of a reading."""
    return Hands(
        hold=reading.hold,
        drive=reading.drive,
        turn=reading.turn,
        rotor_request=reading.rotor_request,
        tool_mode=int(reading.tool_mode),
    )


def changed(before: Hands, now: Hands) -> bool:
    """Whether an operator would feel it, were it told later: a button, a stick that left its centre or came there."""
    buttons = (before.hold, before.rotor_request, before.tool_mode) != (now.hold, now.rotor_request, now.tool_mode)
    return buttons or _moved(before.drive, now.drive) or _moved(before.turn, now.turn)


def _moved(before: float, now: float) -> bool:
    return (before == 0.0) != (now == 0.0) or not math.isclose(before, now, abs_tol=STICK_CHANGE, rel_tol=0.0)


def ends_motion(before: Hands, now: Hands) -> bool:
    """Hold, sticks or rotor were asked for and are not any more."""
    centred = now.drive == 0.0 and now.turn == 0.0
    moved = before.drive != 0.0 or before.turn != 0.0
    return (before.hold and not now.hold) or (moved and centred) or (before.rotor_request and not now.rotor_request)


class Pace:
    """What went out last, and the stock of early frames."""

    def __init__(self) -> None:
        self._told = OFF
        self._stock, self._stocked_ns = EARLY_MAX, 0

    def takes(self, hands: Hands, sent_ns: int, now_ns: int, *, answers: bool) -> bool:
        """True where a reading that tells these hands is to go out now; then the caller sends it.

        `sent_ns`: when the last frame went out. `answers`: the reading saw a report newer than that frame's.
        """
        if not is_due(now_ns, sent_ns, new_report=answers):
            if now_ns - sent_ns < EARLY_NS or not self._spends(hands, now_ns):
                return False
            self._stock, self._stocked_ns = self._stock_at(now_ns) - 1.0, now_ns
        self._told = hands
        return True

    def off(self) -> None:
        """A frame went out that told no hands."""
        self._told = OFF

    def _spends(self, hands: Hands, now_ns: int) -> bool:
        kept = 0.0 if ends_motion(self._told, hands) else 1.0
        return changed(self._told, hands) and self._stock_at(now_ns) - kept >= 1.0

    def _stock_at(self, now_ns: int) -> float:
        return min(EARLY_MAX, self._stock + (now_ns - self._stocked_ns) / NS_PER_S * EARLY_PER_S)
