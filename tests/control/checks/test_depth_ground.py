"""What a rod found speaks of the ground it was put into: of older ground too, never of newer."""

import math

import msgspec
import pytest

from firmware_bridge.types import Observation, ObservationVerdict
from tests import builders
from tests.control.checks.test_room import CONFIG, DEPTH, SESSION
from tests.control.ledger.driving import ORIGIN_NS, cells, drive, readings, straight
from vehicle.config.depth_margin import withheld_m
from vehicle.contracts.ledger_types import HeldBack
from vehicle.contracts.units import TICK_NS
from vehicle.control.checks import room
from vehicle.control.checks.depth_reading import BIAS_MAX_M, ROD_LEAST_M
from vehicle.control.checks_state import ChecksState
from vehicle.control.depth import DUE_M
from vehicle.control.ground import raster
from vehicle.control.ledger import claims, masks, withdrawal
from vehicle.control.state import LedgerState, WireState

CELL_M = CONFIG.mission.cell_m
FIRST_M, SECOND_M = (1.5, 0.0), (1.5, 5.0)


def rod(value_m: float, place_m: tuple[float, float], sequence: int) -> Observation:
    lat_deg, lon_deg, _ = builders.DATUM.geodetic_from_enu(*place_m)
    return msgspec.structs.replace(DEPTH, value=value_m, lat_deg=lat_deg, lon_deg=lon_deg, sequence=sequence)


def read(
    state: ChecksState,
    ledger: LedgerState,
    observation: Observation,
    now_ns: int = 10**13,
    *,
    sigma_m: float | None = None,
) -> tuple[ChecksState, LedgerState]:
    """A reading reaches the checks and the masks, and the withdrawal the whole map; `sigma_m` as the sensor says."""
    heard = msgspec.structs.replace(builders.status(), depth_sigma_m=sigma_m) if sigma_m is not None else None
    state, orders = room.step(
        state,
        (observation,),
        WireState(status=heard),
        ledger,
        lambda place_m: claims.at(ledger, place_m, CELL_M),
        config=CONFIG,
        datum=builders.DATUM,
        session_id=SESSION,
        now_ns=5,
    )
    ledger = masks.step(
        ledger, builders.estimate(), builders.status(), CONFIG, now_ns, status_fresh=True, orders=orders
    )
    return state, withdrawal.done(ledger, CELL_M)


def two_passes() -> tuple[ChecksState, LedgerState]:
    """A first pass, found good; then a second one."""
    first = drive(straight(3.0, 0.0), CONFIG)
    state, first = read(room.all_made(), first, rod(0.20, FIRST_M, 1))
    return state, drive(straight(3.0, 0.0, (0.0, 5.0)), CONFIG, first, start_ns=2 * ORIGIN_NS)


@pytest.mark.parametrize("value_m", [0.10, 0.145])
def test_the_very_cells_that_a_rod_disproved_fall(value_m: float) -> None:
    state, both = two_passes()
    _, after = read(state, both, rod(value_m, FIRST_M, 2))
    found = claims.at(after, FIRST_M, CELL_M)
    assert found is None or found.depth_m <= value_m
    at = (int(FIRST_M[0] / CELL_M), int(FIRST_M[1] / CELL_M))
    assert at in cells(both, raster.CREDITED)
    assert at not in cells(after, raster.CREDITED)


def test_a_reading_on_old_ground_does_not_vouch_for_new_ground() -> None:
    state, both = two_passes()
    state, both = read(state, both, rod(0.20, FIRST_M, 2))
    _, after = read(state, both, rod(0.10, SECOND_M, 3))
    assert not [row for _, row in cells(after, raster.CREDITED) if row * CELL_M > 2.5]
    assert cells(after, raster.CREDITED), "the first pass was read good up to the middle"


def test_a_good_reading_on_old_ground_takes_back_no_newer_one() -> None:
    state, both = two_passes()
    state, both = read(state, both, rod(0.20, SECOND_M, 2))
    newest = both.good["depth"]
    _, both = read(state, both, rod(0.20, FIRST_M, 3))
    assert both.good["depth"] == newest


