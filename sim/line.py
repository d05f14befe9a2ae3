"""The serial line between computer and controller as a byte port; it changes nothing unless a fault is set."""

from collections import deque

from firmware_bridge.ports import BytePort
from sim.noise import UniformRows

SPLIT_BYTES = 7
"""Odd and shorter than any header, so that every frame is split in the middle."""


class SerialLine:
    """The host's end of the line.

    `step` is called once a tick. Attributes for faults hold until they are set back: `down_ticks` and `up_ticks` (delay
    of commands and of answers; a longer delay begins with the next byte, with a shorter one nothing is overtaken),
    `down_cut` (no command passes), `unplugged` (nothing passes, as with a pulled cable), `flip_ratio` (share of frames
    with one wrong bit, both directions), `split` (each read leaves a few bytes for the next tick), `repeat_command`
    (every command is written twice). Counters: `flipped`, `lost`.
    """

    def __init__(self, port: BytePort, *, seed: int) -> None:
        self._port = port
        self._draw = UniformRows(seed, "line", 2)
        self._held = b""
        self._tick = self.down_ticks = self.up_ticks = 0
        self._down: deque[tuple[int, bytes]] = deque()
        self._up: deque[tuple[int, bytes]] = deque()
        self.unplugged = self.down_cut = self.split = self.repeat_command = False
        self.flip_ratio = 0.0
        self.flipped = self.lost = 0

    @property
    def down_wait_ticks(self) -> int:
        """Ticks that a command written now is under way: its own delay, or what is left of those before it."""
        return max(self.down_ticks, max((due for due, _ in self._down), default=0) - self._tick)

    def step(self) -> None:
        """Run one tick of the delays."""
        self._tick += 1
        while self._down and self._down[0][0] <= self._tick:
            self._port.write(self._down.popleft()[1])
        if self.up_ticks or self._up:
            arrived = self._port.read()
            if arrived:
                self._up.append((self._tick + self.up_ticks, arrived))

    def read(self) -> bytes:
        """Return what arrived since the last call."""
        arrived = self._arrived()
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
        """Write one whole frame towards the controller."""
        if self.unplugged or self.down_cut:
            self.lost += len(frame)
            return
        if self.flip_ratio > 0.0:
            frame = self._flip(frame)
        for _ in range(2 if self.repeat_command else 1):
            if self.down_ticks or self._down:
                self._down.append((self._tick + self.down_ticks, frame))
            else:
                self._port.write(frame)

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def _arrived(self) -> bytes:
        if not self.up_ticks and not self._up:
            return self._port.read()
        due: list[bytes] = []
        while self._up and self._up[0][0] <= self._tick:
            due.append(self._up.popleft()[1])
        return b"".join(due)

    def _flip(self, frame: bytes) -> bytes:
        draw = self._draw.row()
        if draw[0] >= self.flip_ratio:
            return frame
        self.flipped += 1
        changed = bytearray(frame)
        bit = int(draw[1] * 8 * len(changed))
        changed[bit // 8] ^= 1 << (bit % 8)
        return bytes(changed)
