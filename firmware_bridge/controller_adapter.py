"""Interface of a controller's adapter: bytes become typed values, and commands become bytes.

An adapter uses no port and no clock: its caller reads and writes the bytes, and gives the time.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from firmware_bridge.ports import BytePort, StampedPort
from firmware_bridge.types import ControllerHello, ControllerStatus, GnssFix, ImuSample

if TYPE_CHECKING:
    from firmware_bridge.command import ActuatorCommand


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a controller can do.

    `leases`: it ends each command by itself after its time; a controller without needs a cut-off outside both computers
    that can stop the machine. `corrections`: its receiver takes RTCM over this wire.
    """

    name: str
    rotor: bool
    depth: bool
    leases: bool
    corrections: bool = False


class ControllerBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a controller sent since the last tick: the newest message of each kind, and the number of bad frames."""

    status: ControllerStatus | None = None
    imu: ImuSample | None = None
    gnss: GnssFix | None = None
    hello: ControllerHello | None = None
    bad_frames: int = 0


def joined(batches: Sequence[ControllerBatch]) -> ControllerBatch:
    """Join several arrivals of one tick: the newest message of each kind, and the sum of bad frames."""
    first, *others = batches
    for later in others:
        first = ControllerBatch(
            status=later.status if later.status is not None else first.status,
            imu=later.imu if later.imu is not None else first.imu,
            gnss=later.gnss if later.gnss is not None else first.gnss,
            hello=later.hello if later.hello is not None else first.hello,
            bad_frames=first.bad_frames + later.bad_frames,
        )
    return first


class ControllerAdapter(Protocol):
    """One dialect of one kind of controller."""

    @property
    def capabilities(self) -> Capabilities:
        """What the controller can do."""
        ...

    @property
    def settings(self) -> str:
        """Return the settings of this adapter as JSON: a recording keeps them, and a replay builds the same adapter."""
        ...

    def receive(self, data: bytes, now_ns: int) -> ControllerBatch:
        """Decode bytes that arrived at `now_ns`, in pieces of any size. Never raises, whatever the bytes are."""
        ...

    def encode(self, command: "ActuatorCommand", now_ns: int) -> tuple[bytes, ...]:
        """Return all whole frames that are due now, the command first, because a full port drops whole frames.

        Raises:
            ValueError: The command holds a value that must never be sent.
        """
        ...

    def corrections(self, rtcm: bytes) -> None:
        """Take correction data for the controller's receiver; it is sent with the frames of a later tick."""
        ...


class ControllerWire:
    """A port, and the adapter for the dialect that is spoken on it."""

    def __init__(self, port: BytePort, adapter: ControllerAdapter) -> None:
        self.port, self.adapter = port, adapter
        # stored, because asking a protocol takes longer than reading the port
        self._read_chunks = port.read_chunks if isinstance(port, StampedPort) else None

    def receive(self, now_ns: int) -> tuple[bytes, ControllerBatch]:
        """Return all bytes that have arrived and their messages; a port that stamps its bytes gives their time."""
        if self._read_chunks is None:
            data = self.port.read()
            return data, self.adapter.receive(data, now_ns)
        chunks = self._read_chunks() or [(now_ns, b"")]
        heard = [self.adapter.receive(chunk, arrived_ns) for arrived_ns, chunk in chunks]
        return b"".join(chunk for _, chunk in chunks), heard[0] if len(heard) == 1 else joined(heard)

    def send(self, frames: tuple[bytes, ...]) -> None:
        """Write the frames to the port."""
        for frame in frames:
            self.port.write(frame)
