"""A console's copy of the record of ground ends bit for bit as the vehicle's, whatever the radio loses of it."""

import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from console.client.ground_mirror import RECORD, LedgerCopy, tiles_of
from firmware_bridge.console_types import StrokesFrame
from firmware_bridge.mavlink import console_adapters
from firmware_bridge.mavlink.framing import FrameParser
from tests.builders import vehicle_state
from tests.console.server.support import header
from vehicle.contracts.ledger_types import Confirm, Knowledge, LedgerBand, LedgerStroke, Observed, Order, Revoke
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes, withdrawal
from vehicle.control.ledger.grid import drawn_in
from vehicle.control.state import VehicleState
from vehicle.operator_link import ground_log
from vehicle.operator_link.ground_codec import (
    packed_act,
    packed_record,
    unpacked_act,
    unpacked_changes,
    unpacked_record,
)
from vehicle.operator_link.ground_log import GroundLog

MS = 1_000_000
CELL_M = 0.05


class Ground:
    """A vehicle that works wherever the draw sends it; withdrawals go through its map a tile at a time."""

    def __init__(self, draw: random.Random) -> None:
        self.draw, self.state, self.now_ns = draw, replace(vehicle_state(), session_id=77), 0

    def tick(self) -> VehicleState:
        self.now_ns += 20 * MS
        ledger = self.state.ledger
        if ledger.pending:
            ledger = withdrawal.advanced(ledger, CELL_M, 1)
        if self.draw.random() < 0.6:
            ledger = self._stroke(ledger)
        if self.draw.random() < 0.06 and ledger.stroke is not None:
            ledger = withdrawal.ordered(ledger, (self._order(),), 0.15, self.now_ns)
        self.state = replace(self.state, tick=self.state.tick + 1, ledger=ledger)
        return self.state

    def settled(self) -> VehicleState:
        """All withdrawals through."""
        self.state = replace(self.state, ledger=withdrawal.done(self.state.ledger, CELL_M))
        return self.state

    def _stroke(self, ledger):  # type: ignore[no-untyped-def]
        draw, number = self.draw, withdrawal.newest(ledger) + 1
        flags = draw.choice(
            [raster.SWEPT, raster.SWEPT | raster.CREDITED, raster.SWEPT | raster.BELOW, raster.UNPROVEN]
        )
        band = LedgerBand(
            rear_m=-0.3, front_m=0.0, right_m=-0.85, left_m=0.85, flags=flags, depth_cm=draw.randrange(10, 30)
        )
        stroke = LedgerStroke(
            number=number, t_ns=self.now_ns, east_m=draw.uniform(-8.0, 8.0), north_m=draw.uniform(-8.0, 8.0),
            forward_east=0.6, forward_north=0.8, slope=draw.uniform(-0.1, 0.1), bands=(band,),
        )  # fmt: skip
        return strokes.apply(replace(ledger, stroke=drawn_in(stroke)), drawn_in(stroke), CELL_M)

    def _order(self) -> Order:
        draw, kind = self.draw, self.draw.choice(list(Knowledge))
        if draw.random() < 0.5:
            return Order(kind=kind, good=True, by="leader", closing=draw.random() < 0.5)
        bias_m = draw.choice([0.0, 0.03]) if kind is Knowledge.DEPTH else 0.0
        across_m = (-0.2, 0.3) if kind is Knowledge.HAMMERS else None
        return Order(kind=kind, good=False, reason="a check failed", bias_m=bias_m, across_m=across_m)


def sent(told: StrokesFrame) -> StrokesFrame:
    """Over the wire."""
    (frame,) = FrameParser().feed(console_adapters.encode_strokes(told))
    found = console_adapters.decode_strokes(frame)
    assert found is not None
    return found


def some_work(copy: LedgerCopy, log: GroundLog, draw: random.Random) -> None:
    """A file that is missing comes, or not yet; a withdrawal goes on, or not yet."""
    if copy.missing and draw.random() < 0.2:
        copy.fetched(copy.missing, log.file(copy.missing))
    if draw.random() < 0.5:
        copy.advance()


