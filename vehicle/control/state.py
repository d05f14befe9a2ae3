"""The state of the whole vehicle: one frozen value, a part for each room, in order of flow.

Each room changes its own part only, by returning a new one. Arrays inside are never written after they were stored.
"""

import math

import msgspec
import numpy as np
import numpy.typing as npt

from firmware_bridge.types import ControllerHello, ControllerStatus, GnssFix, ImuSample
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.detonation import Crater
from vehicle.contracts.frames import FloatArray, LocalFrame
from vehicle.contracts.geometry import Ring
from vehicle.contracts.ledger_types import (
    Bracket,
    Confirm,
    JobMark,
    LedgerRun,
    LedgerStroke,
    Observed,
    Pending,
    Revoke,
    Trial,
)
from vehicle.contracts.messages import EngineStart, GateReport, MissionPhase, Mode, Neighbour, OperatorFrame, RotorState
from vehicle.contracts.plan import Plan
from vehicle.contracts.units import NEVER_NS
from vehicle.control.checks_state import ChecksState
from vehicle.control.depth import Depth
from vehicle.control.estimate_state import EstimateState


class WireState(msgspec.Struct, frozen=True, kw_only=True):
    """The newest of each source with the tick time of its arrival; a fresh flag holds for this tick only.

    `status_counts`: it is fresh, and its count and clock went on; a hung controller repeats one, which proves nothing.
    `disorder`: so many in order are wanted before any proves ground again, because one was repeated or came late.
    `controller_time_ms`: the newest stamp of the controller's own clock, 0 before the first; `stamp_t_ns`: when it
    came; `odd_stamps`: for so many ticks all that came could not follow it. `belts`: left and right as they were
    last believed [m/s], and when. `impossible`: something that arrived in this tick cannot be, and was not used;
    or, `tilt_leaps`, proves no ground.
    """

    status: ControllerStatus | None = None
    status_t_ns: int = NEVER_NS
    status_fresh: bool = False
    status_counts: bool = False
    disorder: int = 0
    imu: ImuSample | None = None
    imu_t_ns: int = NEVER_NS
    imu_fresh: bool = False
    gnss: GnssFix | None = None
    gnss_t_ns: int = NEVER_NS
    gnss_fresh: bool = False
    hello: ControllerHello | None = None
    operator: tuple[OperatorFrame, ...] = ()
    bad_frames: int = 0
    overrun: bool = False
    recording: bool = True
    controller_time_ms: int = 0
    stamp_t_ns: int = NEVER_NS
    odd_stamps: int = 0
    belts: tuple[tuple[float, int] | None, tuple[float, int] | None] = (None, None)
    impossible: bool = False
    tilt_leaps: bool = False


