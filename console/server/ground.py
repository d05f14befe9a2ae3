"""What pages are told of the ground: tiles of the console's copy of the record that changed, as classes. Pure."""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np

from console.client.ground_mirror import LedgerCopy
from console.server.drive_frames import CLEAR, TILE
from console.server.ground_classes import Classes, classes
from firmware_bridge.console_types import StrokesFrame
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState

_TILE: Final = struct.Struct("<BBHiiI")
CLEAR_FRAME: Final = bytes([CLEAR])
CELL_M: Final = 0.05
"""Before a record says it."""


class GroundMirror:
    """The record of one vehicle at one address, and which of its tiles changed when.

    `version` counts changes; `epoch` rises where all tiles have to be forgotten.
    """

    def __init__(self) -> None:
        self.version = self.epoch = 0
        self._copy = LedgerCopy()
        self._changed: dict[raster.Key, int] = {}

    @property
    def complete(self) -> bool:
        """The whole record is known: ground without a claim is to do."""
        return self._copy.complete

    @property
    def missing(self) -> str:
        """The vehicle's file that has to be fetched; "" where nothing is missing."""
        return self._copy.missing

    @property
    def plan_hash(self) -> str:
        """Of the plan under way when the record was fetched."""
        return self._copy.header.plan_hash if self._copy.header is not None else ""

    @property
    def datum(self) -> tuple[float, float, float] | None:
        """Latitude, longitude [deg], height [m] that the record's metres count from."""
        return self._copy.header.datum if self._copy.header is not None else None

    @property
    def cell_m(self) -> float:
        """Size of a cell."""
        return self._copy.header.cell_m if self._copy.header is not None else CELL_M

    @property
    def ledger(self) -> LedgerState:
        """The record, never changed in place."""
        return self._copy.ledger

    @property
    def stroke(self) -> int:
        """Number of the newest stroke."""
        return self._copy.stroke

    # --- what the vehicle tells --------------------------------------------------------------------------------------
    def heard(self, told: StrokesFrame) -> None:
        """What changed."""
        before = (self._copy.header, self._copy.ledger)
        self._copy.heard(told)
        self._follow(*before)

    def fetched(self, path: str, data: bytes | None) -> None:
        """A file that was missing, or that it is not there.

        Raises:
            ValueError: It is no such file.
        """
        for _ in self.taking(path, data):
            pass

    def taking(self, path: str, data: bytes | None) -> Iterator[None]:
        """The same as `fetched` in pieces of a few milliseconds; what is shown changes with the last of them.

        Raises:
            ValueError: It is no such file.
        """
        copy = self._copy
        pieces, more = copy.taking(path, data), True
        while more:
            before = (copy.header, copy.ledger)
            more = next(pieces, self) is not self
            if copy is self._copy:
                self._follow(*before)
            if more:
                yield

    @property
    def withdrawing(self) -> bool:
        """A withdrawal has not gone through the whole copy yet."""
        return self._copy.withdrawing

    def advance(self) -> bool:
        """A withdrawal goes a few tiles on; True while there is more to do."""
        before = (self._copy.header, self._copy.ledger)
        more = self._copy.advance()
        self._follow(*before)
        return more

    def _follow(self, header: object, before: LedgerState) -> None:
        after = self._copy.ledger
        if self._copy.header is not header:
            self.epoch += 1
            self._changed.clear()
            self._touch(keys_of(after))
        elif (after.firm, after.unclosed) != (before.firm, before.unclosed):
            self._touch(keys_of(after))
        elif after is not before:
            self._touch(changed_keys(before, after))

    def _touch(self, keys: Iterator[raster.Key]) -> None:
        for key in keys:
            self.version += 1
            self._changed.pop(key, None)
            self._changed[key] = self.version

    # --- what pages are told -----------------------------------------------------------------------------------------
    def since(self, version: int, most: int) -> list[tuple[raster.Key, int]]:
        """Tiles that changed after a version, oldest change first, at most so many; each with its own version."""
        found = []
        for key, changed in reversed(self._changed.items()):
            if changed <= version:
                break
            found.append((key, changed))
        return found[::-1][:most]

    def tile_frame(self, key: raster.Key) -> bytes:
        """The page's frame of a tile: header and packed classes."""
        known = classes(raster.find(self.ledger.tiles, key), self.ledger.firm, self.ledger.unclosed)
        packed = zlib.compress(known.tobytes(), 1)
        return _TILE.pack(TILE, 0, raster.TILE, key[0], key[1], self.stroke & 0xFFFFFFFF) + packed


class PageGround:
    """What one page has of the ground: never more behind than it is told in a few periods."""

    def __init__(self) -> None:
        self._mirror: GroundMirror | None = None
        self._epoch = self._version = -1
        self._whole = False

    def frames(self, mirror: GroundMirror, most: int) -> list[bytes]:
        """What the page is told now: forget all, where all of it is another; then at most so many tiles."""
        found: list[bytes] = []
        if mirror is not self._mirror or mirror.epoch != self._epoch:
            self._mirror, self._epoch, self._version, self._whole = mirror, mirror.epoch, 0, False
            found.append(CLEAR_FRAME)
        for key, version in mirror.since(self._version, most):
            found.append(mirror.tile_frame(key))
            self._version = version
        self._whole = self._whole or not mirror.since(self._version, 1)
        return found

    def has_all(self, mirror: GroundMirror) -> bool:
        """It was sent every tile that there was when it began; before, ground of which it has none is not to do."""
        return self._whole and mirror is self._mirror and mirror.epoch == self._epoch


def keys_of(ledger: LedgerState) -> Iterator[raster.Key]:
    """All tiles of a record, in a fixed order."""
    yield from sorted(key for block in ledger.tiles.values() for key in block)


def changed_keys(before: LedgerState, after: LedgerState) -> Iterator[raster.Key]:
    """Tiles of which the later version has another: what did not change is the same object in both."""
    for place, block in after.tiles.items():
        old = before.tiles.get(place, {})
        if block is not old:
            yield from (key for key, tile in block.items() if old.get(key) is not tile)


def decoded_tile(frame: bytes) -> tuple[raster.Key, int, Classes]:
    """Tile, number of the newest stroke, classes (TILE, TILE) of a page's frame: what a page reads."""
    _, _, size, east, north, stroke = _TILE.unpack_from(frame)
    cells = np.frombuffer(zlib.decompress(frame[_TILE.size :]), np.uint8)
    return (east, north), stroke, cells.reshape(size, size)