def is_settled(copy: LedgerCopy, ground: Ground) -> bool:
    """Nothing is under way in either, and the copy has the newest stroke."""
    under_way = copy.withdrawing or ground.state.ledger.pending
    return copy.complete and not under_way and copy.stroke == withdrawal.newest(ground.state.ledger)


def whole(copy: LedgerCopy, log: GroundLog) -> None:
    """All that is missing came, and all withdrawals are through."""
    while copy.missing:
        copy.fetched(copy.missing, log.file(copy.missing))
    while copy.advance():
        pass


@pytest.mark.long
@settings(max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.5, 0.95]), st.booleans())
def test_whatever_is_lost_the_copy_ends_as_the_record(seed: int, loss: float, short: bool) -> None:
    draw = random.Random(seed)
    ground, log, copy = Ground(draw), GroundLog(), LedgerCopy()
    log._changes = type(log._changes)(maxlen=8) if short else log._changes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ground_log, "KEPT", 8 if short else ground_log.KEPT)
        for _ in range(draw.randrange(40, 240)):
            for told in log.follow(ground.tick(), ground.now_ns):
                if draw.random() >= loss:
                    copy.heard(sent(told))
            some_work(copy, log, draw)
            if is_settled(copy, ground):
                assert dict(tiles_of(copy.ledger)) == dict(tiles_of(ground.state.ledger)) or copy.acts != log._acts
        ground.settled()
        for _ in range(400):
            ground.now_ns += 20 * MS
            for told in log.follow(ground.state, ground.now_ns):
                if draw.random() >= loss:
                    copy.heard(sent(told))
            if copy.missing:
                copy.fetched(copy.missing, log.file(copy.missing))
        for told in log.follow(ground.state, ground.now_ns + 10_000 * MS):
            copy.heard(sent(told))
        whole(copy, log)
    ledger = ground.state.ledger
    assert dict(tiles_of(copy.ledger)) == dict(tiles_of(ledger))
    assert (copy.ledger.firm, copy.ledger.unclosed) == (ledger.firm, ledger.unclosed)
    assert copy.stroke == withdrawal.newest(ledger)


def worked(seed: int, ticks: int = 60) -> tuple[Ground, GroundLog]:
    """Ground that was worked, with no withdrawal under way."""
    ground, log = Ground(random.Random(seed)), GroundLog()
    for _ in range(ticks):
        log.follow(ground.tick(), ground.now_ns)
    log.follow(ground.settled(), ground.now_ns)
    return ground, log


def test_a_file_counts_with_the_last_of_its_pieces_and_not_for_a_vehicle_that_began_anew_meanwhile() -> None:
    ground, log = worked(4)
    copy, record = LedgerCopy(), log.file(RECORD)
    for _ in copy.taking(RECORD, record):
        assert (copy.header, copy.missing, copy.ledger.tiles) == (None, RECORD, {})
    assert copy.complete
    for _ in range(200):
        log.follow(ground.tick(), ground.now_ns)
    log.follow(ground.settled(), ground.now_ns)
    for told in log.follow(ground.state, ground.now_ns + 10_000 * MS):
        copy.heard(sent(told))
    path, before = copy.missing, copy.ledger
    assert path.startswith("@LEDGER/strokes")
    pieces = copy.taking(path, log.file(path))
    assert len([next(pieces) for _ in range(5)]) == 5  # a frame each
    assert (copy.missing, copy.ledger) == (path, before)
    copy.heard(StrokesFrame(session_low=78, plan=0, first=1, acts=0))
    assert list(pieces) != []
    assert (copy.header, copy.missing, copy.ledger.tiles) == (None, RECORD, {})


