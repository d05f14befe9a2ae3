"""What the page is shown of the ground equals the vehicle's own record, bit for bit, whatever the radio loses."""

import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from console.client.ground_mirror import RECORD
from console.server.ground import CLEAR_FRAME, GroundMirror, PageGround, decoded_tile, keys_of
from console.server.ground_classes import (
    BELOW,
    NAMES,
    NOTHING,
    PASSED,
    PROCESSED,
    PROVISIONAL,
    UNKNOWN,
    Classes,
    classes,
)
from firmware_bridge.console_types import StrokesFrame
from tests.builders import config
from tests.console.test_ground_mirror import MS, Ground, sent
from tests.control.ledger.driving import changed, drive, straight
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.operator_link.ground_log import GroundLog
from vehicle.reports.palette_leaf import PALETTE

WHAT_THE_MAP_SAYS: dict[str, tuple[dict[str, object], int]] = {
    "rotor slow": ({"rotor_radps": 20.0}, NOTHING),
    "position unproven": ({"proven": False}, NOTHING),
    "too fast": ({"speed_mps": 0.51}, PASSED),
    "too shallow": ({"depth_m": 0.12}, BELOW),
}
Shown = dict[raster.Key, Classes]


@pytest.mark.parametrize("what", WHAT_THE_MAP_SAYS)
def test_what_is_not_swept_is_to_do_and_what_is_swept_and_not_credited_is_passed(what: str) -> None:
    """As docs/OPERATOR.md and the glossary have it: a tool with a slow rotor passed, and left ground to do."""
    changes, meant = WHAT_THE_MAP_SAYS[what]
    ledger = drive(changed(straight(4.0, 0.37), lambda _: True, **changes), config())
    tiles = [raster.find(ledger.tiles, key) for block in ledger.tiles.values() for key in block]
    shown = {int(one) for tile in tiles for one in np.unique(classes(tile, ledger.firm, ledger.unclosed))}
    assert shown - {NOTHING} == {meant} - {NOTHING}


def cell_by_cell(ledger: LedgerState, key: raster.Key) -> list[list[int]]:
    """Classes of a tile, from what the record's bits mean."""
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


def put(shown: Shown, frames: list[bytes]) -> None:
    """What a page does with its frames."""
    for frame in frames:
        if frame == CLEAR_FRAME:
            shown.clear()
        else:
            key, _, cells = decoded_tile(frame)
            shown[key] = cells


def equal(shown: Shown, ledger: LedgerState) -> None:
    """The page has what the record has, and nothing else."""
    for key in keys_of(ledger):
        cells = classes(raster.find(ledger.tiles, key), ledger.firm, ledger.unclosed)
        assert np.array_equal(shown.get(key, np.zeros_like(cells)), cells)
    assert all(not cells.any() for key, cells in shown.items() if key not in set(keys_of(ledger)))


def hear(mirror: GroundMirror, told: list[StrokesFrame]) -> None:
    """Over the air."""
    for one in told:
        mirror.heard(sent(one))


def some_work(mirror: GroundMirror, log: GroundLog, taken: Iterator[None], draw: random.Random) -> Iterator[None]:
    """What the keeper does between two periods: pieces of a file that was fetched, and of a withdrawal."""
    for _ in range(draw.randrange(3)):
        if next(taken, taken) is taken and mirror.missing:
            taken = mirror.taking(mirror.missing, log.file(mirror.missing))
    if draw.random() < 0.3:
        mirror.advance()
    return taken


def whole(mirror: GroundMirror, log: GroundLog, taken: Iterator[None]) -> None:
    """All work is done."""
    for _ in taken:
        pass
    while mirror.missing:
        mirror.fetched(mirror.missing, log.file(mirror.missing))
    while mirror.advance():
        pass


