"""The degradation ladders: what is left on each rung, written against the specification (C.3, C.4b), not the code."""

from enum import IntEnum
from typing import NamedTuple

from vehicle.contracts.stop_codes import StopReason as R


class Left(IntEnum):
    """What may still be done; each includes those below it."""

    NOTHING = 0
    RETREAT = 1
    HANDS = 2
    MISSION = 3
    START = 4

    def __str__(self) -> str:
        return WORDS[self]


WORDS = {
    Left.NOTHING: "nothing",
    Left.RETREAT: "RECOVERY only, rotor locked out",
    Left.HANDS: "by stick, no mission",
    Left.MISSION: "by stick, a mission goes on",
    Left.START: "everything",
}


class Rung(NamedTuple):
    """Reasons in force together, what is left, and the fastest that the gate lets pass [m/s]."""

    reasons: tuple[R, ...]
    left: Left
    cap_mps: float


FREE, LIMITED, AGEING, SLOW, STILL = 3.0, 0.3, 0.27, 0.1, 0.0
ALL_WELL = Rung((), Left.START, FREE)
LADDERS: dict[str, tuple[Rung, ...]] = {
    "position": (
        ALL_WELL,
        Rung((R.CORRECTIONS_OLD,), Left.MISSION, FREE),
        Rung((R.CORRECTIONS_OLD, R.POSITION_FLOAT), Left.HANDS, FREE),
        Rung((R.GNSS_LOST, R.POSITION_FLOAT, R.HEADING_LOST), Left.HANDS, FREE),
    ),
    "tilt": (
        ALL_WELL,
        Rung((R.SLOPE_NEAR,), Left.START, FREE),
        Rung((R.SLOPE_NEAR, R.SLOPE), Left.RETREAT, SLOW),
        Rung((R.TILT_UNKNOWN,), Left.RETREAT, SLOW),
        Rung((R.SLOPE_NEAR, R.SLOPE, R.ROLL_OVER), Left.NOTHING, STILL),
    ),
    "link": (
        ALL_WELL,
        Rung((R.LINK_AGEING,), Left.MISSION, FREE),
        Rung((R.LINK_AGEING, R.LINK_SLOW), Left.MISSION, AGEING),
        Rung((R.LINK_LOST,), Left.NOTHING, STILL),
    ),
    "picture": (
        ALL_WELL,
        Rung((R.VIDEO_LATE,), Left.MISSION, LIMITED),
        Rung((R.VIDEO_LATE, R.VIDEO_STALE), Left.NOTHING, STILL),
    ),
    "heat": (
        ALL_WELL,
        Rung((R.HOT,), Left.MISSION, LIMITED),
        Rung((R.HOT, R.TOO_HOT), Left.RETREAT, SLOW),
    ),
    "fence": (ALL_WELL, Rung((R.FENCE,), Left.HANDS, LIMITED)),
    "record": (ALL_WELL, Rung((R.RECORDING_LOST,), Left.MISSION, FREE)),
    "computer": (
        ALL_WELL,
        Rung((R.TICKS_LATE,), Left.MISSION, LIMITED),
        Rung((R.TICKS_LATE, R.LOOP_STALL), Left.NOTHING, STILL),
    ),
    "controller": (
        ALL_WELL,
        Rung((R.WIRE_ERRORS,), Left.NOTHING, STILL),
        Rung((R.CONTROLLER_LOST,), Left.NOTHING, STILL),
        Rung((R.CONTROLLER_HUNG,), Left.NOTHING, STILL),
    ),
}
"""From everything down to less; the order of each ladder is one of the things that are tested."""
