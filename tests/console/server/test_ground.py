"""The console's copy of the ground equals the vehicle's own record, bit for bit, whatever came of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from console.server.ground import CLEAR_FRAME, GroundMirror, PageGround, Record, decoded_tile, keys_of
from console.server.ground_classes import BELOW, NAMES, NOTHING, PASSED, PROCESSED, PROVISIONAL, UNKNOWN, classes
from tests import builders
from tests.control.ledger.driving import ORIGIN_NS, drive, straight, versions
from tests.control.ledger.test_properties import DRIVES, Drive
from vehicle.contracts.ledger_types import Confirm, Knowledge, LedgerStroke, Observed, Order, Revoke
from vehicle.contracts.stroke_codec import packed, unpacked
from vehicle.control.ground import raster
from vehicle.control.ledger import masks, withdrawal
from vehicle.control.state import LedgerState
from vehicle.records.ledger_news import ledger_news
from vehicle.reports.palette_leaf import PALETTE

pytestmark = pytest.mark.long

CONFIG = builders.config()
CELL_M = CONFIG.mission.cell_m
EMPTY = Record(plan_hash="p", cell_m=CELL_M, ledger=LedgerState(), acts=0)
ORDERS = st.sampled_from(
    [
        Order(kind=Knowledge.BASE, good=True, by="a", closing=False),
        Order(kind=Knowledge.BASE, good=True, by="a"),
        Order(kind=Knowledge.BASE, good=False, reason="failed", by="a"),
        Order(kind=Knowledge.POSITION, good=False, reason="wrong place", by="a", flags=raster.SWEPT | raster.CLAIMS),
        Order(kind=Knowledge.HAMMERS, good=False, reason="lost", by="a", across_m=(-0.2, 0.1)),
        Order(kind=Knowledge.DEPTH, good=False, reason="shallow", by="a", bias_m=0.04),
        Order(kind=Knowledge.DEPTH, good=True, by="a", at_number=3),
    ]
)


def told(mirror: GroundMirror, record: LedgerStroke | Revoke | Confirm | Observed) -> bool:
    """As it comes over the wire: strokes packed."""
    if isinstance(record, LedgerStroke):
        return mirror.add_strokes((unpacked(packed(record)),), mirror.acts)
    return mirror.add_act(record, mirror.stroke, mirror.acts + 1)


def followed(mirror: GroundMirror, before: LedgerState, after: LedgerState) -> None:
    """The mirror after what a tick of the vehicle made."""
    number = 0 if before.stroke is None else before.stroke.number
    for record in ledger_news(after, number, before.act_count):
        assert told(mirror, record)


def cell_by_cell(ledger: LedgerState, key: raster.Key) -> list[list[int]]:
    """Classes of a tile cell by cell, from what the record's bits mean."""
    tile = raster.find(ledger.tiles, key)
    numbers = raster.numbers(tile)
    rows = []
    for row in range(raster.TILE):
        line = []
        for column in range(raster.TILE):
            flags, number = int(tile[raster.FLAGS, row, column]), int(numbers[row, column])
            left_open = number > ledger.firm or any(first <= number <= last for first, last in ledger.unclosed)
            if flags & raster.CREDITED:
                line.append(PROVISIONAL if left_open else PROCESSED)
            else:
                line.append(BELOW if flags & raster.BELOW else PASSED if flags & raster.SWEPT else NOTHING)
        rows.append(line)
    return rows


def equal(mirror: GroundMirror, ledger: LedgerState) -> None:
    """Masks, and what a new page is told of them."""
    settled = withdrawal.done(ledger, CELL_M)
    keys = list(keys_of(settled))
    assert list(keys_of(mirror.ledger)) == keys
    for key in keys:
        assert np.array_equal(raster.find(mirror.ledger.tiles, key), raster.find(settled.tiles, key))
    frames = PageGround().frames(mirror, 1000)
    assert frames[0] == CLEAR_FRAME
    shown = {key: cells for key, _, cells in map(decoded_tile, frames[1:])}
    assert sorted(shown) == keys
    for key in keys[:2]:
        assert shown[key].tolist() == cell_by_cell(settled, key)
    for key in keys:
        assert np.array_equal(shown[key], classes(raster.find(settled.tiles, key), settled.firm, settled.unclosed))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(DRIVES, ORDERS), min_size=1, max_size=3))
def test_the_screen_shows_what_the_record_holds(parts: list[tuple[Drive, Order]]) -> None:
    """Drives over the same ground with withdrawals and checks between them, told record by record."""
    mirror, state, now_ns = GroundMirror(), LedgerState(), ORIGIN_NS
    mirror.restored(EMPTY)
    page, page_tiles = PageGround(), {}
    for track, order in parts:
        for after in versions(track.ticks(), CONFIG, state, now_ns):
            followed(mirror, state, after)
            state = after
        now_ns += 10**12
        after = masks.step(
            state, builders.estimate(), builders.status(), CONFIG, now_ns, status_fresh=True, orders=(order,)
        )
        followed(mirror, state, after)
        state = after
        for frame in page.frames(mirror, 1000):
            if frame != CLEAR_FRAME:
                key, _, cells = decoded_tile(frame)
                page_tiles[key] = cells
    equal(mirror, state)
    settled = withdrawal.done(state, CELL_M)
    for key in keys_of(settled):  # and the page that was there all the time has the same
        assert np.array_equal(page_tiles[key], classes(raster.find(settled.tiles, key), settled.firm, settled.unclosed))


