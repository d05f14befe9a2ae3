"""What consoles are told that only the tick's own rooms can work out: the composition root hands it in."""

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from vehicle.contracts.messages import Estimate
    from vehicle.control.state import LedgerState, VehicleState


class Areas(msgspec.Struct, frozen=True, kw_only=True):
    """Ground by what is known of it [m2]: passed by the tool and not proven, processed below the required depth."""

    passed_m2: float
    below_m2: float


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """What is near the machine. `side`: left, right, ahead, behind. None: nobody knows, or there is none."""

    keep_out_m: float | None = None
    side: str = ""
    left_unproven: bool | None = None
    right_unproven: bool | None = None


class ConsoleFacts(Protocol):
    """Never raises; called between ticks, and must return at once."""

    def standing(self, state: "VehicleState", now_ns: int) -> bool | None:
        """Measured to stand; None where nobody can tell."""
        ...

    def near(self, state: "VehicleState", estimate: "Estimate") -> Near:
        """Keep-outs and boundary, and the ground under each track."""
        ...

    def areas(self, ledger: "LedgerState", cell_m: float) -> Areas | None:
        """Of the whole record."""
        ...


class NoFacts:
    """Where nobody hands them in: all unknown."""

    def standing(self, state: "VehicleState", now_ns: int) -> bool | None:
        """Unknown."""
        del state, now_ns
        return None

    def near(self, state: "VehicleState", estimate: "Estimate") -> Near:
        """Unknown."""
        del state, estimate
        return Near()

    def areas(self, ledger: "LedgerState", cell_m: float) -> Areas | None:
        """Unknown."""
        del ledger, cell_m
        return None