def test_a_withdrawal_goes_through_the_copy_in_pieces_and_ends_as_the_vehicles() -> None:
    ground, log = worked(6, 120)
    copy = LedgerCopy()
    copy.fetched(RECORD, log.file(RECORD))
    order = Order(kind=Knowledge.HAMMERS, good=False, reason="a hammer is missing")
    ledger = withdrawal.ordered(ground.state.ledger, (order,), 0.15, ground.now_ns)
    ground.state = replace(ground.state, tick=ground.state.tick + 1, ledger=ledger)
    for told in log.follow(ground.settled(), ground.now_ns + 20 * MS):
        copy.heard(sent(told))
    assert copy.withdrawing
    pieces = 1
    while copy.advance():
        pieces += 1
    assert pieces >= 2, "all at once"
    assert dict(tiles_of(copy.ledger)) == dict(tiles_of(ground.state.ledger))


@pytest.mark.parametrize("tile", [b"", b"rubbish", zlib.compress(b"short")])
def test_a_record_with_a_tile_that_is_none_is_refused(tile: bytes) -> None:
    copy = LedgerCopy()
    with pytest.raises(ValueError, match="record"):
        copy.fetched(RECORD, packed_record(header(session_low=7), iter([((0, 0), tile)])))
    assert (copy.header, copy.missing) == (None, RECORD)


def test_another_start_of_the_vehicle_is_another_record() -> None:
    copy, ground, log = LedgerCopy(), Ground(random.Random(1)), GroundLog()
    for _ in range(30):
        log.follow(ground.tick(), ground.now_ns)
    ground.settled()
    log.follow(ground.state, ground.now_ns)
    copy.fetched(RECORD, log.file(RECORD))
    assert copy.complete
    copy.heard(StrokesFrame(session_low=78, plan=0, first=1, acts=0))
    assert (copy.complete, copy.missing, copy.stroke) == (False, RECORD, 0)


def test_another_plan_in_the_same_session_is_another_record() -> None:
    """Its header names the plan that figures and the rest of a task are reckoned for."""
    copy = LedgerCopy()
    copy.fetched(RECORD, packed_record(header(plan_hash="p"), iter(())))
    told = StrokesFrame(session_low=7, plan=ground_log.name_of("p"), first=0, acts=0)
    copy.heard(told)
    assert copy.complete
    copy.heard(replace(told, plan=ground_log.name_of("q")))
    assert (copy.complete, copy.missing) == (False, RECORD)
    copy.fetched(RECORD, packed_record(header(plan_hash="q"), iter(())))
    copy.heard(replace(told, plan=ground_log.name_of("q")))
    assert copy.complete


def test_while_a_withdrawal_goes_through_the_record_is_not_there() -> None:
    ground, log = Ground(random.Random(3)), GroundLog()
    while not ground.state.ledger.pending:
        log.follow(ground.tick(), ground.now_ns)
    assert log.file(RECORD) is None
    log.follow(ground.settled(), ground.now_ns)
    assert log.file(RECORD) is not None


@pytest.mark.parametrize(
    "path",
    [
        "@LEDGER/strokes",
        "@LEDGER/strokes?from=x",
        "@LEDGER/strokes?from=1&session=5",
        "@LEDGER/strokes?from=99999",
        "@LEDGER/x",
    ],
)
def test_what_is_not_there_is_said_at_once(path: str) -> None:
    ground, log = Ground(random.Random(2)), GroundLog()
    log.follow(ground.tick(), 0)
    assert log.file(path) is None


@given(
    st.builds(
        Revoke,
        reason=st.just("a hammer is missing"),
        by=st.just(""),
        since_number=st.integers(0, 2**32 - 1),
        until_number=st.integers(0, 2**32 - 1),
        flags=st.integers(0, 255),
        across_m=st.none() | st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
        bias_m=st.floats(0, 1),
        required_depth_m=st.floats(0, 1),
    )
    | st.builds(
        Confirm, kind=st.just(Knowledge.BASE.value), by=st.just(""), until_number=st.integers(0, 2**32 - 1),
        closing=st.booleans(),
    )
)  # fmt: skip
def test_an_act_comes_back_as_itself(act: Revoke | Confirm) -> None:
    assert unpacked_act(packed_act(act)) == act


