"""Masks of many strokes at once: cell for cell those of one stroke after another, from a file, and from a snapshot."""

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.records.test_journal import HEADER, SESSION
from vehicle.contracts import stroke_codec
from vehicle.contracts.ledger_types import Confirm, LedgerBand, LedgerStroke, Observed
from vehicle.contracts.stroke_codec import GridBand, GridStroke, from_grid
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes, withdrawal
from vehicle.control.state import LedgerState
from vehicle.records import journal, snapshot, start, summing
from vehicle.records.journal import Journal, JournalWriter
from vehicle.records.records import Note, Record, Revoke
from vehicle.records.stroke_table import decoded_table, table_of

CELL_M = HEADER.cell_m

steps = st.integers(-20_000, 20_000)
bands = st.builds(
    GridBand,
    flags=st.sampled_from([1, 2, 3, 4, 6, 8, 9, 33, 64, 128]),
    depth_cm=st.integers(0, 40),
    rear=st.integers(-4_000, 0),
    front=st.integers(-500, 500),
    right=st.integers(-9_000, 0),
    left=st.integers(-500, 9_000),
)


ALONG_AXES = (0, 1, -1, 15_708, -15_708, 31_415, -31_415)
"""Headings [1e-4 rad] along rows and columns: a side of the strokes is nearly or wholly parallel to the cells."""


@st.composite
def walks(draw: Any, most: int = 12) -> list[GridStroke]:
    """Strokes of a machine that wanders, over tile edges and the origin, and sometimes is elsewhere at once."""
    east, north, found = draw(steps), draw(steps), []
    for number in range(1, draw(st.integers(1, most)) + 1):
        far = 200_000 if draw(st.integers(0, 9)) == 0 else 300
        east, north = east + draw(st.integers(-far, far)), north + draw(st.integers(-far, far))
        heading = draw(st.integers(-stroke_codec.HEADING_MAX, stroke_codec.HEADING_MAX) | st.sampled_from(ALONG_AXES))
        rows = tuple(draw(st.lists(bands, max_size=3)))
        found.append(GridStroke(number, number * 100, east, north, heading, draw(st.integers(-900, 900)), rows))
    return found


def one_by_one(records: tuple[Record, ...]) -> LedgerState:
    """As the tick comes to them."""
    state = LedgerState()
    for record in records:
        if isinstance(record, LedgerStroke):
            state = msgspec.structs.replace(strokes.apply(state, record, CELL_M), stroke=record)
        elif isinstance(record, Revoke):
            state = withdrawal.done(withdrawal.begun(state, record), CELL_M)
        elif isinstance(record, Confirm):
            state = withdrawal.confirmed(state, record)
    acts = sum(isinstance(record, Revoke | Confirm | Observed) for record in records)
    return msgspec.structs.replace(state, act_count=acts)


def facts(state: LedgerState) -> tuple[object, ...]:
    """Everything but which tiles are packed; as bytes, for not a number is not itself."""
    tiles = [(column, row, tile.tobytes()) for column, row, tile in raster.each(state.tiles)]
    return tiles, start.encoded(start.plain_of(msgspec.structs.replace(state, warm=())))


@given(walks())
def test_strokes_decoded_together_are_those_decoded_alone(walk: list[GridStroke]) -> None:
    one = [from_grid(row) for row in walk]
    payloads = [stroke_codec.packed(row) for row in one]
    assert decoded_table(payloads).strokes() == table_of(one).strokes() == one


@given(
    st.lists(
        st.builds(
            GridStroke, *(st.integers(-(2**66), 2**66) for _ in range(4)), st.integers(-9, 9), steps, st.just(())
        ),
        max_size=4,
    )
)
def test_places_beyond_every_number_of_the_table_are_left_to_the_codec(walk: list[GridStroke]) -> None:
    one = [from_grid(row) for row in walk if abs(row.t_ms) < 2**40 and abs(row.number) < 2**62]
    assert decoded_table([stroke_codec.packed(row) for row in one if _fits(row)]).strokes() == [
        row for row in one if _fits(row)
    ]


def _fits(stroke: LedgerStroke) -> bool:
    try:
        stroke_codec.packed(stroke)
    except ValueError:
        return False
    return True


@given(st.lists(st.binary(max_size=24), min_size=1, max_size=4))
def test_what_is_no_stroke_is_refused_as_the_codec_does(payloads: list[bytes]) -> None:
    def refused(of: Any) -> bool:
        try:
            of()
        except (ValueError, OverflowError):
            return True
        return False

    assert refused(lambda: decoded_table(payloads).strokes()) == refused(
        lambda: [stroke_codec.unpacked(payload) for payload in payloads]
    )


@pytest.mark.long
@settings(max_examples=150)
@given(walks(), st.integers(1, 7), st.integers(1, 4))
def test_masks_of_many_at_once_are_those_of_one_after_another(walk: list[GridStroke], batch: int, hot: int) -> None:
    one = [from_grid(row) for row in walk]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summing, "BATCH", batch)
        patch.setattr(summing, "HOT_MAX", hot)
        masks = summing.Sum(CELL_M)
        masks.add(table_of(one), one[-1])
        assert facts(masks.state()) == facts(masks.packed()) == facts(one_by_one(tuple(one)))


