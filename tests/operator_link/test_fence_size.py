"""A fence is judged while the loop waits: what is too large to be judged at once is refused with its item."""

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DATUM
from tests.operator_link.test_one_site import items
from tests.operator_link.test_transfer import Row, at
from vehicle.operator_link.fences import CORNERS_MAX, CROSSINGS_MAX, Fence, Piece, emptied_by, fence
from vehicle.operator_link.items import RefusedError
from vehicle.polygons.boundary import NOTHING_M2

NO_SPACE = 4


def triangle(north_m: int, east_m: int) -> list[Row]:
    return [at(north_m, east_m, 5002, 3.0), at(north_m + 1, east_m, 5002, 3.0), at(north_m, east_m + 1, 5002, 3.0)]


def strips(count: int) -> list[Row]:
    """So many strips across as many others."""
    rows = []
    for number in range(count):
        near, far = number * 4, number * 4 + 2
        rows += [at(*place, 5002, 4.0) for place in ((-300, near), (-300, far), (300, far), (300, near))]
        rows += [at(*place, 5002, 4.0) for place in ((near, -300), (far, -300), (far, 300), (near, 300))]
    return rows


def zigzag(teeth: int, *, turned: bool) -> list[Row]:
    """One polygon."""
    places = [(-300, -300)]
    for tooth in range(teeth):
        places += [(tooth * 2 - 250, 300), (tooth * 2 - 249, -290)]
    places += [(teeth * 2 - 250, -300)]
    return [at(*(place[::-1] if turned else place), 5002, float(len(places))) for place in places]


MANY = [row for number in range(CORNERS_MAX // 3 + 1) for row in triangle(3 * (number // 30), 3 * (number % 30))]
TOO_MUCH = {
    "corners": (MANY, len(MANY) - 3),
    "circles": ([at(9 * number, 0, 5004, 4.0) for number in range(200)], None),
    "strips that cross": (strips(20), 156),
    "two polygons that cross everywhere": (zigzag(60, turned=False) + zigzag(60, turned=True), 122),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_much_is_refused_with_its_item(name: str) -> None:
    rows, index = TOO_MUCH[name]
    with pytest.raises(RefusedError) as error:
        fence(items(rows), DATUM)
    assert error.value.refusal.result == NO_SPACE
    assert index is None or error.value.refusal.index == index
    assert rows[error.value.refusal.index]["command"] in (5002, 5004)


@pytest.mark.long
def test_what_is_just_not_too_much_is_taken() -> None:
    assert len(fence(items(MANY[:-3]), DATUM)) == CORNERS_MAX // 3
    assert CROSSINGS_MAX >= 4 * 10 * 10
    assert len(fence(items(strips(10)), DATUM)) == 20


boxes = st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 12), st.booleans())


@given(st.lists(boxes, max_size=8))
def test_the_zone_that_leaves_nothing_is_the_one_found_one_by_one(drawn: list[tuple[int, int, int, bool]]) -> None:
    zones: Fence = tuple(
        Piece(index=7 * number, holds_in=holds_in, shape=shapely.box(x, y, x + size, y + size))
        for number, (x, y, size, holds_in) in enumerate(drawn)
    )
    ground, found = shapely.box(-8.0, -8.0, 8.0, 8.0), None
    for zone in zones:
        ground = (shapely.intersection if zone.holds_in else shapely.difference)(ground, zone.shape)
        if ground.area < NOTHING_M2:
            found = zone.index
            break
    assert emptied_by(zones, shapely.box(-8.0, -8.0, 8.0, 8.0)) == found
