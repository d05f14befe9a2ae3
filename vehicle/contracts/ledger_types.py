"""What the ledger remembers of the tool's passage: lines, strokes of ground, the run under way; what became of them."""

from enum import StrEnum

import msgspec

from vehicle.contracts.geometry import Ring


class ToolLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where the tool's axis lay on the ground plan, and the worst that was measured since the line before.

    `half_*` points from the centre to the left end in plan view, so a rolled tool is as narrow as the ground sees it.
    `path_m` is the furthest way of the faster end since the run began. `bow_*_m`: how far the centre strayed to that
    side of the chord from the line before. `depth_m` is the least proven depth.
    """

    east_m: float
    north_m: float
    half_east_m: float
    half_north_m: float
    path_m: float
    sigma_m: float
    end_sigma_m: float
    depth_m: float
    bow_left_m: float = 0.0
    bow_right_m: float = 0.0


class LedgerBand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A rectangle in the stroke's frame whose whole cells receive `flags`; `depth_cm` where it claims a depth."""

    rear_m: float
    front_m: float
    right_m: float
    left_m: float
    flags: int
    depth_cm: int = 0


class LedgerStroke(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the masks: the journal keeps these, and the masks are nothing but their sum.

    Frame: origin at the tool's centre, a along (`forward_east`, `forward_north`), w to the left, less `slope` * a.
    """

    number: int
    t_ns: int
    east_m: float
    north_m: float
    forward_east: float
    forward_north: float
    slope: float
    bands: tuple[LedgerBand, ...]


class LedgerRun(msgspec.Struct, frozen=True, kw_only=True):
    """One unbroken passage of the tool through the ground; `tip` is the newest line, `lines` the remembered ones."""

    t_ns: int
    lines: tuple[ToolLine, ...]
    tip: ToolLine
    stray_left_m: float
    stray_right_m: float
    unmet_conditions: int
    swept_from: ToolLine | None
    swept_done_m: float
    credit_from: ToolLine | None
    credit_done_m: float
    credit_flag: int


class Bracket(msgspec.Struct, frozen=True, kw_only=True):
    """The run as it was when its place was last proven, while it is not known yet what became of the place since.

    `doubt_m`: what that place may have been off by beside its sigma. `looks`: ticks on end in which it is proven again.
    """

    before: LedgerRun
    doubt_m: float
    looks: int = 0


class Knowledge(StrEnum):
    """What credit rests on beside the readings of its own tick. Each has its last moment in which it was known good."""

    BASE = "base"
    POSITION = "position"
    CALIBRATION = "calibration"
    DEPTH = "depth"
    HAMMERS = "hammers"
    ROTOR = "rotor"


class Revoke(msgspec.Struct, frozen=True, kw_only=True, tag="revoke"):
    """Withdraws `flags` from the cells that strokes `since_number` to `until_number` claimed, both included.

    `across_m`: only what lay between these distances left of the tool's middle (a lost hammer). `bias_m` above 0: the
    ground is so much shallower than it was claimed; nothing is withdrawn but what falls short of `required_depth_m`,
    which becomes processed below depth. `utc` is for people, `t_ns` is the session's time.
    """

    reason: str
    by: str
    since_number: int
    until_number: int
    utc: str = ""
    flags: int = 6
    across_m: tuple[float, float] | None = None
    bias_m: float = 0.0
    required_depth_m: float = 0.0
    t_ns: int = 0


class Confirm(msgspec.Struct, frozen=True, kw_only=True, tag="confirm"):
    """What credit rests on was good again: of `kind` nothing up to `until_number` is in doubt any more.

    `closing` False: good from here on, and nothing is said of what was before (an opening check).
    """

    kind: str
    by: str
    until_number: int
    t_ns: int = 0
    closing: bool = True


class Observed(msgspec.Struct, frozen=True, kw_only=True, tag="observed", omit_defaults=True):
    """What somebody measured, saw or did, as the journal keeps it; `place_m` ENU, None where nobody said where.

    `ring_m`, `plan_hash`: ground that it is about, a closed ring in ENU, and the plan that this ground is of; left out
    of the file where there is none. `within_m`: of a detonation, how far off `place_m` it may have been in any
    direction: half the tool's width, and the error of the place; 0 also in older files.
    """

    kind: str
    value: float
    sigma: float | None
    place_m: tuple[float, float] | None
    by: str
    text: str
    station_id: int
    t_ns: int
    utc_us: int | None
    ring_m: Ring = ()
    plan_hash: str = ""
    within_m: float = 0.0


class HeldBack(msgspec.Struct, frozen=True, kw_only=True, tag="depth_due"):
    """Strokes that claimed less than the sensor read, for a reading by hand was due: `first_number` to `last_number`.

    `bias_m`: what was taken off besides, for the sensor was known to read too deep; None: not known. In a journal the
    record stands where the time began and `last_number` is 0.
    """

    first_number: int
    last_number: int = 0
    bias_m: float | None = None


class JobMark(msgspec.Struct, frozen=True, kw_only=True, tag="job"):
    """Where the job of a plan stood, as the journal keeps it: in segment `index`, the tool `at_work` in it or not yet.

    How far a swath is worked the strokes say. `done`: the whole plan was driven.
    """

    plan_hash: str
    site_hash: str
    index: int = 0
    at_work: bool = False
    done: bool = False
    t_ns: int = 0


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The deepest claim at a place, and the oldest stroke (by number) on which a claim there rests.

    `trial`: nothing was ever claimed there, since all was withheld; `depth_m` is what the sensor says by itself.
    """

    depth_m: float
    number: int
    trial: bool = False


class Trial(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of the tool while nothing was claimed, and what would have been with no bias taken off: `depth_m`.

    `half_*` as in `ToolLine`; `number` of the newest stroke by then.
    """

    east_m: float
    north_m: float
    half_east_m: float
    half_north_m: float
    depth_m: float
    number: int


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What another room tells the ledger in a tick.

    `good`: `kind` was known good at this moment; `closing` False where nothing before it is confirmed by that. Else
    what was claimed since `kind` was last good is withdrawn, as `Revoke` has it; since `since_t_ns` where that is told.
    `at_number`: stroke of the ground that was measured; good says nothing of newer ground, and what is withdrawn begins
    after the last measurement on older ground. None: the newest. `recorded` False: it proves nothing of `kind`; the
    ledger and its journal leave it out, whatever else follows from it.
    """

    kind: Knowledge
    good: bool
    reason: str = ""
    by: str = ""
    closing: bool = True
    flags: int = 6
    across_m: tuple[float, float] | None = None
    bias_m: float = 0.0
    since_t_ns: int | None = None
    at_number: int | None = None
    recorded: bool = True


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawal on its way through the map: `keys` are the tiles that it has not reached yet."""

    revoke: Revoke
    keys: frozenset[tuple[int, int]]
