"""What later knowledge does to credit: confirmed, withdrawn, found shallower; in the tick as from the journal."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.control.ledger.driving import ORIGIN_NS, along_cross, cells, drive, marked, readings, straight, versions
from vehicle.contracts.ledger_types import Knowledge, Observed, Order
from vehicle.contracts.units import TICK_NS
from vehicle.control.ground import raster
from vehicle.control.ledger import masks, withdrawal
from vehicle.control.state import LedgerState
from vehicle.records import journal
from vehicle.records.journal import JournalWriter
from vehicle.records.records import Confirm, Header, Revoke, Session

pytestmark = pytest.mark.long

CONFIG = builders.config()
CELL_M = CONFIG.mission.cell_m
HEADER = Header(
    vehicle_id="test",
    site_hash="s",
    plan_hash="p",
    cell_m=CELL_M,
    datum_lat_deg=39.99,
    datum_lon_deg=46.93,
    datum_alt_m=350.0,
    required_depth_m=0.15,
    k_sigma=4.0,
)
YAW_RAD = 0.37
FAILED = Order(kind=Knowledge.BASE, good=False, reason="closing check of the base failed", by="station 1")
OPENED = Order(kind=Knowledge.BASE, good=True, by="station 1", closing=False)
CLOSED = Order(kind=Knowledge.BASE, good=True, by="station 1")


def told(state: LedgerState, *orders: Order, now_ns: int = 10**12) -> LedgerState:
    """One tick with the tool in the air."""
    return masks.step(state, builders.estimate(), builders.status(), CONFIG, now_ns, status_fresh=True, orders=orders)


def settled(state: LedgerState) -> LedgerState:
    return withdrawal.done(state, CELL_M)


def drives() -> tuple[LedgerState, LedgerState]:
    first = drive(straight(3.0, YAW_RAD), CONFIG)
    return first, drive(straight(3.0, YAW_RAD, (0.0, 5.0)), CONFIG, told(first, CLOSED), start_ns=2 * ORIGIN_NS)


def test_credit_is_provisional_until_a_check_closes_it() -> None:
    first = drive(straight(3.0, YAW_RAD), CONFIG)
    assert first.provisional_cells == first.credited_cells > 0
    closed = told(first, CLOSED)
    assert (closed.provisional_cells, closed.credited_cells) == (0, first.credited_cells)


def test_what_no_opening_check_stands_before_stays_provisional() -> None:
    first = drive(straight(3.0, YAW_RAD), CONFIG)
    opened = told(first, OPENED)
    both = drive(straight(3.0, YAW_RAD, (0.0, 5.0)), CONFIG, opened, start_ns=2 * ORIGIN_NS)
    closed = told(both, CLOSED)
    assert (closed.provisional_cells, closed.unclosed_cells) == (first.credited_cells, first.credited_cells)
    stripe = Order(kind=Knowledge.HAMMERS, good=False, reason="x", by="x", across_m=(-0.1, 0.1))
    after = settled(told(closed, stripe))
    assert 0 < after.provisional_cells < first.credited_cells
    assert after.provisional_cells == after.unclosed_cells == _open_cells(after)


def test_a_failed_check_withdraws_what_lies_between_and_nothing_else() -> None:
    first, both = drives()
    after = settled(told(both, FAILED))
    assert cells(after, raster.CREDITED) == cells(first, raster.CREDITED)
    assert after.credited_cells == first.credited_cells
    assert (after.provisional_cells, after.withdrawn_cells) == (0, both.credited_cells - first.credited_cells)
    assert marked(after, raster.WITHDRAWN) == cells(both, raster.CREDITED) - cells(first, raster.CREDITED)
    assert cells(after, raster.SWEPT) == cells(both, raster.SWEPT)


def test_a_wrong_place_takes_the_swept_ground_with_it() -> None:
    first, both = drives()
    order = msgspec.structs.replace(FAILED, flags=raster.SWEPT | raster.CLAIMS)
    after = settled(told(both, order))
    assert cells(after, raster.SWEPT) == cells(first, raster.SWEPT)
    assert after.swept_cells == first.swept_cells


def test_withdrawn_ground_is_earned_anew() -> None:
    first, both = drives()
    again = drive(straight(3.0, YAW_RAD, (0.0, 5.0)), CONFIG, settled(told(both, FAILED)), start_ns=3 * ORIGIN_NS)
    assert cells(again, raster.CREDITED) == cells(both, raster.CREDITED)
    assert again.provisional_cells == both.credited_cells - first.credited_cells


def test_ground_that_an_earlier_firm_pass_claimed_stays_claimed() -> None:
    first = told(drive(straight(3.0, YAW_RAD), CONFIG), CLOSED)
    twice = drive(straight(3.0, YAW_RAD), CONFIG, first, start_ns=2 * ORIGIN_NS)
    assert cells(settled(told(twice, FAILED)), raster.CREDITED) == cells(first, raster.CREDITED)


def test_the_run_under_way_claims_nothing_after_a_withdrawal_by_lines_from_before() -> None:
    state, now_ns = LedgerState(), ORIGIN_NS
    ticks = straight(4.0, 0.0)
    for number, tick in enumerate(ticks):
        now_ns += TICK_NS
        estimate, status = readings(tick)
        orders = (FAILED,) if number == 400 else ()
        state = masks.step(state, estimate, status, CONFIG, now_ns, status_fresh=True, orders=orders)
    state = settled(told(state))
    earliest_m = ticks[400].east_m
    credited = [(column + 0.5) * CELL_M for column, _ in cells(state, raster.CREDITED)]
    assert credited
    assert min(credited) > earliest_m


@pytest.mark.parametrize(("left_m", "right_m"), [(0.3, 0.2), (-0.5, -0.6)])
def test_a_lost_hammer_takes_its_stripe_alone(left_m: float, right_m: float) -> None:
    whole = drive(straight(3.0, YAW_RAD), CONFIG)
    order = Order(kind=Knowledge.HAMMERS, good=False, reason="2 hammers", by="x", across_m=(right_m, left_m))
    after = settled(told(whole, order))
    lost = cells(whole, raster.CREDITED) - cells(after, raster.CREDITED)
    across = np.array([along_cross(cell, CELL_M, (0.0, 0.0), YAW_RAD)[1] for cell in lost])
    assert len(lost) > 50
    assert right_m - 0.03 < across.min() < right_m + CELL_M
    assert left_m - CELL_M < across.max() < left_m + 0.03


def test_a_bias_turns_only_what_falls_short() -> None:
    deep = drive(straight(3.0, YAW_RAD, depth_m=0.24), CONFIG)
    both = drive(straight(3.0, YAW_RAD, (0.0, 5.0), depth_m=0.175), CONFIG, deep, start_ns=2 * ORIGIN_NS)
    order = Order(kind=Knowledge.DEPTH, good=False, reason="3 cm shallower", by="x", bias_m=0.03)
    after = settled(told(both, order))
    assert cells(after, raster.CREDITED) == cells(deep, raster.CREDITED)
    assert cells(after, raster.BELOW) == cells(both, raster.CREDITED) - cells(deep, raster.CREDITED)
    depths = {int(tile[1].max()) for _, _, tile in raster.each(after.tiles)}
    assert max(depths) == 20  # 24 cm less 2 x 2.3 mm is 23.5, kept as 23; less 3


def test_an_order_about_nothing_leaves_no_record() -> None:
    state = told(LedgerState(), FAILED)
    assert (state.act_count, state.pending) == (0, ())


def test_a_withdrawal_goes_through_the_map_by_a_few_tiles_a_tick() -> None:
    whole = drive(straight(40.0, 0.0), CONFIG)
    state, ticks = told(whole, FAILED), 0
    while state.pending:
        state, ticks = told(state), ticks + 1
    assert ticks > 2
    assert state.credited_cells == 0
    assert not cells(state, raster.CREDITED)


def _open_cells(state: LedgerState) -> int:
    """Credited cells of strokes that nothing has closed, counted one by one."""
    found = 0
    for _, _, tile in raster.each(state.tiles):
        numbers, credited = raster.numbers(tile), tile[0] & raster.CREDITED != 0
        unclosed = np.zeros_like(credited)
        for first, last in state.unclosed:
            unclosed |= (numbers >= first) & (numbers <= last)
        found += int(np.count_nonzero(credited & (unclosed | (numbers > state.firm))))
    return found


ACTS = st.sampled_from(
    [
        CLOSED,
        OPENED,
        FAILED,
        msgspec.structs.replace(FAILED, flags=raster.SWEPT | raster.CLAIMS),
        Order(kind=Knowledge.DEPTH, good=True),
        Order(kind=Knowledge.DEPTH, good=False, bias_m=0.021),
        Order(kind=Knowledge.HAMMERS, good=False, across_m=(-0.2, 0.1)),
        Order(kind=Knowledge.POSITION, good=True),
        Order(kind=Knowledge.POSITION, good=False),
        Observed(kind="note", value=0.0, sigma=None, place_m=None, by="x", text="y", station_id=1, t_ns=3, utc_us=None),
    ]
)
DRIVES = st.tuples(st.floats(0.0, 3.0), st.floats(-2.0, 2.0), st.floats(-3.1, 3.1), st.sampled_from([0.16, 0.18, 0.22]))


@settings(max_examples=25, deadline=None)
@given(story=st.lists(st.tuples(DRIVES, ACTS, st.integers(0, 140)), min_size=1, max_size=4))
def test_the_journal_comes_to_the_same_map_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[tuple[float, ...], Order, int]]
) -> None:
    """Orders fall while the tool works, at any moment; strokes go on while a withdrawal is under way."""
    path = tmp_path_factory.mktemp("journal") / "j"
    writer = JournalWriter.open(path, HEADER, Session(session_id=1, utc=""))
    state, now_ns = LedgerState(), ORIGIN_NS
    for (east_m, north_m, yaw_rad, depth_m), order, at in story:
        for number, tick in enumerate(straight(0.8, yaw_rad, (east_m, north_m), depth_m=depth_m)):
            now_ns += TICK_NS
            estimate, status = readings(tick)
            state = masks.step(
                state, estimate, status, CONFIG, now_ns, status_fresh=True, orders=(order,) if number == at else ()
            )
            writer.follow(state)
        now_ns += 10**9
    writer.close()
    state = settled(state)
    found = journal.read(path)
    again = journal.rebuilt(found)
    assert [(c, r, t.tobytes()) for c, r, t in raster.each(again.tiles)] == [
        (c, r, t.tobytes()) for c, r, t in raster.each(state.tiles)
    ]
    figures = (
        "credited_cells",
        "swept_cells",
        "provisional_cells",
        "withdrawn_cells",
        "firm",
        "unclosed",
        "unclosed_cells",
        "act_count",
    )
    assert {name: getattr(again, name) for name in figures} == {name: getattr(state, name) for name in figures}
    assert state.credited_cells == len(cells(state, raster.CREDITED))
    assert state.provisional_cells == _open_cells(state)


@pytest.mark.parametrize("order", [OPENED, CLOSED])
def test_a_check_in_the_tick_of_a_stroke_closes_it_neither_live_nor_from_the_journal(
    order: Order, tmp_path: Path
) -> None:
    """Wherever the check falls within a stroke's way, the journal knows as much provisional ground as the tick."""
    ticks = straight(2.0, YAW_RAD)
    differ = []
    for at in range(200, 218):
        writer = JournalWriter.open(tmp_path / f"{at}", HEADER, Session(session_id=1, utc=""), sync_records=10**6)
        state, now_ns = LedgerState(), ORIGIN_NS
        for number, tick in enumerate(ticks):
            now_ns += TICK_NS
            estimate, status = readings(tick)
            state = masks.step(
                state, estimate, status, CONFIG, now_ns, status_fresh=True, orders=(order,) if number == at else ()
            )
            writer.follow(state)
        writer.close()
        again = journal.rebuilt(journal.read(tmp_path / f"{at}"))
        live = (state.provisional_cells, state.unclosed_cells)
        if (again.provisional_cells, again.unclosed_cells) != live:
            differ.append(at)
        assert state.provisional_cells == _open_cells(state)
    assert differ == []