@given(st.binary(max_size=60))
def test_damage_is_refused(data: bytes) -> None:
    for read in (unpacked_act, unpacked_changes, unpacked_record):
        try:
            read(data)
        except ValueError:
            continue


def test_what_people_wrote_down_is_no_change_of_ground() -> None:
    ground, log = Ground(random.Random(5)), GroundLog()
    log.follow(ground.tick(), 0)
    seen = Observed(
        kind="note", value=0.0, sigma=None, place_m=None, by="x", text="y", station_id=1, t_ns=0, utc_us=None
    )
    ledger = ground.state.ledger
    ground.state = replace(ground.state, ledger=replace(ledger, acts=(seen,), act_count=ledger.act_count + 1))
    log.follow(ground.state, 0)
    assert log._acts == 0


def test_a_record_that_leaps_is_fetched_anew() -> None:
    """A stroke that nobody saw being made: whoever followed so far finds that something is missing."""
    ground, log, copy = Ground(random.Random(9)), GroundLog(), LedgerCopy()
    while withdrawal.newest(ground.state.ledger) < 3:
        log.follow(ground.tick(), ground.now_ns)
    log.follow(ground.settled(), ground.now_ns)
    copy.fetched(RECORD, log.file(RECORD))
    for _ in range(2):  # made while nobody looked
        ground.state = replace(ground.state, ledger=ground._stroke(ground.state.ledger))
    told = log.follow(ground.state, ground.now_ns + 10_000 * MS)
    for one in told:
        copy.heard(one)
    assert copy.missing
    assert log.file(copy.missing) is None
    copy.fetched(copy.missing, None)
    copy.fetched(copy.missing, log.file(copy.missing))
    assert dict(tiles_of(copy.ledger)) == dict(tiles_of(ground.state.ledger))


def test_acts_that_nobody_saw_are_missed_by_whoever_followed() -> None:
    ground, log, copy = Ground(random.Random(9)), GroundLog(), LedgerCopy()
    while withdrawal.newest(ground.state.ledger) < 3:
        log.follow(ground.tick(), ground.now_ns)
    log.follow(ground.settled(), ground.now_ns)
    copy.fetched(RECORD, log.file(RECORD))
    ledger = ground.state.ledger
    ground.state = replace(ground.state, ledger=replace(ledger, act_count=ledger.act_count + 40))
    for one in log.follow(ground.state, ground.now_ns + 10_000 * MS):
        copy.heard(one)
    assert copy.missing
    assert log.file(copy.missing) is None


def test_after_a_large_detonation_a_copy_learns_that_the_record_is_provisional_and_after_the_count_that_it_is_not() -> (
    None
):
    ground, log, copy = Ground(random.Random(5)), GroundLog(), LedgerCopy()
    state = ground.tick()
    while withdrawal.newest(state.ledger) < 3:
        state = ground.tick()
        log.follow(state, ground.now_ns)
    state = ground.settled()
    log.follow(state, ground.now_ns)
    whole(copy, log)
    felt = Observed(
        kind="shock",
        value=2.0,
        sigma=None,
        place_m=(1.0, 2.0),
        by="vehicle",
        text="",
        station_id=0,
        t_ns=0,
        utc_us=None,
    )
    good = Order(kind=Knowledge.HAMMERS, good=True, by="leader")
    for order, ranges in ((felt, ((1, withdrawal.newest(state.ledger)),)), (good, ())):
        state = replace(state, ledger=withdrawal.ordered(state.ledger, (order,), 0.15, ground.now_ns))
        assert state.ledger.open_ranges == ranges
        for _ in range(2):
            ground.now_ns += 3_000 * MS
            for told in log.follow(state, ground.now_ns):
                copy.heard(sent(told))
        assert copy.missing
        whole(copy, log)
        assert (copy.complete, copy.ledger.open_ranges) == (True, ranges)
