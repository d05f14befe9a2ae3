"""What people measured, and what is known of the machine by its own checks: the checks' part of the vehicle's state."""

import math
from typing import NamedTuple

import msgspec

from firmware_bridge.types import ObservationResult
from vehicle.contracts.ledger_types import HeldBack, Observed
from vehicle.contracts.messages import Due, Margin
from vehicle.contracts.people import PeopleState
from vehicle.contracts.shift_state import ShiftState
from vehicle.contracts.skipped import SkippedSwath


class Calibration(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the checks of the machine found, and how far each may still be off; defaults are those of no check at all.

    Corrections are taken off the readings (`heading_rad`, `roll_rad`, `pitch_rad`), added to the antenna's place
    (`lever_left_m`, negative to the right), or multiply the belts (`belt_scale`). `*_bound_*`: what may be wrong after
    that. `bay`: east, north, yaw, roll, pitch of the parking bay when the full check was made. `made_utc`: for people,
    "" = never. `profile`: hash of the figures of the machine's profile that it was made with, "" = not known.
    """

    heading_rad: float = 0.0
    roll_rad: float = 0.0
    pitch_rad: float = 0.0
    lever_left_m: float = 0.0
    belt_scale: float = 1.0
    heading_bound_rad: float = math.radians(2.0)
    tilt_bound_rad: float = math.radians(0.6)
    place_bound_m: float = 0.03
    bay: tuple[float, float, float, float, float] | None = None
    made_utc: str = ""
    profile: str = ""


class Stand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Means over a stand, of its newest half minute at most: antenna in ENU, heading, tilt; `fixes` went into them.

    `changed`: while it lasted they became other ones, by more than a daily check lets pass.
    """

    fixes: int = 0
    east_m: float = 0.0
    north_m: float = 0.0
    yaw_rad: float = 0.0
    roll_rad: float = 0.0
    pitch_rad: float = 0.0
    changed: bool = False


class MachineCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of the machine has seen: the stand now, and those before it while a full check is `under_way`.

    `now`: the newest half minute, whose three-second means are `parts`, the newest last. `first`: the first three
    seconds of this stand. `silent_ticks`: since the newest fix that counts.
    """

    under_way: bool = False
    now: Stand = Stand()
    stands: tuple[Stand, ...] = ()
    first: Stand = Stand()
    parts: tuple[Stand, ...] = ()
    silent_ticks: int = 0


class Shown(NamedTuple):
    """A good depth reading: `off_m` = record less rod, with what was held back besides; below 0, or it is not good.

    `number`: the stroke that was read. `scatter_m`: what was withheld for the sensor's scatter.
    """

    number: int
    off_m: float
    scatter_m: float


class ChecksState(msgspec.Struct, frozen=True, kw_only=True):
    """What people measured since the start, and what is known of the machine since the last full check.

    `answers`: the newest observations with what became of them, so that one that is repeated is not recorded twice.
    `base_open`: a check of this base (`base_id`) stands at the beginning of what is worked now. `*_failed`: the last
    one failed, and nothing is credited. `depth_bias_m`: the sensor reads so much too deep; `depth_odd`: readings that
    the bias does not explain; `depth_shown`: the newest good readings with this bias, in this start of the program.
    `place_shown` as in `PlaceState`.
    `depth_due_number`: newest stroke when the reading became due. `depth_due_before`: what was claimed when it was due
    earlier, in this start of the program and before. `*_from_*`: ground worked and time with the tool down
    at the last reading and count. `worked_m2`: that was ever swept, whatever was withdrawn since; `swept_m2`: that the
    ledger had a tick ago. `hammers_missing`: by the last count. `contradicted`: depth and height did not go
    together a tick ago. `shock`: how heavy the newest shock was, 0 before the first, and when it was last told.
    `*_struck`: by a detonation since the hammers were counted, since the machine was checked. `results`: answers of
    this tick. `shift`: the acts of the working day. `skips`: swaths that people left out. `people`: who is signed in
    and has control. `seen`: marks and notes about fuel of this record, the newest.
    `ahead_us`: by how much the clock of a station was seen to be ahead. `doubts_ns`: when each kind of knowledge last
    failed or was put in doubt; `proven_ns`: when it was measured and good. `past`: time, `down_s` and `worked_m2`
    by then, the newest last. `due` and `margin` are what follows from all that.
    """

    answers: tuple[ObservationResult, ...] = ()
    results: tuple[ObservationResult, ...] = ()
    base_id: int = -1
    base_open: bool = False
    base_failed: bool = False
    place_shown: bool = True
    depth_known: bool = False
    depth_failed: bool = False
    depth_bias_m: float = 0.0
    depth_odd: int = 0
    depth_shown: tuple[Shown, ...] = ()
    depth_from_m2: float = 0.0
    depth_from_s: float = 0.0
    depth_due_number: int = 0
    depth_due_before: tuple[HeldBack, ...] = ()
    hammers_known: bool = False
    hammers_missing: int = 0
    hammers_from_s: float = 0.0
    down_s: float = 0.0
    worked_m2: float = 0.0
    swept_m2: float = 0.0
    shocked: bool = False
    shock: int = 0
    shock_t_ns: int = 0
    hammers_struck: bool = False
    machine_struck: bool = False
    contradicted: bool = False
    calibration: Calibration = Calibration()
    calibration_due: bool = True
    calibration_failed: bool = False
    machine: MachineCheck = MachineCheck()
    shift: ShiftState = ShiftState()
    skips: tuple[SkippedSwath, ...] = ()
    people: PeopleState = PeopleState()
    seen: tuple[Observed, ...] = ()
    ahead_us: dict[int, int] = msgspec.field(default_factory=dict)
    doubts_ns: dict[str, int] = msgspec.field(default_factory=dict)
    proven_ns: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)
    past: tuple[tuple[int, float, float], ...] = ()
    due: Due = Due()
    margin: Margin = Margin()
