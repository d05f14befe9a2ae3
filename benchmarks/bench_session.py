"""The operator's end of a session on the bench link, on this computer's clock."""

from benchmarks.trials import session_port
from firmware_bridge.ports import BytePort
from vehicle.host.clock import SystemClock
from vehicle.operator_link.link import OPEN_KEY

CLOCK = SystemClock()


class SessionPort(session_port.SessionPort):
    """`benchmarks.trials.session_port.SessionPort` in real time."""

    def __init__(self, port: BytePort, station_id: int, key: bytes = OPEN_KEY) -> None:
        super().__init__(port, station_id, CLOCK.now_ns, key)
