"""Ground for the pages: changed tiles of the console's copy of the record, as classes. Pure."""

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
"""Default cell size until a record gives it."""


class GroundMirror:
    """The record of one vehicle at one address, with the version of each tile's last change.

    `version` counts changes; `epoch` rises when pages must forget all tiles.
    """

    def __init__(self) -> None:
        self.version = self.epoch = 0
        self._copy = LedgerCopy()
        self._changed: dict[raster.Key, int] = {}

    @property
    def complete(self) -> bool:
        """Whether the whole record is known, so that ground without a claim is still to do."""
        return self._copy.complete

    @property
    def missing(self) -> str:
        """The vehicle's file that must be fetched; "" if none is missing."""
        return self._copy.missing

    @property
    def plan_hash(self) -> str:
        """Hash of the plan in progress when the record was fetched."""
        return self._copy.header.plan_hash if self._copy.header is not None else ""

    @property
    def datum(self) -> tuple[float, float, float] | None:
        """Origin of the record's metres: latitude, longitude [deg], height [m]."""
        return self._copy.header.datum if self._copy.header is not None else None

    @property
    def vehicle_id(self) -> str:
        """Whose record it is; "" if the vehicle does not say."""
        return self._copy.header.vehicle_id if self._copy.header is not None else ""

    @property
    def cell_m(self) -> float:
        """Cell size [m]."""
        return self._copy.header.cell_m if self._copy.header is not None else CELL_M

    @property
    def ledger(self) -> LedgerState:
        """The record, never changed in place."""
        return self._copy.ledger

    @property
    def stroke(self) -> int:
        """Number of the newest stroke."""
        return self._copy.stroke

    # --- from the vehicle --------------------------------------------------------------------------------------------
    def heard(self, told: StrokesFrame) -> None:
        """Process changes of the record."""
        before = (self._copy.header, self._copy.ledger)
        self._copy.heard(told)
        self._follow(*before)

    def fetched(self, path: str, data: bytes | None) -> None:
        """Load a file that was missing; None: the vehicle does not have it.

        Raises:
            ValueError: It is no such file.
        """
        for _ in self.taking(path, data):
            pass

    def taking(self, path: str, data: bytes | None) -> Iterator[None]:
        """Load a missing file in pieces of a few milliseconds; the shown ground changes with the last piece.

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
        """Whether a withdrawal has not yet been applied to the whole copy."""
        return self._copy.withdrawing

    def advance(self) -> bool:
        """Apply a withdrawal to a few more tiles; True while there is more to do."""
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

    # --- to the pages ------------------------------------------------------------------------------------------------
    def since(self, version: int, most: int) -> list[tuple[raster.Key, int]]:
        """Return up to `most` tiles that changed after a version, oldest change first, each with its version."""
        found = []
        for key, changed in reversed(self._changed.items()):
            if changed <= version:
                break
            found.append((key, changed))
        return found[::-1][:most]

    def tile_frame(self, key: raster.Key) -> bytes:
        """Encode a tile for the page: header and packed classes."""
        known = classes(raster.find(self.ledger.tiles, key), self.ledger.firm, self.ledger.unclosed)
        packed = zlib.compress(known.tobytes(), 1)
        return _TILE.pack(TILE, 0, raster.TILE, key[0], key[1], self.stroke & 0xFFFFFFFF) + packed


class PageGround:
    """The ground as one page knows it; the page is at most a few update periods behind."""

    def __init__(self) -> None:
        self._mirror: GroundMirror | None = None
        self._epoch = self._version = -1
        self._whole = False

    def frames(self, mirror: GroundMirror, most: int) -> list[bytes]:
        """Return the page's next frames: "forget all" if the whole ground changed, then a limited number of tiles."""
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
        """Whether the page got every tile that existed at its start; until then a missing tile is unknown ground."""
        return self._whole and mirror is self._mirror and mirror.epoch == self._epoch


def keys_of(ledger: LedgerState) -> Iterator[raster.Key]:
    """Return the keys of all tiles of a record, in a fixed order."""
    yield from sorted(key for block in ledger.tiles.values() for key in block)


def changed_keys(before: LedgerState, after: LedgerState) -> Iterator[raster.Key]:
    """Return the keys of changed tiles: an unchanged tile is the same object in both versions."""
    for place, block in after.tiles.items():
        old = before.tiles.get(place, {})
        if block is not old:
            yield from (key for key, tile in block.items() if old.get(key) is not tile)


def decoded_tile(frame: bytes) -> tuple[raster.Key, int, Classes]:
    """Decode a page's frame: tile, number of the newest stroke, classes (TILE, TILE)."""
    _, _, size, east, north, stroke = _TILE.unpack_from(frame)
    cells = np.frombuffer(zlib.decompress(frame[_TILE.size :]), np.uint8)
    return (east, north), stroke, cells.reshape(size, size)