def test_records_read_back(tmp_path: Path) -> None:
    writer = JournalWriter.open(tmp_path / "j", HEADER, Session(session_id=1, utc=""))
    acts = (
        Confirm(kind="base", by="station 1", until_number=4, t_ns=5, closing=False),
        Revoke(reason="r", by="b", since_number=1, until_number=2, across_m=(-0.1, 0.2), bias_m=0.02, t_ns=9),
    )
    for act in acts:
        writer.append(act)
    writer.close()
    assert journal.read(tmp_path / "j").records[2:] == acts


def test_ground_swept_at_a_wrong_place_bears_no_tracks_afterwards(tmp_path: Path) -> None:
    writer = JournalWriter.open(tmp_path / "j", HEADER, Session(session_id=1, utc=""))
    *_, last = states = list(versions(straight(2.0, YAW_RAD), CONFIG, LedgerState(), ORIGIN_NS))
    for state in states:
        writer.follow(state)
    assert last.stroke is not None
    newest = last.stroke.number
    writer.append(Revoke(reason="credit alone", by="x", since_number=1, until_number=newest))
    assert len(journal.bearing(journal.read(tmp_path / "j"))) == newest
    writer.append(
        Revoke(reason="place", by="x", since_number=3, until_number=newest, flags=raster.SWEPT | raster.CLAIMS)
    )
    writer.close()
    assert [stroke.number for stroke in journal.bearing(journal.read(tmp_path / "j"))] == [1, 2]