def test_a_record_that_was_fetched_goes_on_with_what_comes() -> None:
    first = drive(straight(2.0, 0.3), CONFIG)
    mirror = GroundMirror()
    mirror.restored(Record(plan_hash="p", cell_m=CELL_M, ledger=withdrawal.done(first, CELL_M), acts=0))
    state = first
    for after in versions(straight(2.0, 0.3, (0.0, 1.0)), CONFIG, first, 2 * ORIGIN_NS):
        followed(mirror, state, after)
        state = after
    equal(mirror, state)


def strokes_of(ledger_versions: list[LedgerState]) -> list[LedgerStroke]:
    found: dict[int, LedgerStroke] = {}
    for state in ledger_versions:
        if state.stroke is not None:
            found[state.stroke.number] = state.stroke
    return [found[number] for number in sorted(found)]


def test_what_was_missed_is_found_by_the_numbers_and_nothing_is_painted_over_it() -> None:
    made = strokes_of(list(versions(straight(2.0, 0.3), CONFIG, LedgerState(), ORIGIN_NS)))
    mirror = GroundMirror()
    assert not mirror.add_strokes((made[0],), 0)  # the record was not fetched yet
    mirror.restored(EMPTY)
    assert mirror.add_strokes(tuple(made[:3]), 0)
    before = mirror.ledger
    assert not mirror.add_strokes((made[4],), 0)
    assert not mirror.add_strokes((made[3],), 1)  # an act was missed
    assert not mirror.add_act(Revoke(reason="x", by="x", since_number=1, until_number=4), 4, 1)
    assert not mirror.add_act(Revoke(reason="x", by="x", since_number=1, until_number=3), 3, 2)
    assert mirror.ledger is before
    assert mirror.add_strokes(tuple(made), 0)  # the same again, and what comes after it
    assert mirror.stroke == made[-1].number
    assert mirror.add_strokes(tuple(made[:5]), 0)  # late doubles change nothing
    assert mirror.stroke == made[-1].number


def test_a_withdrawal_vanishes_from_the_page() -> None:
    mirror, page = GroundMirror(), PageGround()
    mirror.restored(EMPTY)
    mirror.add_strokes(tuple(strokes_of(list(versions(straight(2.0, 0.3), CONFIG, LedgerState(), ORIGIN_NS)))), 0)
    shown = [decoded_tile(frame)[2] for frame in page.frames(mirror, 99)[1:]]
    assert sum(int(np.count_nonzero(cells == PROVISIONAL)) for cells in shown) > 100
    revoke = Revoke(reason="x", by="x", since_number=1, until_number=mirror.stroke, flags=raster.SWEPT | raster.CLAIMS)
    assert mirror.add_act(revoke, mirror.stroke, 1)
    shown = [decoded_tile(frame)[2] for frame in page.frames(mirror, 99)]
    assert sum(int(np.count_nonzero(cells)) for cells in shown) == 0
    assert mirror.add_act(revoke, mirror.stroke, 1)  # told twice
    assert mirror.acts == 1


def test_a_slow_page_is_told_each_tile_as_it_is_now_and_none_is_lost() -> None:
    """A page that takes one tile a period; meanwhile the tool goes on."""
    mirror, page = GroundMirror(), PageGround()
    mirror.restored(EMPTY)
    shown: dict[raster.Key, np.ndarray] = {}  # type: ignore[type-arg]
    made = strokes_of(list(versions(straight(12.0, 0.8), CONFIG, LedgerState(), ORIGIN_NS)))
    for stroke in made:
        mirror.add_strokes((stroke,), 0)
        frames = page.frames(mirror, 1)
        assert len(frames) <= 2
        shown |= {decoded_tile(one)[0]: decoded_tile(one)[2] for one in frames if one != CLEAR_FRAME}
    for _ in range(len(list(keys_of(mirror.ledger)))):
        shown |= {decoded_tile(one)[0]: decoded_tile(one)[2] for one in page.frames(mirror, 1)}
    assert page.frames(mirror, 1) == []
    for key in keys_of(mirror.ledger):
        assert np.array_equal(shown[key], classes(raster.find(mirror.ledger.tiles, key), 0, ()))


def test_another_session_or_vehicle_begins_with_an_empty_page() -> None:
    one, other, page = GroundMirror(), GroundMirror(), PageGround()
    one.restored(EMPTY)
    one.add_strokes(tuple(strokes_of(list(versions(straight(1.0, 0.3), CONFIG, LedgerState(), ORIGIN_NS)))), 0)
    assert len(page.frames(one, 99)) > 1
    assert page.frames(one, 99) == []
    one.forget()
    assert page.frames(one, 99) == [CLEAR_FRAME]
    assert not one.complete
    assert page.frames(other, 99) == [CLEAR_FRAME]
    assert page.frames(one, 99) == [CLEAR_FRAME]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))))
def test_classes_of_any_cells(seed: int, firm: int, unclosed: list[tuple[int, int]]) -> None:
    """Whatever bits a tile holds."""
    draw = np.random.default_rng(seed)
    tile = draw.integers(0, 256, (raster.PLANES, raster.TILE, raster.TILE), np.uint8)
    tile[raster.NUMBER] %= 64
    tile[raster.NUMBER + 1 : raster.NUMBER + 4] = 0
    ledger = replace(LedgerState(), tiles={(0, 0): {(0, 0): tile}}, firm=firm, unclosed=tuple(unclosed))
    assert classes(tile, firm, tuple(unclosed)).tolist() == cell_by_cell(ledger, (0, 0))


def test_every_class_has_its_name_in_the_palette() -> None:
    assert sorted(NAMES) == [NOTHING, PROCESSED, PASSED, BELOW, PROVISIONAL, UNKNOWN]
    for theme in PALETTE.themes.values():
        assert set(NAMES.values()) <= set(theme.map)
