"""A plan that a console hands over as a file: written in pieces, then checked outside the tick, then taken or refused.

Nothing is taken while the machine is armed, or from a console without control while another console has it. The result
is read from a file of its own.
"""

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from vehicle.contracts.messages import Mode
from vehicle.operator_link.vehicle_view import VehicleView

STAGE: Final = "@PLAN/stage.z"
STAGED: Final = "@PLAN/staged.json"
STAGE_FORMAT: Final = 1
SIZE_MAX: Final = 8_000_000
UNTOUCHED, CHECKING, TAKEN, REFUSED = "untouched", "checking", "taken", "refused"


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the last plan that was handed over; `plan_hash` is the hash as the vehicle computed it."""

    state: str = UNTOUCHED
    plan_hash: str = ""
    text: str = ""


class PlanTaker(Protocol):
    """Reads and checks a plan that was handed over, in a process of its own."""

    @property
    def staged(self) -> Staged:
        """What became of the last one."""
        ...

    def take(self, data: bytes) -> None:
        """Look at it; returns at once."""
        ...


def refusal(view: VehicleView, station_id: int) -> str:
    """Why this console may not hand a plan over now; "" where it may."""
    if view.mode is not Mode.DISARMED:
        return "only while disarmed"
    if view.held_by_another(station_id):
        return f"console {view.holder} holds control"
    return ""


class PlanStage:
    """What one peer writes. `allowed` says whether it may, at the beginning and at the end."""

    def __init__(self, taker: Callable[[], "PlanTaker | None"], allowed: Callable[[], str]) -> None:
        self._taker, self._allowed = taker, allowed
        self._data = bytearray()

    def begin(self, path: str) -> bool:
        """Whether this path may be written now."""
        if path != STAGE or self._taker() is None or self._allowed():
            return False
        self._data = bytearray()
        return True

    def write(self, offset: int, data: bytes) -> bool:
        """A piece; pieces come in any order."""
        end = offset + len(data)
        if end > SIZE_MAX:
            return False
        if end > len(self._data):
            self._data.extend(bytes(end - len(self._data)))
        self._data[offset:end] = data
        return True

    def content(self, path: str) -> bytes | None:
        """What was written so far."""
        return bytes(self._data) if path == STAGE else None

    def finish(self) -> None:
        """All was written."""
        taker = self._taker()
        if taker is not None and self._data and not self._allowed():
            taker.take(bytes(self._data))
        self._data = bytearray()
