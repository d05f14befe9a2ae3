"""Files what arrived under the newest of each source; age is judged from the tick of arrival."""

from firmware_bridge.types import ControllerStatus
from vehicle.messages import Inputs
from vehicle.state import WireState


def step(wire: WireState, inputs: Inputs, now_ns: int) -> WireState:
    """The newest of each source. A fresh flag holds for one tick, so nothing is used twice as a measurement."""
    status_fresh, imu_fresh, gnss_fresh = (
        inputs.status is not None,
        inputs.imu is not None,
        inputs.gnss is not None,
    )
    return WireState(
        status=inputs.status if status_fresh else wire.status,
        status_t_ns=now_ns if status_fresh else wire.status_t_ns,
        status_fresh=status_fresh,
        status_counts=inputs.status is not None and _goes_on(wire.status, inputs.status),
        imu=inputs.imu if imu_fresh else wire.imu,
        imu_t_ns=now_ns if imu_fresh else wire.imu_t_ns,
        imu_fresh=imu_fresh,
        gnss=inputs.gnss if gnss_fresh else wire.gnss,
        gnss_t_ns=now_ns if gnss_fresh else wire.gnss_t_ns,
        gnss_fresh=gnss_fresh,
        hello=inputs.hello or wire.hello,
        operator=inputs.operator,
        bad_frames=inputs.bad_frames,
        overrun=inputs.overrun,
        recording=inputs.recording,
    )


def _goes_on(before: ControllerStatus | None, now: ControllerStatus) -> bool:
    return before is None or now.status_count != before.status_count
