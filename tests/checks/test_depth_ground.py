"""What a rod found speaks of the ground it was put into: of older ground too, never of newer."""

import msgspec
import pytest

from firmware_bridge.types import Observation
from tests import builders
from tests.checks.test_room import CONFIG, DEPTH, SESSION
from tests.ledger.driving import ORIGIN_NS, cells, drive, straight
from vehicle.checks import room
from vehicle.checks_state import ChecksState
from vehicle.ledger import claims, masks, tiles, withdrawal
from vehicle.state import LedgerState, WireState

CELL_M = CONFIG.mission.cell_m
FIRST_M, SECOND_M = (1.5, 0.0), (1.5, 5.0)


def rod(value_m: float, place_m: tuple[float, float], sequence: int) -> Observation:
    lat_deg, lon_deg, _ = builders.DATUM.geodetic_from_enu(*place_m)
    return msgspec.structs.replace(DEPTH, value=value_m, lat_deg=lat_deg, lon_deg=lon_deg, sequence=sequence)


def read(
    state: ChecksState, ledger: LedgerState, observation: Observation, now_ns: int = 10**13
) -> tuple[ChecksState, LedgerState]:
    """A reading reaches the checks and the masks, and the withdrawal the whole map."""
    state, orders = room.step(
        state,
        (observation,),
        WireState(),
        ledger,
        lambda place_m: claims.at(ledger, place_m, CELL_M),
        CONFIG,
        builders.DATUM,
        SESSION,
        5,
    )
    ledger = masks.step(ledger, builders.estimate(), builders.status(), True, CONFIG, now_ns, orders)
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
    assert at in cells(both, tiles.CREDITED)
    assert at not in cells(after, tiles.CREDITED)


def test_a_reading_on_old_ground_does_not_vouch_for_new_ground() -> None:
    state, both = two_passes()
    state, both = read(state, both, rod(0.20, FIRST_M, 2))
    _, after = read(state, both, rod(0.10, SECOND_M, 3))
    assert not [row for _, row in cells(after, tiles.CREDITED) if row * CELL_M > 2.5]
    assert cells(after, tiles.CREDITED), "the first pass was read good up to the middle"


def test_a_good_reading_on_old_ground_takes_back_no_newer_one() -> None:
    state, both = two_passes()
    state, both = read(state, both, rod(0.20, SECOND_M, 2))
    newest = both.good["depth"]
    _, both = read(state, both, rod(0.20, FIRST_M, 3))
    assert both.good["depth"] == newest
