"""Facts for consoles that only the rooms of the tick can compute; the composition root hands them in."""

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from vehicle.contracts.messages import Estimate
    from vehicle.control.state import LedgerState, VehicleState


class Areas(msgspec.Struct, frozen=True, kw_only=True):
    """Areas of ground by what is known of them [m2]: passed but not proven; processed below the required depth."""

    passed_m2: float
    below_m2: float


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """What is near the machine. `side`: left, right, ahead, behind. None: unknown, or nothing is near."""

    keep_out_m: float | None = None
    side: str = ""
    left_unproven: bool | None = None
    right_unproven: bool | None = None


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Where a mission that waits would begin or go on, as the machine sees it; None: unknown, or no mission waits.

    `bearing_rad`: from straight ahead, left positive.
    """

    distance_m: float | None = None
    bearing_rad: float | None = None


class ConsoleFacts(Protocol):
    """Facts for consoles. Its methods are called between ticks; they never raise and return at once."""

    def standing(self, state: "VehicleState", now_ns: int) -> bool | None:
        """Measured to stand; None where nobody can tell."""
        ...

    def near(self, state: "VehicleState", estimate: "Estimate") -> Near:
        """Keep-outs and boundary, and the ground under each track."""
        ...

    def start(self, state: "VehicleState", estimate: "Estimate") -> Start:
        """Distance and direction to where the mission begins or goes on."""
        ...

    def areas(self, ledger: "LedgerState", cell_m: float) -> Areas | None:
        """Of the whole record."""
        ...


class NoFacts:
    """Without a source of facts: everything is unknown."""

    def standing(self, state: "VehicleState", now_ns: int) -> bool | None:
        """Unknown."""
        del state, now_ns
        return None

    def near(self, state: "VehicleState", estimate: "Estimate") -> Near:
        """Unknown."""
        del state, estimate
        return Near()

    def start(self, state: "VehicleState", estimate: "Estimate") -> Start:
        """Unknown."""
        del state, estimate
        return Start()

    def areas(self, ledger: "LedgerState", cell_m: float) -> Areas | None:
        """Unknown."""
        del ledger, cell_m
        return None
