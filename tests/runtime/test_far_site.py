"""A site on another continent is said at the first fix, with what is wrong with it; one that is near is not."""

import asyncio
import math

import msgspec
import pytest

from firmware_bridge.types import FixType, GnssFix
from tests.builders import gnss
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import place_text
from vehicle.runtime.far_site import far_words, told_if_far

HERE = LocalFrame(39.99, 46.93, 300.0)


class Jumping:
    """A clock that is there at once."""

    def now_ns(self) -> int:
        return 0

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        assert deadline_ns > 0


def at(lat_deg: float, lon_deg: float, kind: FixType = FixType.RTK_FIXED) -> GnssFix:
    return msgspec.structs.replace(gnss(0.0, 0.0, 0.0, None), lat_deg=lat_deg, lon_deg=lon_deg, fix=kind)


@pytest.mark.parametrize(
    ("place", "log", "short"),
    [
        ((46.93, 39.99), "its latitude and longitude are swapped", "lat, lon swapped"),
        ((-39.99, 46.93), "correct its coordinates", "no start"),
        ((40.45, 46.93), "datum is at 39.990000 degrees north, 46.930000 degrees east", "Site 51 km away"),
        ((39.99, -133.07), "fix at 39.990000 degrees north, 133.070000 degrees west", "km away"),
    ],
)
def test_a_site_that_is_far_is_said(place: tuple[float, float], log: str, short: str) -> None:
    words = far_words(HERE, at(*place))
    assert words is not None
    assert log in words[0]
    assert "\n" not in words[0]
    assert short in words[1]
    assert len(words[1]) <= 50


@pytest.mark.parametrize("place", [(40.43, 46.93), (39.99, 46.93)])
def test_a_site_that_is_near_is_not(place: tuple[float, float]) -> None:
    assert far_words(HERE, at(*place)) is None


@pytest.mark.parametrize(("first", "lines"), [((46.93, 39.99), (1, 3)), ((39.99, 46.93), (0, 0))])
def test_it_is_said_at_the_first_fix_and_told_while_it_is_so(first, lines: tuple[int, int]) -> None:
    found = iter([None, at(0.0, 0.0, FixType.NO_FIX), at(math.nan, 0.0), at(*first), at(46.93, 39.99), at(46.93, 39.99),
                  at(39.99, 46.93)])  # fmt: skip
    said: list[str] = []
    told: list[str] = []
    asyncio.run(told_if_far(Jumping(), HERE, lambda: next(found), said.append, told.append))
    assert (len(said), len(told)) == lines


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg", "text"),
    [
        (39.99, 46.93, "39.990000 degrees north, 46.930000 degrees east"),
        (-33.5, -70.25, "33.500000 degrees south, 70.250000 degrees west"),
    ],
)
def test_a_place_has_its_hemispheres_in_words(lat_deg: float, lon_deg: float, text: str) -> None:
    assert place_text(lat_deg, lon_deg) == text