@st.composite
def journals(draw: Any) -> tuple[Record, ...]:
    """Strokes with acts between them."""
    rows: list[Record] = [HEADER, SESSION]
    for row in draw(walks(10)):
        rows.append(from_grid(row))
        upto = draw(st.integers(0, row.number))
        act = draw(
            st.sampled_from(
                [
                    None,
                    None,
                    Confirm(kind="base", by="A", until_number=upto, closing=draw(st.booleans())),
                    Confirm(kind="depth", by="A", until_number=upto),
                    Revoke(reason="x", by="B", since_number=max(1, upto - 2), until_number=row.number, flags=6),
                    Revoke(reason="x", by="B", since_number=1, until_number=row.number, across_m=(-0.2, 0.3)),
                    Revoke(
                        reason="x", by="B", since_number=1, until_number=row.number, bias_m=0.03, required_depth_m=0.15
                    ),
                    Observed(
                        kind="note",
                        value=0,
                        sigma=None,
                        place_m=None,
                        by="C",
                        text="",
                        station_id=1,
                        t_ns=0,
                        utc_us=None,
                    ),
                    Note(kind="note", text="x", utc=""),
                ]
            )
        )
        rows += [act] if act is not None else []
    return tuple(rows)


def written(path: Path, rows: tuple[Record, ...]) -> None:
    writer = JournalWriter(path, HEADER, sync_records=1 << 30)
    for row in rows[1:]:
        writer.append(row)
    writer.close()


@pytest.mark.long
@settings(max_examples=60)
@given(journals(), st.integers(1, 3), st.data())
def test_a_journal_adds_up_to_the_same_in_every_way(
    tmp_path_factory: pytest.TempPathFactory, rows: tuple[Record, ...], chunk: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("sum") / "ledger.journal"
    cut = data.draw(st.integers(2, len(rows)))
    expected = facts(one_by_one(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vehicle.records.rebuilding.CHUNK", chunk)
        written(path, rows[:cut])
        first = journal.summed(path)
        snapshot.write(snapshot.beside(path), path, first)
        writer = JournalWriter(path, HEADER, sync_records=1 << 30, found=first)
        for row in rows[cut:]:
            writer.append(row)
        writer.close()
        by_snapshot = journal.summed(path)
        snapshot.beside(path).unlink()
        by_strokes = journal.summed(path)
    whole = journal.read(path)
    assert whole.records == rows
    assert facts(journal.rebuilt(whole)) == expected
    for found in (by_snapshot, by_strokes):
        assert facts(journal.rebuilt(found)) == expected
        assert (found.count, found.check, found.lost) == (whole.count, whole.check, None)
        assert (found.act_count, found.stroke_count, found.job) == (whole.act_count, whole.stroke_count, whole.job)
        assert journal.depth_due(found) == journal.depth_due(whole)
        assert journal.end_ns(found) == journal.end_ns(whole)
    assert by_snapshot.fresh == len(rows) - cut
    assert by_strokes.fresh == len(rows)


BAND = LedgerBand(rear_m=-0.3, front_m=0.0, right_m=-0.8, left_m=0.8, flags=3, depth_cm=20)
STROKES = tuple(
    stroke_codec.unpacked(
        stroke_codec.packed(
            LedgerStroke(
                number=number,
                t_ns=number * 10**8,
                east_m=number / 10,
                north_m=0.0,
                forward_east=math.cos(0.0),
                forward_north=0.0,
                slope=0.0,
                bands=(BAND,),
            )
        )
    )
    for number in range(1, 9)
)


def test_a_snapshot_that_does_not_fit_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.journal"
    written(path, (HEADER, SESSION, *STROKES))
    whole = journal.summed(path)
    kept = snapshot.beside(path)
    snapshot.write(kept, path, whole)
    good = kept.read_bytes()
    assert journal.summed(path).fresh == 0
    places = {*range(64), *range(64, len(good), 37)}
    for place in places:
        kept.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert _same_from_strokes(path, whole), place
    for cut in (0, 10, 32, len(good) - 1):
        kept.write_bytes(good[:cut])
        assert _same_from_strokes(path, whole), cut
    kept.write_bytes(good)
    other = tmp_path / "other" / "ledger.journal"
    other.parent.mkdir()
    written(other, (HEADER, SESSION, *STROKES[:5]))
    snapshot.beside(other).write_bytes(good)
    assert journal.summed(other).fresh == 7
    turned = tmp_path / "turned" / "ledger.journal"
    turned.parent.mkdir()
    written(turned, (HEADER, SESSION, STROKES[1], STROKES[0], *STROKES[2:]))
    assert turned.stat().st_size == path.stat().st_size
    snapshot.beside(turned).write_bytes(good)
    assert journal.summed(turned).fresh == 10


def _same_from_strokes(path: Path, whole: Journal) -> bool:
    found = journal.summed(path)
    return found.fresh == found.count and facts(journal.rebuilt(found)) == facts(journal.rebuilt(whole))


def test_a_claim_rests_on_the_first_stroke_that_makes_it_within_a_batch_and_across_batches() -> None:
    shallow = msgspec.structs.replace(BAND, depth_cm=12, flags=raster.SWEPT | raster.BELOW)
    rows = tuple(
        msgspec.structs.replace(row, bands=(shallow if row.number in (1, 2) else BAND,), east_m=0.5) for row in STROKES
    )
    rows = tuple(stroke_codec.unpacked(stroke_codec.packed(row)) for row in rows)
    for batch in (1, 2, 3, 8):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(summing, "BATCH", batch)
            masks = summing.Sum(CELL_M)
            masks.add(table_of(rows), rows[-1])
        assert facts(masks.packed()) == facts(one_by_one(rows))
        numbers = {int(n) for _, _, tile in raster.each(masks.packed().tiles) for n in raster.numbers(tile).flat}
        assert numbers == {0, 3}, batch
