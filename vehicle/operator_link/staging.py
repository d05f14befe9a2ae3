"""A plan that a console hands over as a file: written in pieces, then checked outside the tick, then taken or refused.

    stage.z, plan.z = deflated JSON {format, site_name, site_base64, outside, tripwires, feature, unmarked, plan}

The site file is included unchanged, so that the plan's ground can be read. The vehicle gives out the plan that it holds
in the same form (plan.z), so that every console can plan what is left of it.

Nothing is taken while the machine is armed, or from a console without control while another console has it. The result
is read from a file of its own.
"""

import zlib
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan
from vehicle.operator_link.vehicle_view import VehicleView

STAGE: Final = "@PLAN/stage.z"
STAGED: Final = "@PLAN/staged.json"
HELD: Final = "@PLAN/plan.z"
STAGE_FORMAT: Final = 1
SIZE_MAX: Final = 8_000_000
UNPACKED_MAX: Final = 64_000_000
UNTOUCHED, CHECKING, TAKEN, REFUSED = "untouched", "checking", "taken", "refused"


class SiteSource(msgspec.Struct, frozen=True, kw_only=True):
    """A site file as it was read: its name, its bytes, and the options of reading it."""

    site_base64: bytes
    site_name: str = "site.geojson"
    outside: str | None = None
    tripwires: str | None = None
    feature: str | None = None
    unmarked: str | None = None


class Stage(SiteSource, frozen=True, kw_only=True):
    """A plan on its way, with its site file."""

    format: int
    plan: Plan


def packed_stage(plan: Plan, source: SiteSource) -> bytes:
    """A plan with its site file, as it travels."""
    stage = Stage(format=STAGE_FORMAT, plan=plan, **msgspec.structs.asdict(source))
    return zlib.compress(msgspec.json.encode(stage), 6)


def read_stage(data: bytes) -> Stage:
    """Decode a plan that travelled. Raises InputError if it holds no plan."""
    opened = zlib.decompressobj()
    try:
        text = opened.decompress(data, UNPACKED_MAX)
        stage = msgspec.json.decode(text, type=Stage)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"no plan in it ({error}); plan the site again and hand the plan over") from None
    if stage.format != STAGE_FORMAT:
        raise InputError(
            f"a plan of format {stage.format}, this program reads {STAGE_FORMAT}; use programs of one version"
        )
    return stage


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