class StationTrack(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the gate remembers of one operator's station: its newest counters and edges, and when they came.

    `sample_tick`: when its sticks were last read anew. `clone_tick`: when two senders were last heard under its name.
    """

    station_id: int
    sequence: int
    echo_tick: int
    edges: int
    sample_count: int
    sample_tick: int
    tick: int
    clone_tick: int = -(10**9)


class DriftState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One GNSS epoch, what the belts ran since, and the sums of unexplained way to each side [m]."""

    known: bool = False
    lat_deg: float = 0.0
    lon_deg: float = 0.0
    lever_m: tuple[float, float] = (0.0, 0.0)
    yaw_rad: float = 0.0
    belt_m: float = 0.0
    left_m: float = 0.0
    right_m: float = 0.0
    ahead_m: float = 0.0
    back_m: float = 0.0


class RotorWatch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is remembered of a rotor, to see whether its sensor stands; empty but for `air_ratio` below its speed.

    `low_radps`, `high_radps`: the lowest and highest shown speed since `still_tick`, the first of a span in which it
    may stand; 0 where none is judged. `before_tick`: the first of the span before, or of this where it is the first.
    `restless_ticks`: how many since `still_tick` in which a rotor's speed cannot rest. Of
    the engine's full power: `air_ratio`, the least that it gave beside the rotor's share since the rotor rested,
    infinite where that is unknown; and while the tool cuts `shown_ratio`, what torque and shown speed ask for, and
    `load_ratio`, what it gives, both as means of a second. `short_tick`: the last in which it gave enough.
    `doubt_tick`: the first in which the sensor may have stood; 0 without a doubt. `*_t_ns`: when these were.
    """

    air_ratio: float = math.inf
    low_radps: float = 0.0
    high_radps: float = 0.0
    still_tick: int = 0
    before_tick: int = 0
    restless_ticks: int = 0
    shown_ratio: float = 0.0
    load_ratio: float = 0.0
    short_tick: int = 0
    doubt_tick: int = 0
    still_t_ns: int = 0
    before_t_ns: int = 0
    short_t_ns: int = 0
    doubt_t_ns: int = 0


class MonitorState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the gate remembers to see that something changed, repeats, or does not follow.

    `beats_ns`: times of the last ticks, the newest last. `*_tick` stand beside the value that changed then.
    `rest_ticks`: for so many in a row a machine with a silent encoder was seen at rest. `rotor_ran`: the rotor was at
    its speed since it was switched on. `bad_ticks`, `broken_ticks`,
    `late_ticks`: when such a thing last happened, a few of each. `stamp_ms`: of the command about to go out. `sent`: of
    the last commands, the newest last, the stamp and what the belts are expected to have been applied by it [m/s].
    `line_heard_ms`: how old the stamp was when its command reached the controller, by the controller's own clock, as
    the last answer has it; `line_ms`: what that is taken for. `base_known`: the newest id of a base, 0 for none;
    `base_turns`: ticks of its last two changes to another one.
    """

    beats_ns: tuple[int, ...] = ()
    boot_count: int = -1
    status_count: int = -1
    status_tick: int = 0
    chain_latched: bool = False
    base_id: int = -1
    base_known: int = 0
    base_turns: tuple[int, ...] = ()
    clip_count: int = 0
    imu: tuple[float, ...] = ()
    imu_tick: int = 0
    gnss: tuple[float, ...] = ()
    gnss_tick: int = 0
    depth_m: float = 0.0
    depth_tick: int = 0
    tilt_error_rad: tuple[float, float] = (0.0, 0.0)
    expected_mps: tuple[float, float] = (0.0, 0.0)
    rest_ticks: int = 0
    rotor_ratio: float = 0.0
    rotor_rested: bool = False
    rotor_on: bool = False
    rotor_ran: bool = False
    rotor_tick: int = 0
    rotor_watch: RotorWatch = RotorWatch()
    bad_ticks: tuple[int, ...] = ()
    broken_ticks: tuple[int, ...] = ()
    late_ticks: tuple[int, ...] = ()
    stamp_ms: int = 0
    sent: tuple[tuple[int, float, float], ...] = ()
    line_heard_ms: int = 0
    line_ms: int = 0
    drift: DriftState = DriftState()
    room_ahead_m: float = math.inf
    room_behind_m: float = math.inf
    room_turns: bool = True


class GateState(msgspec.Struct, frozen=True, kw_only=True):
    """The safety gate's own part.

    The composition root sets `session_id`, `config_hash`, `fence` (edges of fence and keep-outs, n x 4, ENU metres),
    `boots_recent` (starts of the computer within 5 min) and `ring_m` (radius of the task's exclusion ring; 0 where the
    task names none) once; everything else belongs to the gate. `frame` is the
    lease holder's frame in force. `active`, `latched`, `shown` and `accepted` are bit masks of stop reasons: in force,
    waiting for an acknowledgement, told to the operator until the next reset, and tolerated by RECOVERY. `set_mps` is
    what was last commanded to the belts. `driven_path`: poses of the driven track (n x 3: east, north, yaw).
    `reset_sequence`: of the newest command that passed a reset on to the controller; 0 before the first. `mode_tick`
    and `mode_t_ns`: when this mode was entered. `stood_tick`: the newest in which the machine did not creep.
    `shock_tick`, `shock_t_ns`: when the newest detonation came into force; 0 for one from before the start, whose wait
    begins anew. `start`: the step of an engine start, with the tick and time when it
    began; `start_tries` without a running engine; `start_barred`: no console starts it before a reset at the machine;
    `crank_*`: when the starter last stopped, or the program started.
    """

    session_id: int = 0
    config_hash: bytes = b""
    fence: FloatArray | None = None
    boots_recent: int = 1
    ring_m: float = 0.0
    mode: Mode = Mode.BOOT
    rotor: RotorState = RotorState.OFF
    sequence: int = 0
    holder: int = 0
    neutral_seen: bool = False
    estop_latched: bool = False
    reset_due: bool = False
    frame: OperatorFrame | None = None
    frame_tick: int = 0
    stations: tuple[StationTrack, ...] = ()
    foreign_count: int = 0
    budget_ms: int = 0
    flapping: bool = True
    active: int = 0
    latched: int = 0
    latch_tick: int = 0
    estop_tick: int = 0
    shown: int = 0
    accepted: int = 0
    timers: tuple[tuple[int, int], ...] = ()
    monitor: MonitorState = MonitorState()
    stop_tick: int = 0
    horn_until_tick: int = 0
    warns: bool = False
    mode_tick: int = 0
    mode_t_ns: int = 0
    stood_tick: int = 0
    shock_tick: int = 0
    shock_t_ns: int = 0
    start: EngineStart = EngineStart.NONE
    start_tick: int = 0
    start_t_ns: int = 0
    start_tries: int = 0
    start_barred: bool = False
    crank_tick: int = 0
    crank_t_ns: int = 0
    attention_tick: int = 0
    attention_t_ns: int = 0
    used_tick: int = 0
    act_tick: int = 0
    reset_sequence: int = 0
    set_mps: tuple[float, float] = (0.0, 0.0)
    driven_path: FloatArray = msgspec.field(default_factory=lambda: np.zeros((0, 3)))


class LedgerState(msgspec.Struct, frozen=True, kw_only=True):
    """The masks as copy-on-write tiles, the run under way, and the newest stroke for the journal.

    `tiles`: block -> (tile -> (8, n, n) uint8 as `ground/raster.py` has them, or the same packed once the tool is far
    away). `warm`: tiles that are not packed, the newest first. `good`: number of the newest stroke when each kind of
    knowledge was last known good, `depth_good`: those of all ground on which the depth was. Credit after the stroke
    `firm` is provisional: no check of the base has closed it; that of the strokes `unclosed` (first, last) stays so,
    because no opening check stands at their beginning.
    `pending`: withdrawals that have not reached the whole map; what they withdraw is out of the figures at once only
    where they have. `acts`: what was withdrawn or confirmed in the newest such tick, the last of `act_count`.
    `marks`: times and numbers of strokes, thinned out with age. `trials`: what was worked while all was withheld, the
    newest last; only since the depth last failed. `craters_m`: keep-outs of large detonations, in which no
    track may stand. `bracket`: since it began, the place of `run` is reckoned; no stroke is drawn before it is proven
    again. `shaken`: strokes (first, last) since the hammers were last counted before a large detonation, until they are
    counted again: their credit is provisional, whatever the base says.
    """

    swept_m2: float = 0.0
    credited_m2: float = 0.0
    swept_cells: int = 0
    credited_cells: int = 0
    provisional_cells: int = 0
    withdrawn_cells: int = 0
    tiles: dict[tuple[int, int], dict[tuple[int, int], npt.NDArray[np.uint8] | bytes]] = msgspec.field(
        default_factory=dict
    )
    warm: tuple[tuple[int, int], ...] = ()
    run: LedgerRun | None = None
    bracket: Bracket | None = None
    stroke: LedgerStroke | None = None
    depth: Depth = Depth()
    good: dict[str, int] = msgspec.field(default_factory=dict)
    depth_good: tuple[int, ...] = ()
    firm: int = 0
    unclosed: tuple[tuple[int, int], ...] = ()
    unclosed_cells: int = 0
    pending: tuple[Pending, ...] = ()
    acts: tuple[Revoke | Confirm | Observed, ...] = ()
    act_count: int = 0
    marks: tuple[tuple[int, int], ...] = ()
    trials: tuple[Trial, ...] = ()
    craters_m: tuple[Crater, ...] = ()
    shaken: tuple[int, int] | None = None

    @property
    def open_ranges(self) -> tuple[tuple[int, int], ...]:
        """Strokes (first, last) whose credit is provisional beside that above `firm`; they may overlap."""
        return self.unclosed if self.shaken is None else (*self.unclosed, self.shaken)

    @property
    def open_cells(self) -> int:
        """Cells of provisional credit, at most: after a large detonation all, for those of `shaken` nobody counts."""
        return self.provisional_cells if self.shaken is None else self.credited_cells


class MissionState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the job stands: the segment, what is being done in it, and how far the tool has worked along it.

    `unproven_m`: edges (n, 4) of the ground that bore no tracks when the plan was made, set with the plan.
    `worked_along_m`: how far the machine has worked along the swath [m], kept until the next segment; `work_started`:
    it is at work in it. `credited_along_m`: the furthest at which ground was being credited in it, None where none was.
    `torn`: that broke off while the mission waited, or shortly before.
    """

    plan: Plan | None = None
    unproven_m: FloatArray = msgspec.field(default_factory=lambda: np.zeros((0, 4)))
    phase: MissionPhase = MissionPhase.IDLE
    index: int = 0
    phase_t_ns: int = 0
    worked_along_m: float = 0.0
    work_started: bool = False
    credited_along_m: float | None = None
    torn: bool = False
    blocked: str = ""
    link_peak_s: float = 0.0


def job_mark(mission: MissionState, now_ns: int = 0) -> JobMark | None:
    """Where the job stands, as a journal keeps it; None without a plan, or if the job has not begun."""
    plan = mission.plan
    if plan is None or (mission.phase is MissionPhase.IDLE and mission.index == 0):
        return None
    return JobMark(
        plan_hash=plan.plan_hash,
        site_hash=plan.site_hash,
        index=mission.index,
        at_work=mission.work_started or mission.worked_along_m > 0.0,
        done=mission.phase is MissionPhase.DONE,
        t_ns=now_ns,
    )


class FlailState(msgspec.Struct, frozen=True, kw_only=True):
    """The load governor's memory: the share of the working speed that the load led to, and what is allowed now."""

    led_ratio: float = 0.5
    speed_ratio: float = 0.5


class WaitingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, or none, that is assigned and not taken yet. `binds`: its boundary is still to bind."""

    plan: Plan | None
    boundary_m: tuple[Ring, ...]
    binds: bool = True


class VehicleState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; `tick(state, inputs, now)` is a function of it. `config` and `datum` stay as they were loaded.

    `tracks_supported`: whether the tracks stand, and are about to stand, on safe or processed ground. `waiting`: a plan
    that is taken once the machine is disarmed. `job_left`: where a job was left, by an earlier start of the program or
    for a plan that only drives, until a plan that works is taken. `neighbours`: other rings on the task. `taken_over`:
    seals of other vehicles' records on whose ground plans may rest.
    """

    config: VehicleConfig
    datum: LocalFrame
    tick: int = 0
    session_id: int = 0
    wire: WireState = WireState()
    estimate: EstimateState = EstimateState()
    mission: MissionState = MissionState()
    flail: FlailState = FlailState()
    gate: GateState = GateState()
    ledger: LedgerState = LedgerState()
    checks: ChecksState = ChecksState()
    tracks_supported: bool | None = None
    report: GateReport | None = None
    waiting: WaitingPlan | None = None
    job_left: JobMark | None = None
    neighbours: tuple[Neighbour, ...] = ()
    taken_over: tuple[str, ...] = ()
