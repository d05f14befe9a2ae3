"""Colours of the maps stay apart for every eye, and the reckoning of distances is the published one."""

import json
import re

import pytest

from benchmarks.palette import EYES, LEAST, ciede2000, lab_of, nearest, sets
from vehicle.reports.gaps import GapReason
from vehicle.reports.palette_leaf import PALETTE, palette_bytes


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [  # of the test data that Sharma, Wu and Dalal (2005) published
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
        ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ],
)
def test_distance_is_the_published_one(
    one: tuple[float, float, float], other: tuple[float, float, float], distance: float
) -> None:
    assert ciede2000(one, other) == pytest.approx(distance, abs=1e-4)
    assert ciede2000(other, one) == pytest.approx(distance, abs=1e-4)


def test_white_is_white_for_every_eye() -> None:
    for eye in EYES:
        assert lab_of("#FFFFFF", eye) == pytest.approx((100.0, 0.0, 0.0), abs=0.02)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("name", sets())
def test_no_pair_is_nearer_than_the_least(name: str, eye: str) -> None:
    distance, one, other = nearest(sets()[name], eye)
    assert distance >= LEAST, f"{name}, {eye}: {one} and {other}"


def test_every_theme_has_every_class_and_every_reason_a_colour() -> None:
    classes = {"to_do", "safe", "processed", "provisional", "passed", "below", "keep_out", "unknown"}
    assert {name: set(theme.map) for name, theme in PALETTE.themes.items()} == dict.fromkeys(
        ("day", "sunlight", "night"), classes
    )
    missed = set(GapReason) - {GapReason.NOT_REACHED}  # which has the colour of all ground that is still to do
    assert set(PALETTE.report.gaps) == {reason.value for reason in missed}


def test_nothing_is_green_and_colours_are_written_one_way() -> None:
    for colour in re.findall(r'"(#[^"]*)"', palette_bytes().decode()):
        assert re.fullmatch(r"#[0-9A-F]{6}", colour)
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert not (green > red + 12 and green > blue + 12), colour
    assert json.loads(palette_bytes())["report"]["ground"]["processed"] == PALETTE.themes["day"].map["processed"]
