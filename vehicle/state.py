"""The state of the whole vehicle: one frozen value, a part for each room, in order of flow.

Each room changes its own part only, by returning a new one. Arrays inside are never written after they were stored.
"""

import msgspec
import numpy as np
import numpy.typing as npt

from firmware_bridge.types import ControllerHello, ControllerStatus, GnssFix, ImuSample
from vehicle.config import VehicleConfig
from vehicle.frames import LocalFrame
from vehicle.messages import GateReport, MissionPhase, Mode, OperatorFrame, RotorState
from vehicle.plan import Plan

FloatArray = npt.NDArray[np.float64]
NEVER_NS = -(10**18)


class WireState(msgspec.Struct, frozen=True, kw_only=True):
    """The newest of each source with the tick time of its arrival; a fresh flag holds for this tick only."""

    status: ControllerStatus | None = None
    status_t_ns: int = NEVER_NS
    status_fresh: bool = False
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


class GateState(msgspec.Struct, frozen=True, kw_only=True):
    """The safety gate's own part."""

    mode: Mode = Mode.BOOT
    rotor: RotorState = RotorState.OFF
    sequence: int = 0


class LedgerState(msgspec.Struct, frozen=True, kw_only=True):
    """The two masks, `swept` and `credited`, as copy-on-write tiles."""

    swept_m2: float = 0.0
    credited_m2: float = 0.0


class EstimateState(msgspec.Struct, frozen=True, kw_only=True):
    """The filter: x = east, north, yaw, gyro bias, belt slip ratio, creep coefficient; p is its covariance (6, 6)."""

    ready: bool = False
    x: FloatArray = msgspec.field(default_factory=lambda: np.zeros(6))
    p: FloatArray = msgspec.field(default_factory=lambda: np.zeros((6, 6)))
    accepted_t_ns: int = NEVER_NS
    rejected_count: int = 0
    innovation_ratio: float = 0.0
    slip_curvature_forward_1pm: float = 0.0
    slip_curvature_reverse_1pm: float = 0.0


class MissionState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the job stands: the segment, what is being done in it, and how far the tool has worked along it."""

    plan: Plan | None = None
    phase: MissionPhase = MissionPhase.IDLE
    index: int = 0
    phase_t_ns: int = 0
    worked_along_m: float = 0.0
    work_started: bool = False
    entry_along_m: float = 0.0
    blocked: str = ""


class FlailState(msgspec.Struct, frozen=True, kw_only=True):
    """The load governor's memory: the share of the working speed that rotor and depth allow."""

    speed_ratio: float = 1.0


class VehicleState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; `tick(state, inputs, now)` is a function of it. `config` and `datum` stay as they were loaded."""

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
    report: GateReport | None = None
