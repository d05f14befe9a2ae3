"""A console's copy of the record of worked ground: first the whole record, then the changes in order. Pure.

If a change does not follow the held state, an earlier one was missed: nothing is added until it has been fetched. So
the copy either equals the vehicle's record of a moment ago, bit for bit, or reports that it is not complete. Long work
is done in pieces of a few milliseconds, so that stick readings can be passed on between them: `taking` loads a file,
and `advance` applies a withdrawal to the copy as the vehicle applies it to its own record.
"""

import zlib
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from firmware_bridge.console_types import StrokesFrame
from vehicle.contracts.ledger_types import Confirm, LedgerStroke, Revoke
from vehicle.contracts.stroke_codec import unpacked
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes, withdrawal
from vehicle.control.state import LedgerState
from vehicle.operator_link.ground_codec import RecordHeader, unpacked_act, unpacked_changes, unpacked_record
from vehicle.operator_link.ground_log import name_of

RECORD = "@LEDGER/masks.z"
TILES_A_PIECE: Final = 8
"""Tiles of a withdrawal processed in one piece: 0.5 ms each."""
FETCHED_A_PIECE: Final = 32
"""Tiles of a received record processed in one piece: 0.1 ms each."""
TILE_BYTES: Final = raster.PLANES * raster.TILE * raster.TILE


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A whole record: its header, and the ledger that it holds."""

    header: RecordHeader
    ledger: LedgerState


def record_of(data: bytes) -> Fetched:
    """Decode the file `@LEDGER/masks.z`.

    Raises:
        ValueError: It is no such file.
    """
    return next(found for found in _pieces_of(data) if found is not None)


def _pieces_of(data: bytes) -> Iterator[Fetched | None]:
    """Decode the file in pieces: yield None after each piece of work, and the record at the end."""
    header, tiles = unpacked_record(data)
    blocks: raster.Blocks = {}
    for count, (key, packed) in enumerate(tiles.items(), 1):
        _checked(packed)
        blocks.setdefault((key[0] // raster.BLOCK, key[1] // raster.BLOCK), {})[key] = packed
        if count % FETCHED_A_PIECE == 0:
            yield None
    newest = _named(header.stroke)
    ledger = LedgerState(tiles=blocks, firm=header.firm, unclosed=header.unclosed, stroke=newest)
    yield Fetched(header=header, ledger=ledger)


def _checked(packed: bytes) -> None:
    """Check a tile. Raises ValueError if it is no packed tile."""
    try:
        size = len(zlib.decompress(packed))
    except zlib.error as damage:
        raise ValueError(f"no record: {damage}") from None
    if size != TILE_BYTES:
        raise ValueError(f"a record with a tile of {size} bytes")


def _named(number: int) -> LedgerStroke | None:
    """Return a stroke that only carries the number of the newest one."""
    if not number:
        return None
    return LedgerStroke(
        number=number, t_ns=0, east_m=0.0, north_m=0.0, forward_east=1.0, forward_north=0.0, slope=0.0, bands=()
    )


class LedgerCopy:
    """`complete`: the copy is whole and up to date. `missing`: the file to be fetched, "" if none."""

    def __init__(self) -> None:
        self.header: RecordHeader | None = None
        self.ledger = LedgerState()
        self.acts = 0
        self.missing = RECORD

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return self.header is not None and not self.missing

    @property
    def stroke(self) -> int:
        """Number of the newest stroke in the copy."""
        return withdrawal.newest(self.ledger)

    @property
    def withdrawing(self) -> bool:
        """Whether a reported withdrawal has not yet been applied to the whole copy."""
        return bool(self.ledger.pending)

    def fetched(self, path: str, data: bytes | None) -> None:
        """Load a missing file at once; None: the vehicle does not have it, or no longer.

        Raises:
            ValueError: it is no such file.
        """
        for _ in self.taking(path, data):
            pass

    def taking(self, path: str, data: bytes | None) -> Iterator[None]:
        """Load a missing file in pieces, with other work between them; it takes effect with the last piece.

        Raises:
            ValueError: it is no such file.
        """
        if data is None:
            self.missing = RECORD
            return
        asked, header = self.missing, self.header
        taken = self._recorded(data) if path == RECORD else self._changed(data)
        for found in taken:
            if found is None:
                yield
            elif self.missing == asked and self.header is header:  # else the vehicle restarted meanwhile
                self.header, self.ledger = found.header, found.ledger
                self.acts, self.missing = found.acts, found.missing

    def _recorded(self, data: bytes) -> Iterator["LedgerCopy | None"]:
        for found in _pieces_of(data):
            yield None if found is None else _copy_of(found.header, found.ledger, found.header.acts)

    def _changed(self, data: bytes) -> Iterator["LedgerCopy | None"]:
        after = _copy_of(self.header, self.ledger, self.acts)
        for told in unpacked_changes(data):
            after._add(told)  # noqa: SLF001 (same class)
            yield None
        yield after

    def advance(self) -> bool:
        """Apply a withdrawal to a few more tiles; return True while there is more to do."""
        if self.header is not None and self.ledger.pending:
            self.ledger = withdrawal.advanced(self.ledger, self.header.cell_m, TILES_A_PIECE)
        return self.withdrawing

    def heard(self, told: StrokesFrame) -> None:
        """Process a frame."""
        if self.header is not None and told.session_low != self.header.session_low:
            self.header, self.ledger, self.acts, self.missing = None, LedgerState(), 0, RECORD
        if self.header is not None and told.plan != name_of(self.header.plan_hash):
            self.missing = RECORD  # the vehicle has another plan now: its header no longer belongs to the record
        if self.complete:
            self._add(told)

    def _add(self, told: StrokesFrame) -> None:
        """Add a change that follows, skip a known one; any other shows a gap."""
        if self.missing or self.header is None:
            return
        if told.act is not None:
            self._act(told, told.act)
            return
        if not told.strokes and (told.first > self.stroke or told.acts > self.acts):
            self._gap()
        for number, packed in enumerate(told.strokes, told.first):
            if number <= self.stroke and told.acts <= self.acts:
                continue
            if number != self.stroke + 1 or told.acts != self.acts:
                self._gap()
                return
            stroke = unpacked(packed)
            self.ledger = replace(strokes.apply(self.ledger, stroke, self.header.cell_m), stroke=stroke)

    def _act(self, told: StrokesFrame, data: bytes) -> None:
        assert self.header is not None
        if told.acts <= self.acts:
            return
        if told.acts != self.acts + 1 or told.first != self.stroke:
            self._gap()
            return
        act = unpacked_act(data)
        if isinstance(act, Revoke):
            self.ledger = withdrawal.begun(self.ledger, act)
        elif isinstance(act, Confirm):
            self.ledger = withdrawal.confirmed(self.ledger, act)
        self.acts = told.acts

    def _gap(self) -> None:
        assert self.header is not None
        self.missing = f"@LEDGER/strokes?from={self.stroke}&acts={self.acts}&session={self.header.session_low}"


def _copy_of(header: RecordHeader | None, ledger: LedgerState, acts: int) -> LedgerCopy:
    """Return a complete copy."""
    copy = LedgerCopy()
    copy.header, copy.ledger, copy.acts, copy.missing = header, ledger, acts, ""
    return copy


def tiles_of(ledger: LedgerState) -> Iterator[tuple[raster.Key, bytes]]:
    """Return all tiles that are not empty, unpacked, in a fixed order, to compare two records."""
    for column, row, tile in raster.each(ledger.tiles):
        if tile.any():
            yield (column // raster.TILE, row // raster.TILE), tile.tobytes()
