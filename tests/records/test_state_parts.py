"""The state's hash by parts: what differs shows in its part, and what the hasher remembers changes nothing."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from vehicle.contracts.ledger_types import Knowledge, Pending, Revoke
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState, VehicleState, WaitingPlan
from vehicle.records.state_parts import StateHash, StateHasher

KEYS = [(0, 0), (1, 0), (40, -7)]
REVOKE = Revoke(reason="x", by="y", since_number=1, until_number=2)


def with_tiles(tiles: dict[raster.Key, raster.Tile]) -> VehicleState:
    blocks, warm = raster.stored({}, (), tiles)
    return msgspec.structs.replace(builders.vehicle_state(), ledger=LedgerState(tiles=blocks, warm=warm))


def tile(value: int = 1) -> raster.Tile:
    return np.full((raster.PLANES, raster.TILE, raster.TILE), value, np.uint8)


def parts_apart(one: VehicleState, other: VehicleState) -> set[str]:
    old, new = (msgspec.structs.asdict(StateHasher().of(state)) for state in (one, other))
    return {name for name in old if old[name] != new[name]}


def in_part(state: VehicleState, part: str, **changes: object) -> VehicleState:
    return msgspec.structs.replace(state, **{part: msgspec.structs.replace(getattr(state, part), **changes)})


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("wire", {"bad_frames": 1}),
        ("estimate", {"slid_m": -0.0}),
        ("mission", {"unproven_m": np.ones((1, 4))}),
        ("flail", {"led_ratio": 0.5000000000000001}),
        ("gate", {"latched": 1 << 70}),
        ("gate", {"fence": np.zeros((1, 4))}),
        ("gate", {"driven_path": np.zeros((1, 3))}),
        ("ledger", {"good": {Knowledge.BASE: 7}}),
        ("ledger", {"pending": (Pending(revoke=REVOKE, keys=frozenset(KEYS)),)}),
        ("checks", {"hammers_missing": 1}),
    ],
)
def test_a_change_shows_in_its_part_alone(part: str, changes: dict[str, object]) -> None:
    state = builders.vehicle_state()
    assert parts_apart(state, in_part(state, part, **changes)) == {part}


@pytest.mark.parametrize(
    "changes",
    [{"tick": 1}, {"session_id": 1}, {"tracks_supported": True}, {"waiting": WaitingPlan(plan=None, boundary_m=())}],
)
def test_what_is_in_no_part_shows_in_the_rest(changes: dict[str, object]) -> None:
    state = builders.vehicle_state()
    assert parts_apart(state, msgspec.structs.replace(state, **changes)) == {"rest"}


def test_every_field_of_the_state_is_in_a_part() -> None:
    state = builders.vehicle_state()
    parts = set(StateHash.__struct_fields__) - {"tiles", "rest"}
    assert parts < set(VehicleState.__struct_fields__)
    for name in set(VehicleState.__struct_fields__) - parts - {"config", "waiting"}:
        assert parts_apart(state, msgspec.structs.replace(state, **{name: {"another": name}})) == {"rest"}


@settings(max_examples=30)
@given(st.sampled_from(KEYS), st.integers(0, raster.PLANES * raster.TILE**2 - 1), st.integers(1, 255))
def test_one_changed_byte_of_one_tile_shows(key: raster.Key, at: int, flip: int) -> None:
    changed = tile()
    changed.ravel()[at] ^= flip
    state = with_tiles({one: tile() for one in KEYS})
    assert parts_apart(state, with_tiles({one: tile() for one in KEYS} | {key: changed})) == {"tiles"}


def test_the_order_in_which_tiles_came_does_not_show_nor_does_an_array_of_its_own() -> None:
    forward, backward = ({key: tile() for key in keys} for keys in (KEYS, KEYS[::-1]))
    assert parts_apart(with_tiles(forward), with_tiles(backward)) == {
        "ledger"
    }  # `warm` has an order that means something


@pytest.mark.long
@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 255)), max_size=12))
def test_what_the_hasher_remembers_changes_no_hash(changes: list[tuple[raster.Key, int]]) -> None:
    hasher = StateHasher()
    blocks: raster.Blocks = {}
    warm: tuple[raster.Key, ...] = ()
    for key, value in changes:
        blocks, warm = raster.stored(blocks, warm, {key: tile(value)})
        ledger = LedgerState(tiles=blocks, warm=warm)
        state = msgspec.structs.replace(builders.vehicle_state(), ledger=ledger)
        assert hasher.of(state) == StateHasher().of(state)
        assert hasher.of(state) == hasher.of(state)


def test_a_tile_that_was_packed_is_hashed_as_it_lies() -> None:
    state = with_tiles({(0, 0): tile()})
    blocks = raster.replaced(state.ledger.tiles, (0, 0), tile(), warm=False)
    packed = in_part(state, "ledger", tiles=blocks)
    assert parts_apart(state, packed) == {"tiles"}
    assert parts_apart(packed, packed) == set()
