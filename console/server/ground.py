"""The console's own copy of the record of ground: strokes and acts, applied by the code that keeps the record.

What was missed is seen by the numbers: then nothing is added until the record was fetched anew. Pure.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
from msgspec.structs import replace

from console.server.drive_frames import CLEAR, TILE
from console.server.ground_classes import Classes, classes
from vehicle.contracts.ledger_types import Confirm, LedgerStroke, Observed, Revoke
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes, withdrawal
from vehicle.control.state import LedgerState

Act = Revoke | Confirm | Observed
_TILE: Final = struct.Struct("<BBHiiI")
CLEAR_FRAME: Final = bytes([CLEAR])


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The vehicle's record as it was fetched: masks, and how far they reach.

    `plan_hash` of the plan under way, `acts`: so many acts of the vehicle's present start are in it.
    """

    plan_hash: str
    cell_m: float
    ledger: LedgerState
    acts: int


class GroundMirror:
    """Of one vehicle. `complete`: the whole record is known, so that ground without a claim is to do.

    `version` counts changes; `epoch` rises where all tiles have to be forgotten.
    """

    def __init__(self) -> None:
        self.version = self.epoch = 0
        self.complete = False
        self.plan_hash = ""
        self.cell_m = 0.05
        self.ledger = LedgerState()
        self.acts = 0
        self._changed: dict[raster.Key, int] = {}

    @property
    def stroke(self) -> int:
        """Number of the newest stroke."""
        return withdrawal.newest(self.ledger)

    # --- what the vehicle tells --------------------------------------------------------------------------------------
    def forget(self) -> None:
        """Another session, another plan: nothing is known."""
        self.epoch += 1
        self.complete, self.plan_hash = False, ""
        self.ledger, self.acts = LedgerState(), 0
        self._changed.clear()

    def restored(self, record: Record) -> None:
        """The whole record, fetched."""
        self.forget()
        self.complete, self.plan_hash, self.cell_m = True, record.plan_hash, record.cell_m
        self.ledger, self.acts = record.ledger, record.acts
        self._touch(keys_of(self.ledger))

    def add_strokes(self, new: tuple[LedgerStroke, ...], acts: int) -> bool:
        """Strokes in order, made after so many acts; False where something before them was missed."""
        unknown = tuple(stroke for stroke in new if stroke.number > self.stroke)
        if not self.complete or (unknown and acts != self.acts):
            return False
        for stroke in unknown:
            if stroke.number != self.stroke + 1:
                return False
            before = self.ledger
            self.ledger = replace(strokes.apply(before, stroke, self.cell_m), stroke=stroke)
            self._touch(changed_keys(before, self.ledger))
        return True

    def add_act(self, act: Act, newest: int, acts: int) -> bool:
        """What later knowledge did, after the stroke `newest`, as the `acts`th act; False as above."""
        if self.complete and acts <= self.acts:
            return True
        if not self.complete or acts != self.acts + 1 or newest != self.stroke:
            return False
        before = self.ledger
        if isinstance(act, Revoke):
            self.ledger = withdrawal.done(withdrawal.begun(before, act), self.cell_m)
            self._touch(changed_keys(before, self.ledger))
        elif isinstance(act, Confirm):
            self.ledger = withdrawal.confirmed(before, act)
            if (self.ledger.firm, self.ledger.unclosed) != (before.firm, before.unclosed):
                self._touch(keys_of(self.ledger))
        self.acts = acts
        return True

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

    def frames(self, mirror: GroundMirror, most: int) -> list[bytes]:
        """What the page is told now: forget all, where all of it is another; then at most so many tiles."""
        found: list[bytes] = []
        if mirror is not self._mirror or mirror.epoch != self._epoch:
            self._mirror, self._epoch, self._version = mirror, mirror.epoch, 0
            found.append(CLEAR_FRAME)
        for key, version in mirror.since(self._version, most):
            found.append(mirror.tile_frame(key))
            self._version = version
        return found


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
