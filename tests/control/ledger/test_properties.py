"""What holds for every drive: credit is a part of the truth, grows only, and is nothing but the sum of its strokes."""

import itertools
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.control.ledger.driving import ORIGIN_NS, Tick, cells, drive, straight, truth_of, versions
from tests.marks import examples
from vehicle.contracts.units import TICK_S
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes
from vehicle.control.state import LedgerState

pytestmark = pytest.mark.long

CONFIG = builders.config()
K_SIGMA = CONFIG.mission.k_sigma
SPEED_MPS = 0.28
TICKS = 500


class Drive(msgspec.Struct, frozen=True, kw_only=True):
    """A swaying, crabbing drive on a side slope: errors within k sigma, readings that fail here and there."""

    yaw_rad: float
    crab_rad: float
    sway_m: float
    sway_1pm: float
    sigma_m: float
    bearing_rad: float
    steady_share: float
    wander_1ps: float
    heading_sigma_rad: float
    heading_share: float
    depth_share: float
    roll_rad: float
    pitch_rad: float
    bad: list[tuple[int, int, str]]

    def ticks(self) -> list[Tick]:
        return [self._tick(n) for n in range(TICKS)]

    def _tick(self, n: int) -> Tick:
        along_m = n * SPEED_MPS * TICK_S
        left_m = self.sway_m * math.sin(self.sway_1pm * along_m)
        slope = self.sway_m * self.sway_1pm * math.cos(self.sway_1pm * along_m)
        course_rad = self.yaw_rad + self.crab_rad
        # The error: a steady share and one that wanders, together at most k sigma.
        steady_m = K_SIGMA * self.sigma_m * self.steady_share
        wander_m = K_SIGMA * self.sigma_m - steady_m
        turn_rad = self.wander_1ps * n * TICK_S
        return Tick(
            east_m=5.0 + along_m * math.cos(course_rad) - left_m * math.sin(course_rad),
            north_m=-2.0 + along_m * math.sin(course_rad) + left_m * math.cos(course_rad),
            yaw_rad=self.yaw_rad + math.atan(slope),
            sigma_m=self.sigma_m,
            roll_rad=self.roll_rad,
            pitch_rad=self.pitch_rad,
            error_east_m=steady_m * math.cos(self.bearing_rad) + wander_m * math.cos(turn_rad),
            error_north_m=steady_m * math.sin(self.bearing_rad) + wander_m * math.sin(turn_rad),
            error_yaw_rad=self.heading_share * K_SIGMA * self.heading_sigma_rad,
            sigma_yaw_rad=self.heading_sigma_rad,
            depth_error_m=self.depth_share * K_SIGMA * 0.003,
            depth_m=0.1 if self._is_bad(n, "depth") else 0.2,
            rotor_radps=40.0 if self._is_bad(n, "rotor") else 62.0,
        )

    def _is_bad(self, n: int, kind: str) -> bool:
        return any(start <= n < start + count and kind == what for start, count, what in self.bad)


DRIVES = st.builds(
    Drive,
    yaw_rad=st.floats(-3.1, 3.1),
    crab_rad=st.floats(-0.1, 0.1),
    sway_m=st.floats(0.0, 0.05),
    sway_1pm=st.floats(0.5, 1.5),
    sigma_m=st.floats(0.005, 0.03),
    bearing_rad=st.floats(-3.1, 3.1),
    steady_share=st.floats(0.0, 1.0),
    wander_1ps=st.floats(0.05, 0.5),
    heading_sigma_rad=st.floats(0.0, 0.004),
    heading_share=st.floats(-1.0, 1.0),
    depth_share=st.floats(-1.0, 1.0),
    roll_rad=st.floats(-0.2, 0.2),
    pitch_rad=st.floats(-0.2, 0.2),
    bad=st.lists(st.tuples(st.integers(0, TICKS), st.integers(1, 60), st.sampled_from(["rotor", "depth"])), max_size=3),
)


@settings(max_examples=examples(40), deadline=None)
@given(track=DRIVES)
def test_credit_is_a_part_of_the_truth(track: Drive) -> None:
    truth = truth_of(CONFIG)
    state = drive(track.ticks(), CONFIG, truth=truth)
    assert truth.false_credit_m2(state) == 0.0


