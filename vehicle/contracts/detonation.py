"""What a record says of shocks and detonations, by the vehicle itself and by people, and what follows from it."""

from typing import Final, TypeAlias

from vehicle.contracts.ledger_types import Observed

PICTURE_GOOD: Final = "AP, picture good"
"""So the text of the observation begins: an anti-personnel mine, and hammers, rotor and tracks look well by camera."""
AP_CLASS: Final = 1.0
HEAVIER_CLASS: Final = 2.0
"""A detonation of this class or above is no small one, whatever was measured."""
SHOCK: Final = "shock"
"""Kind of the vehicle's own observation of a shock; its value is that of `control/shock.py`: 1 small, 2 large."""
LARGE_SHOCK: Final = 2.0
BY_PEOPLE: Final = "detonation_class"
"""Kind of what people say of a detonation; its value is the class."""
CRATER_M: Final = 1.5
"""Radius of the keep-out round a detonation whose place is known exactly: the crater of an anti-tank mine is 1 m to 2 m
wide. How far off the place may be (`Observed.within_m`) comes on top."""
Crater: TypeAlias = tuple[float, float, float]
"""Keep-out: east and north of the middle, ENU, and radius [m]."""


def is_picture_good(value: float, text: str) -> bool:
    """Whether an observation of a detonation, its class (without a unit) and its text, lets a mission go on."""
    return value == AP_CLASS and text.startswith(PICTURE_GOOD)


def is_heavier(value: float) -> bool:
    """Whether the class that somebody gave a detonation, without a unit, is above that of an anti-personnel mine."""
    return value >= HEAVIER_CLASS


def is_large(observed: Observed) -> bool:
    """Whether the vehicle felt a large shock, or people told of a detonation that was more than an AP mine."""
    large = observed.kind == SHOCK and observed.value >= LARGE_SHOCK
    return large or (observed.kind == BY_PEOPLE and is_heavier(observed.value))


def crater_m(observed: Observed) -> Crater | None:
    """Where this observation says that no track may stand; None where it says of no such place."""
    if not is_large(observed) or observed.place_m is None:
        return None
    return (*observed.place_m, CRATER_M + observed.within_m)
