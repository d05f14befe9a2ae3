"""The serial line between computer and controller as a byte port with doors for faults; transparent without one."""

from firmware_bridge.ports import BytePort
from sim.noise import UniformRows

SPLIT_BYTES = 7
"""Odd and shorter than any header, so that every frame is cut in the middle."""


class SerialLine:
    """The host's end of the line.

    Doors, each holds until it is set back: `unplugged` (nothing passes, as a cable pulled from its plug), `flip_ratio`
    (share of frames with one bit turned, both ways), `split` (what arrives is handed over a few bytes a tick short),
    `repeat_command` (every command is written twice). Counters: `flipped`, `lost`.
    """

    def __init__(self, port: BytePort, *, seed: int) -> None:
        self._port = port
        self._draw = UniformRows(seed, "line", 2)
        self._held = b""
        self.unplugged = self.split = self.repeat_command = False
        self.flip_ratio = 0.0
        self.flipped = self.lost = 0

    def read(self) -> bytes:
        """What arrived since the last call."""
        arrived = self._port.read()
        if self.unplugged:
            self.lost += len(arrived)
            return b""
        if self.flip_ratio > 0.0 and arrived:
            arrived = self._flip(arrived)
        if not self.split and not self._held:
            return arrived
        whole = self._held + arrived
        cut = max(0, len(whole) - SPLIT_BYTES) if self.split else len(whole)
        self._held = whole[cut:]
        return whole[:cut]

    def write(self, frame: bytes) -> None:
        """One whole frame towards the controller."""
        if self.unplugged:
            self.lost += len(frame)
            return
        if self.flip_ratio > 0.0:
            frame = self._flip(frame)
        self._port.write(frame)
        if self.repeat_command:
            self._port.write(frame)

    def close(self) -> None:
        """Give the port up."""
        self._port.close()

    def _flip(self, frame: bytes) -> bytes:
        draw = self._draw.row()
        if draw[0] >= self.flip_ratio:
            return frame
        self.flipped += 1
        changed = bytearray(frame)
        bit = int(draw[1] * 8 * len(changed))
        changed[bit // 8] ^= 1 << (bit % 8)
        return bytes(changed)
