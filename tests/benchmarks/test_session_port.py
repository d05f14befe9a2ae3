"""An operator's end of a session, when the vehicle program behind the same port is started anew."""

from benchmarks.trials.session_port import SessionPort
from firmware_bridge.mavlink.adapters import encode_vehicle
from tests.firmware_bridge.samples import VEHICLE


class Unread:
    """A port on which a program that has ended left these."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = list(chunks)

    def read(self) -> bytes:
        """The next of them."""
        return self._chunks.pop(0) if self._chunks else b""

    def write(self, frame: bytes) -> None:
        """Nobody reads it."""

    def close(self) -> None:
        """Nothing to do."""


def test_a_report_that_the_program_before_left_unread_is_not_one_of_the_next() -> None:
    report = encode_vehicle(VEHICLE, 1)
    port = SessionPort(Unread(report, report, report), 7, lambda: 1)
    assert port.read() == report
    assert port.heard_ns is not None
    port.forget()
    assert (port.read(), port.heard_ns) == (b"", None)
