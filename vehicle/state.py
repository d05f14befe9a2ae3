"""The state of the whole vehicle: one frozen value, a part for each room, in order of flow.

Each room changes its own part only, by returning a new one. Arrays inside are never written after they were stored.
"""

import msgspec
import numpy as np
import numpy.typing as npt

from firmware_bridge.types import ControllerHello, ControllerStatus, GnssFix, ImuSample
from vehicle.messages import MissionPhase, Mode, OperatorFrame, RotorState

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


class MissionState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the job stands."""

    phase: MissionPhase = MissionPhase.IDLE
    index: int = 0