THIRD_M = (1.5, 10.0)


def withheld(state: ChecksState, ledger: LedgerState, north_m: float, now_ns: int) -> LedgerState:
    """A strip of 3 m with the margin that the checks give."""
    for tick in straight(3.0, 0.0, (0.0, north_m), depth_m=0.25):
        now_ns += TICK_NS
        estimate, status = readings(tick)
        ledger = masks.step(ledger, estimate, status, CONFIG, now_ns, status_fresh=True, orders=(), margin=state.margin)
    return masks.step(ledger, builders.estimate(), builders.status(), CONFIG, now_ns + TICK_NS, status_fresh=True)


def test_a_failed_sensor_comes_back_by_a_new_strip_with_what_it_is_off_by() -> None:
    """The rod finds 17 cm where the sensor says 25: from then on that is 10 cm too deep, less what was withheld."""
    state, both = two_passes()
    state, ledger = read(state, both, rod(0.10, SECOND_M, 2))
    assert state.margin.withhold
    ledger = withheld(state, ledger, THIRD_M[1], 3 * ORIGIN_NS)
    assert claims.at(ledger, SECOND_M, CELL_M) is None, "what fell once is no way back"
    before = ledger.credited_cells
    for place_m, sequence in ((FIRST_M, 3), (SECOND_M, 4), ((1.5, 12.0), 5)):
        state, ledger = read(state, ledger, rod(0.20, place_m, sequence))
        assert state.margin.withhold
        assert state.results[0].result is ObservationVerdict.REFUSED
    state, ledger = read(state, ledger, rod(0.17, THIRD_M, 6))
    assert state.results[0].result is ObservationVerdict.RECORDED
    assert not state.margin.withhold
    assert state.margin.depth_bias_m == pytest.approx(0.08 + ROD_LEAST_M, abs=0.01)
    assert ledger.credited_cells == before, "the strip itself is credited by nothing"
    ledger = withheld(state, ledger, 15.0, 4 * ORIGIN_NS)
    found = claims.at(ledger, (1.5, 15.0), CELL_M)
    assert found is not None
    assert not found.trial
    assert 0.13 <= found.depth_m <= 0.17 - ROD_LEAST_M


def test_a_strip_from_before_the_failure_is_no_way_back() -> None:
    state, both = two_passes()
    held = msgspec.structs.replace(
        state, margin=msgspec.structs.replace(state.margin, withheld="the daily check failed")
    )
    ledger = withheld(held, both, THIRD_M[1], 3 * ORIGIN_NS)
    assert claims.at(ledger, THIRD_M, CELL_M) is not None
    state, ledger = read(state, ledger, rod(0.10, SECOND_M, 2))
    assert claims.at(ledger, THIRD_M, CELL_M) is None
    state, _ = read(state, ledger, rod(0.17, THIRD_M, 3))
    assert state.margin.withhold


def test_further_readings_in_the_strip_count_too() -> None:
    state, both = two_passes()
    state, ledger = read(state, both, rod(0.10, SECOND_M, 2))
    ledger = withheld(state, ledger, THIRD_M[1], 3 * ORIGIN_NS)
    state, ledger = read(state, ledger, rod(0.19, THIRD_M, 3))
    bias_m = state.depth_bias_m
    state, _ = read(state, ledger, rod(0.16, THIRD_M, 4))
    assert state.depth_bias_m == pytest.approx(bias_m + 0.03, abs=1e-6)


def falls_due(state: ChecksState, ledger: LedgerState) -> ChecksState:
    """No reading stands any more, a tick later."""
    due, _ = room.step(
        msgspec.structs.replace(state, depth_known=False),
        (),
        WireState(),
        ledger,
        lambda _: None,
        config=CONFIG,
        datum=builders.DATUM,
        session_id=SESSION,
        now_ns=5,
    )
    assert due.due.depth
    return due