@pytest.mark.long
@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.2, 0.9]), st.sampled_from([1, 3, 24]))
def test_the_screen_ends_with_what_the_record_holds(seed: int, loss: float, most: int) -> None:
    """Strokes, withdrawals, checks; frames lost; pages that are told few tiles a period, one that comes late."""
    draw = random.Random(seed)
    ground, log, mirror = Ground(draw), GroundLog(), GroundMirror()
    page, shown = PageGround(), Shown()
    taken: Iterator[None] = iter(())
    for _ in range(draw.randrange(20, 120)):
        hear(mirror, [told for told in log.follow(ground.tick(), ground.now_ns) if draw.random() >= loss])
        taken = some_work(mirror, log, taken, draw)
        before = page.has_all(mirror)
        put(shown, page.frames(mirror, most))
        assert before or not page.has_all(mirror) or set(shown) >= set(keys_of(mirror.ledger))
    hear(mirror, log.follow(ground.settled(), ground.now_ns + 10_000 * MS))
    whole(mirror, log, taken)
    hear(mirror, log.follow(ground.state, ground.now_ns + 20_000 * MS))
    whole(mirror, log, iter(()))
    assert mirror.complete
    while frames := page.frames(mirror, most):
        assert len(frames) <= most + 1
        put(shown, frames)
    assert page.has_all(mirror)
    late: Shown = {}
    put(late, PageGround().frames(mirror, 10_000))
    equal(shown, ground.state.ledger)
    equal(late, ground.state.ledger)


def worked(seed: int, ticks: int) -> tuple[Ground, GroundLog, GroundMirror]:
    """A vehicle that worked, and a mirror that has its whole record."""
    ground, log, mirror = Ground(random.Random(seed)), GroundLog(), GroundMirror()
    for _ in range(ticks):
        log.follow(ground.tick(), ground.now_ns)
    log.follow(ground.settled(), ground.now_ns)
    mirror.fetched(RECORD, log.file(RECORD))
    assert mirror.complete
    return ground, log, mirror


def test_a_page_has_all_ground_when_its_last_tile_is_out_and_not_of_another_record() -> None:
    _, log, mirror = worked(8, 60)
    page, count = PageGround(), len(list(keys_of(mirror.ledger)))
    assert count > 4
    told = []
    while not page.has_all(mirror):
        told += page.frames(mirror, 3)
    assert len(told) == count + 1
    mirror.fetched(RECORD, log.file(RECORD))
    assert not page.has_all(mirror)
    told.clear()
    while not page.has_all(mirror):
        told += page.frames(mirror, 3)
    assert len(told) == count + 1
    mirror = GroundMirror()
    assert not page.has_all(mirror)
    page.frames(mirror, 3)
    assert page.has_all(mirror), "a record without ground"


@pytest.mark.long
def test_each_class_is_what_the_bits_of_the_record_mean() -> None:
    ground, _, mirror = worked(5, 150)
    shown: Shown = {}
    put(shown, PageGround().frames(mirror, 10_000))
    found = set()
    for key in list(keys_of(ground.state.ledger))[:4]:
        assert shown[key].tolist() == cell_by_cell(ground.state.ledger, key)
        found |= set(np.unique(shown[key]).tolist())
    assert found >= {NOTHING, PASSED, BELOW}
    assert found & {PROCESSED, PROVISIONAL}


def test_before_the_record_was_fetched_nothing_is_told_of_the_ground() -> None:
    ground, log, mirror = Ground(random.Random(2)), GroundLog(), GroundMirror()
    for _ in range(30):
        for told in log.follow(ground.tick(), ground.now_ns):
            mirror.heard(sent(told))
    assert not mirror.complete
    assert mirror.missing == RECORD
    assert PageGround().frames(mirror, 99) == [CLEAR_FRAME]


def test_another_vehicle_or_start_begins_with_an_empty_page() -> None:
    _, _, one = worked(5, 40)
    other, page = GroundMirror(), PageGround()
    assert len(page.frames(one, 99)) > 1
    assert page.frames(one, 99) == []
    assert page.frames(other, 99) == [CLEAR_FRAME]
    assert page.frames(one, 99)[0] == CLEAR_FRAME


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))))
@pytest.mark.long
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