def test_errors_beyond_k_sigma_do_make_false_credit() -> None:
    """The check above can fail: an estimate that is off by more than it owns up to is found out."""
    ticks = straight(3.0, 0.4, sigma_m=0.01, error_east_m=-1.5 * K_SIGMA * 0.01, error_north_m=2.5 * K_SIGMA * 0.01)
    truth = truth_of(CONFIG)
    assert truth.false_credit_m2(drive(ticks, CONFIG, truth=truth)) > 0.05
    deeper = straight(3.0, 0.4, depth_m=0.14, depth_error_m=0.03)
    assert truth_of(CONFIG).false_credit_m2(drive(deeper, CONFIG)) > 3.0


@settings(max_examples=examples(15), deadline=None)
@given(track=DRIVES)
def test_claims_only_grow_and_older_versions_stay_as_they_were(track: Drive) -> None:
    kept: list[tuple[LedgerState, bytes]] = []
    for n, state in enumerate(versions(track.ticks(), CONFIG, LedgerState(), ORIGIN_NS)):
        if n % 100 == 0:
            kept.append((state, _image(state)))
    for (_, before), (_, after) in itertools.pairwise(kept):
        flags = len(before) // raster.PLANES
        pixels = np.frombuffer(before[:flags], np.uint8), np.frombuffer(after[:flags], np.uint8)
        assert not (pixels[0] & 3 & ~pixels[1]).any()
    for state, image in kept:
        assert _image(state) == image


@settings(max_examples=examples(15), deadline=None)
@given(track=DRIVES, later_ns=st.integers(0, 10**15))
def test_wall_time_changes_nothing(track: Drive, later_ns: int) -> None:
    early, late = drive(track.ticks(), CONFIG), drive(track.ticks(), CONFIG, start_ns=ORIGIN_NS + later_ns)
    assert _image(early) == _image(late)


@settings(max_examples=examples(15), deadline=None)
@given(track=DRIVES)
def test_strokes_recompute_the_same_masks_byte_for_byte(track: Drive) -> None:
    again, number = LedgerState(), 0
    for state in versions(track.ticks(), CONFIG, LedgerState(), ORIGIN_NS):
        if state.stroke is not None and state.stroke.number != number:
            assert state.stroke.number == number + 1
            number = state.stroke.number
            again = strokes.apply(again, state.stroke, CONFIG.mission.cell_m)
    assert number > 20
    assert _image(again) == _image(state)
    assert (again.credited_cells, again.swept_cells) == (state.credited_cells, state.swept_cells)


@settings(max_examples=examples(15), deadline=None)
@given(track=DRIVES)
def test_areas_are_the_count_of_cells(track: Drive) -> None:
    state = drive(track.ticks(), CONFIG)
    credited, swept = cells(state, raster.CREDITED), cells(state, raster.SWEPT)
    cell_m2 = CONFIG.mission.cell_m**2
    assert state.credited_m2 == pytest.approx(len(credited) * cell_m2)
    assert state.swept_m2 == pytest.approx(len(swept) * cell_m2)
    assert credited <= swept


def test_a_long_way_packs_what_lies_behind() -> None:
    state = drive(straight(120.0, 0.21, speed_mps=0.45), CONFIG)
    packed = [tile for block in state.tiles.values() for tile in block.values() if isinstance(tile, bytes)]
    assert packed
    assert len(state.warm) == raster.WARM_MAX
    assert state.credited_m2 == pytest.approx((120.0 - 0.08) * (1.7 - 0.08), rel=0.05)
    place_m = (3.0 * math.cos(0.21), 3.0 * math.sin(0.21))
    places_m, cell_m = np.array([place_m, (place_m[0], place_m[1] + 2.0)]), CONFIG.mission.cell_m
    assert raster.marked(state, places_m, cell_m, raster.CREDITED)[0]
    assert not raster.marked(state, places_m, cell_m, 255)[1]


def _image(state: LedgerState) -> bytes:
    """All cells of a fixed window round the drives, as bytes."""
    size = 8 * raster.TILE
    whole = np.zeros((raster.PLANES, size, size), np.uint8)
    for column, row, tile in raster.each(state.tiles):
        down, across = row + size // 2, column + size // 2
        whole[:, down : down + raster.TILE, across : across + raster.TILE] = tile
    return whole.tobytes()
