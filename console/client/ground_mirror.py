"""A console's copy of the record of worked ground: the whole record once, then what changes, in order. Pure.

A change that does not follow what is held shows that something was missed: nothing is added until that was fetched. So
the copy is either the vehicle's own record as it was a moment ago, bit for bit, or it says that it is not complete.

What takes long is done in pieces of a few milliseconds, so that whoever has hands to pass on does so between them: a
file is taken by `taking`, and a withdrawal goes through the copy as it does through the vehicle's own, by `advance`.
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
"""Of a withdrawal under way: 0.5 ms each."""
FETCHED_A_PIECE: Final = 32
"""Of a record that came: 0.1 ms each."""
TILE_BYTES: Final = raster.PLANES * raster.TILE * raster.TILE


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A whole record: what its header says, and the ledger that it stands for."""

    header: RecordHeader
    ledger: LedgerState


def record_of(data: bytes) -> Fetched:
    """The file `@LEDGER/masks.z`.

    Raises:
        ValueError: it is no such file.
    """
    return next(found for found in _pieces_of(data) if found is not None)


def _pieces_of(data: bytes) -> Iterator[Fetched | None]:
    """The same: None after each piece of the work, then the record."""
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
    """Raises ValueError for what is no packed tile."""
    try:
        size = len(zlib.decompress(packed))
    except zlib.error as damage:
        raise ValueError(f"no record: {damage}") from None
    if size != TILE_BYTES:
        raise ValueError(f"a record with a tile of {size} bytes")


def _named(number: int) -> LedgerStroke | None:
    """A stroke that only says which was the newest."""
    if not number:
        return None
    return LedgerStroke(
        number=number, t_ns=0, east_m=0.0, north_m=0.0, forward_east=1.0, forward_north=0.0, slope=0.0, bands=()
    )


class LedgerCopy:
    """`complete`: the copy is whole, and follows. `missing`: the file to be fetched, "" where nothing is missing."""

    def __init__(self) -> None:
        self.header: RecordHeader | None = None
        self.ledger = LedgerState()
        self.acts = 0
        self.missing = RECORD

    @property
    def complete(self) -> bool:
        """Nothing is known to be missing."""
        return self.header is not None and not self.missing

    @property
    def stroke(self) -> int:
        """Number of the newest stroke that is held."""
        return withdrawal.newest(self.ledger)

    @property
    def withdrawing(self) -> bool:
        """A withdrawal that was told has not gone through the whole copy yet."""
        return bool(self.ledger.pending)

    def fetched(self, path: str, data: bytes | None) -> None:
        """A file that was missing, taken at once; None: the vehicle does not have it (any more).

        Raises:
            ValueError: it is no such file.
        """
        for _ in self.taking(path, data):
            pass

    def taking(self, path: str, data: bytes | None) -> Iterator[None]:
        """The same in pieces, for whoever has something to do between them; it counts with the last of them.

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
            elif self.missing == asked and self.header is header:  # else the vehicle began anew meanwhile
                self.header, self.ledger = found.header, found.ledger
                self.acts, self.missing = found.acts, found.missing

    def _recorded(self, data: bytes) -> Iterator["LedgerCopy | None"]:
        for found in _pieces_of(data):
            yield None if found is None else _copy_of(found.header, found.ledger, found.header.acts)

    def _changed(self, data: bytes) -> Iterator["LedgerCopy | None"]:
        after = _copy_of(self.header, self.ledger, self.acts)
        for told in unpacked_changes(data):
            after._add(told)  # noqa: SLF001 (one of its own kind)
            yield None
        yield after

    def advance(self) -> bool:
        """A withdrawal goes a few tiles on; True while there is more to do."""
        if self.header is not None and self.ledger.pending:
            self.ledger = withdrawal.advanced(self.ledger, self.header.cell_m, TILES_A_PIECE)
        return self.withdrawing

    def heard(self, told: StrokesFrame) -> None:
        """A frame came."""
        if self.header is not None and told.session_low != self.header.session_low:
            self.header, self.ledger, self.acts, self.missing = None, LedgerState(), 0, RECORD
        if self.header is not None and told.plan != name_of(self.header.plan_hash):
            self.missing = RECORD  # the vehicle has another plan since: its header is not that of the record now
        if self.complete:
            self._add(told)

    def _add(self, told: StrokesFrame) -> None:
        """What follows is added, what is known already is passed over, anything else shows a gap."""
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
    """One of which nothing is missing."""
    copy = LedgerCopy()
    copy.header, copy.ledger, copy.acts, copy.missing = header, ledger, acts, ""
    return copy


def tiles_of(ledger: LedgerState) -> Iterator[tuple[raster.Key, bytes]]:
    """Every tile that holds anything, unpacked, in a fixed order: for comparing two records."""
    for column, row, tile in raster.each(ledger.tiles):
        if tile.any():
            yield (column // raster.TILE, row // raster.TILE), tile.tobytes()
