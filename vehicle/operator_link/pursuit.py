"""What a command works towards over several frames, and how it ended."""

from enum import Enum

import msgspec

ARM_S = 0.9
"""Stations wait a second for the final answer; with the pump's period it is there by then."""
GOAL_S = 3.0
"""A start holds back until the link has proved itself, and keeps the gate's pause between two acts."""
DISARM_S = 5.0
"""The machine ramps down first, and a RESET wants a machine at rest."""


class Goal(Enum):
    """What a command works towards over several frames."""

    NONE = "none"
    ARM = "arm"
    DISARM = "disarm"
    START = "start"
    BACK_OUT = "back out"


TOWARDS_MOTION = frozenset({Goal.ARM, Goal.START, Goal.BACK_OUT})
LASTS_S = {Goal.ARM: ARM_S, Goal.DISARM: DISARM_S, Goal.START: GOAL_S, Goal.BACK_OUT: GOAL_S}


class End(Enum):
    """REACHED. LATE: its time is over. CANCELLED: by a stop or another goal. NEWS: a stop that no station knew of."""

    REACHED = "reached"
    LATE = "late"
    CANCELLED = "cancelled"
    NEWS = "news"


class Pursuit(msgspec.Struct):
    """One goal under way; `end` is None until it is over. `told`: what its station had been told, and since when."""

    goal: Goal
    until_ns: int
    told: frozenset[tuple[str, int]] = frozenset()
    end: End | None = None

    @property
    def open(self) -> bool:
        """Still under way."""
        return self.end is None