def test_a_claim_that_held_back_does_so_after_a_restart_too() -> None:
    """Worked while the reading was due, and read as claimed: the sensor reads two centimetres too deep."""
    nothing = LedgerState()
    due = falls_due(room.all_made(), nothing)
    ledger = withheld(due, nothing, 0.0, ORIGIN_NS)
    claim = claims.at(ledger, FIRST_M, CELL_M)
    assert claim is not None
    before, _ = read(due, ledger, rod(claim.depth_m, FIRST_M, 1))
    newest = withdrawal.newest(ledger)
    held = HeldBack(first_number=1, last_number=newest)
    again = msgspec.structs.replace(due, depth_due_number=newest, depth_due_before=(held,))
    after, _ = read(again, ledger, rod(claim.depth_m, FIRST_M, 1))
    assert after.depth_bias_m == before.depth_bias_m == pytest.approx(DUE_M + ROD_LEAST_M)


@pytest.mark.parametrize("due_again", [False, True])
def test_a_claim_that_held_back_does_so_after_other_readings_too(due_again: bool) -> None:
    """Two places worked while a reading was due; the sensor is right where the first is read, not at the other."""
    nothing = LedgerState()
    state = falls_due(room.all_made(), nothing)
    ledger = withheld(state, nothing, 0.0, ORIGIN_NS)
    ledger = withheld(state, ledger, 6.0, 2 * ORIGIN_NS)
    first, second = claims.at(ledger, FIRST_M, CELL_M), claims.at(ledger, (1.5, 6.0), CELL_M)
    assert first is not None
    assert second is not None
    state, ledger = read(state, ledger, rod(first.depth_m + 0.05, FIRST_M, 1))
    assert (state.depth_bias_m, state.due.depth) == (0.0, False)
    if due_again:
        state = falls_due(state, ledger)
    for sequence in (2, 3):  # read again, it says nothing new
        state, ledger = read(state, ledger, rod(second.depth_m, (1.5, 6.0), sequence))
        assert state.depth_bias_m == pytest.approx(DUE_M + ROD_LEAST_M)


def test_ground_that_holds_what_it_claims_falls_by_what_the_sensor_is_shown_to_be_off() -> None:
    """Half a centimetre more than is claimed, where two were held back: the sensor reads 1.5 cm too deep, and more."""
    nothing = LedgerState()
    due = falls_due(room.all_made(), nothing)
    ledger = withheld(due, nothing, 0.0, ORIGIN_NS)
    claim = claims.at(ledger, FIRST_M, CELL_M)
    assert claim is not None
    state, after = read(due, ledger, rod(claim.depth_m + 0.005, FIRST_M, 1))
    found = claims.at(after, FIRST_M, CELL_M)
    assert found is not None
    assert found.depth_m == pytest.approx(claim.depth_m - (ROD_LEAST_M - 0.005), abs=0.006)
    assert state.depth_bias_m == pytest.approx(DUE_M + ROD_LEAST_M - 0.005)


@pytest.mark.parametrize("read_first", [False, True])
def test_ground_that_held_nothing_back_falls_by_all_of_it(read_first: bool) -> None:
    """A strip before the reading was due, one after, on which it is made; `read_first`: another in the first one.

    All falls by what the part of the first strip falls by that nobody read.
    """
    state, nothing = room.all_made(), LedgerState()
    ledger = withheld(state, nothing, 0.0, ORIGIN_NS)
    first = claims.at(ledger, FIRST_M, CELL_M)
    assert first is not None
    if read_first:
        state, ledger = read(state, ledger, rod(first.depth_m, FIRST_M, 1))
    state = falls_due(state, ledger)
    ledger = withheld(state, ledger, 6.0, 2 * ORIGIN_NS)
    second = claims.at(ledger, (1.5, 6.0), CELL_M)
    assert second is not None
    state, after = read(state, ledger, rod(second.depth_m + 0.005, (1.5, 6.0), 2))
    found, newer = claims.at(after, FIRST_M, CELL_M), claims.at(after, (1.5, 6.0), CELL_M)
    assert found is not None
    assert newer is not None
    off_m = DUE_M - 0.005 + ROD_LEAST_M
    assert state.depth_bias_m == pytest.approx(off_m)
    assert first.depth_m - found.depth_m == pytest.approx(0.0 if read_first else off_m, abs=0.006)
    assert second.depth_m - newer.depth_m == pytest.approx(off_m, abs=0.006)


