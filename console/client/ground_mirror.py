"""A console's copy of the record of worked ground: the whole record once, then what changes, in order. Pure.

A change that does not follow what is held shows that something was missed: nothing is added until that was fetched. So
the copy is either the vehicle's own record as it was a moment ago, bit for bit, or it says that it is not complete.
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from firmware_bridge.console_types import StrokesFrame
from vehicle.contracts.ledger_types import Confirm, LedgerStroke, Revoke
from vehicle.contracts.stroke_codec import unpacked
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes, withdrawal
from vehicle.control.state import LedgerState
from vehicle.operator_link.ground_codec import RecordHeader, unpacked_act, unpacked_changes, unpacked_record

RECORD = "@LEDGER/masks.z"


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A whole record: what its header says, and the ledger that it stands for."""

    header: RecordHeader
    ledger: LedgerState


def record_of(data: bytes) -> Fetched:
    """The file `@LEDGER/masks.z`.

    Raises:
        ValueError: it is no such file.
    """
    header, tiles = unpacked_record(data)
    blocks: raster.Blocks = {}
    for key, tile in tiles.items():
        blocks = raster.replaced(blocks, key, raster.unpacked(tile), warm=False)
    newest = _named(header.stroke)
    ledger = LedgerState(tiles=blocks, firm=header.firm, unclosed=header.unclosed, stroke=newest)
    return Fetched(header=header, ledger=ledger)


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

    def fetched(self, path: str, data: bytes | None) -> None:
        """A file that was missing; None: the vehicle does not have it (any more).

        Raises:
            ValueError: it is no such file.
        """
        if data is None:
            self.missing = RECORD
        elif path == RECORD:
            found = record_of(data)
            self.header, self.ledger, self.acts, self.missing = found.header, found.ledger, found.header.acts, ""
        else:
            self.missing = ""
            for told in unpacked_changes(data):
                self._add(told)

    def heard(self, told: StrokesFrame) -> None:
        """A frame came."""
        if self.header is not None and told.session_low != self.header.session_low:
            self.header, self.ledger, self.acts, self.missing = None, LedgerState(), 0, RECORD
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
            self.ledger = withdrawal.done(withdrawal.begun(self.ledger, act), self.header.cell_m)
        elif isinstance(act, Confirm):
            self.ledger = withdrawal.confirmed(self.ledger, act)
        self.acts = told.acts

    def _gap(self) -> None:
        assert self.header is not None
        self.missing = f"@LEDGER/strokes?from={self.stroke}&acts={self.acts}&session={self.header.session_low}"


def tiles_of(ledger: LedgerState) -> Iterator[tuple[raster.Key, bytes]]:
    """Every tile that holds anything, unpacked, in a fixed order: for comparing two records."""
    for column, row, tile in raster.each(ledger.tiles):
        if tile.any():
            yield (column // raster.TILE, row // raster.TILE), tile.tobytes()
