"""The socket for whoever drives the iron: bytes in, typed values out, and back.

An adapter touches no port and no clock: whoever ticks reads and writes the bytes, and says when.
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

    `leases`: it drops each command by itself when its time is over; without, a cut-off outside both computers has to
    stop the machine. `corrections`: its receiver takes RTCM over this wire.
    """

    name: str
    rotor: bool
    depth: bool
    leases: bool
    corrections: bool = False


class ControllerBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a controller said since the last tick: the newest of each kind, and how many frames were no good."""

    status: ControllerStatus | None = None
    imu: ImuSample | None = None
    gnss: GnssFix | None = None
    hello: ControllerHello | None = None
    bad_frames: int = 0


def joined(batches: Sequence[ControllerBatch]) -> ControllerBatch:
    """Several arrivals of one tick as one: the newest of each kind, bad frames of all."""
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
        """What the controller behind it can do."""
        ...

    @property
    def settings(self) -> str:
        """What the adapter was made with, as JSON: a recording keeps it, a replay makes the same one."""
        ...

    def receive(self, data: bytes, now_ns: int) -> ControllerBatch:
        """Bytes that arrived at `now_ns`, in any pieces. Never raises on what they are."""
        ...

    def encode(self, command: "ActuatorCommand", now_ns: int) -> tuple[bytes, ...]:
        """All frames that are due now, each whole, the command first: a port that is full drops whole frames.

        Raises:
            ValueError: The command holds a value that must never reach a wire.
        """
        ...

    def corrections(self, rtcm: bytes) -> None:
        """Correction data for the controller's receiver, to go out with the frames of a coming tick."""
        ...


class ControllerWire:
    """A port, and the adapter that knows what is spoken on it."""

    def __init__(self, port: BytePort, adapter: ControllerAdapter) -> None:
        self.port, self.adapter = port, adapter
        # asked once: to ask it of a protocol takes longer than to read the port
        self._read_chunks = port.read_chunks if isinstance(port, StampedPort) else None

    def receive(self, now_ns: int) -> tuple[bytes, ControllerBatch]:
        """All that has arrived, and what it says; a port that stamps its bytes knows when."""
        if self._read_chunks is None:
            data = self.port.read()
            return data, self.adapter.receive(data, now_ns)
        chunks = self._read_chunks() or [(now_ns, b"")]
        heard = [self.adapter.receive(chunk, arrived_ns) for arrived_ns, chunk in chunks]
        return b"".join(chunk for _, chunk in chunks), heard[0] if len(heard) == 1 else joined(heard)

    def send(self, frames: tuple[bytes, ...]) -> None:
        """Hand the frames to the port."""
        for frame in frames:
            self.port.write(frame)