SIGMA_M = 0.01
SCATTER_M = withheld_m(CONFIG.mission, SIGMA_M)


def read_over(
    spare_m: tuple[float, ...], *, apart_m: float = 0.6, sigma_m: float = SIGMA_M
) -> tuple[ChecksState, LedgerState, LedgerState]:
    """Readings along a strip, each so much deeper than is claimed there: the checks, the ledger before and after."""
    state, before = room.all_made(), LedgerState()
    for number in range(6):
        before = withheld(state, before, 2.0 * number, (number + 1) * ORIGIN_NS)
    ledger = before
    for sequence, spare in enumerate(spare_m):
        place_m = (1.5, apart_m * sequence)
        claim = claims.at(before, place_m, CELL_M)
        assert claim is not None
        state, ledger = read(state, ledger, rod(claim.depth_m + spare, place_m, sequence), sigma_m=sigma_m)
        assert state.results[0].result is ObservationVerdict.RECORDED
    return state, before, ledger


def test_five_readings_that_leave_less_than_was_withheld_show_a_sensor_that_is_off() -> None:
    """None finds less than is claimed; together they find half of what the scatter alone has withheld."""
    spare_m = tuple(SCATTER_M / 2.0 + less_m for less_m in (0.002, -0.002, 0.003, -0.003, 0.0))
    state, before, after = read_over(spare_m, apart_m=2.0)
    off_m = SCATTER_M / 2.0 + ROD_LEAST_M
    assert state.depth_bias_m == pytest.approx(off_m)
    assert not state.margin.withhold
    for north_m in (0.0, 8.0, 10.0):
        was, found = (claims.at(ledger, (1.5, north_m), CELL_M) for ledger in (before, after))
        assert was is not None
        assert found is not None
        assert was.depth_m - found.depth_m == pytest.approx(off_m, abs=0.011)


@pytest.mark.parametrize(
    ("spare_m", "apart_m", "sigma_m"),
    [
        pytest.param((SCATTER_M / 2.0,) * 4, 2.0, SIGMA_M, id="too few"),
        pytest.param((SCATTER_M / 2.0,) * 7, 0.0, SIGMA_M, id="one place again and again"),
        pytest.param((SCATTER_M + 0.001,) * 6, 2.0, SIGMA_M, id="as much as was withheld"),
        pytest.param((SCATTER_M / 2.0,) * 5, 2.0, math.inf, id="a sensor that says nothing of its scatter"),
    ],
)
def test_what_shows_no_sensor_that_is_off(spare_m: tuple[float, ...], apart_m: float, sigma_m: float) -> None:
    state, before, after = read_over(spare_m, apart_m=apart_m, sigma_m=sigma_m)
    assert state.depth_bias_m == 0.0
    assert after.credited_cells == before.credited_cells


def test_a_sensor_that_is_off_by_more_than_can_be_corrected_fails_in_the_mean_too() -> None:
    state, _, ledger = read_over((SCATTER_M / 2.0,) * 4, apart_m=2.0)
    state = msgspec.structs.replace(state, depth_bias_m=BIAS_MAX_M - 0.01)
    claim = claims.at(ledger, (1.5, 8.0), CELL_M)
    assert claim is not None
    state, _ = read(state, ledger, rod(claim.depth_m + SCATTER_M / 2.0, (1.5, 8.0), 9), sigma_m=SIGMA_M)
    assert state.depth_failed
