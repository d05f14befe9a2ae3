"""A number with a unit, a comma or anything else is one line that says what to write; never a box, never a guess."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flailpilot.numbers import degrees, metres, seconds, whole
from tests.flailpilot.test_bad_sites import flailpilot
from vehicle.contracts.errors import InputError
from vehicle.planning.site.plain_number import plain_number

PLAN = ("plan", "site.geojson", "--machine", "memat")
CAMPAIGN = ("campaign", "nowhere")
OBSERVE = ("observe", "base", "0.008")
OFFERS = [
    ((*PLAN, "--depth", "13cm"), "--depth takes metres: 0.13"),
    ((*PLAN, "--depth", "15 cm"), "--depth takes metres: 0.15"),
    ((*PLAN, "--depth", "0,15"), "--depth takes metres: 0.15"),
    ((*PLAN, "--depth", "6in"), "--depth takes metres: 0.1524"),
    ((*PLAN, "--depth", "deep"), "--depth takes metres: 0.15"),
    ((*PLAN, "--depth", ""), "--depth takes metres: 0.15"),
    ((*PLAN, "--depth", "1e999"), "--depth takes metres: 0.15"),
    ((*PLAN, "--depth", "nan"), "--depth takes metres: 0.15"),
    ((*PLAN, "--overlap", "20 cm"), "--overlap takes metres: 0.2"),
    ((*PLAN, "--time-limit", "2min"), "--time-limit takes seconds: 120"),
    ((*PLAN, "--time-limit", "a while"), "--time-limit takes seconds: 120"),
    (("sim", "--site", "site.geojson", "--depth", "13 cm"), "--depth takes metres: 0.13"),
    (("sim", "--site", "site.geojson", "--seed", "7.5"), "--seed takes a whole number: 7"),
    ((*CAMPAIGN, "--seeds", "1,000"), "--seeds takes a whole number: 1000"),
    ((*CAMPAIGN, "--first", "one"), "--first takes a whole number: 0"),
    ((*CAMPAIGN, "--jobs", "2x"), "--jobs takes a whole number: 2"),
    ((*OBSERVE, "--sigma", "1 cm"), "--sigma takes a number in the unit of the value: 0.01"),
    ((*OBSERVE, "--height", "1,5cm"), "--height takes metres: 0.015"),
    (("observe", "depth", "17cm"), "VALUE takes a number: metres of depth or off a point, hammers, a class: 0.17"),
    (("keys", "create", "console", "--system-id", "7a"), "--system-id takes a whole number, 2 to 255: 7"),
]


@pytest.mark.parametrize(("typed", "offer"), OFFERS, ids=lambda row: " ".join(row[-2:]) if len(row) < 9 else "")
def test_a_number_that_is_none_is_one_line_that_says_what_to_write(monkeypatch, capsys, typed, offer) -> None:
    status, said, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, said, told.count("\n")) == (2, "", 1)
    assert told.rstrip().endswith(offer)


@given(st.floats(-1e9, 1e9), st.sampled_from([repr, "{:.3f}".format, "{:e}".format]))
def test_plain_numbers_are_read_as_they_are(value, written) -> None:
    assert metres("--x", "1")(written(value)) == float(written(value))


@given(st.text(max_size=12))
def test_what_is_read_is_finite_and_the_rest_is_refused(text) -> None:
    for read in (metres("--x", "1"), seconds("--x", "1"), whole("--x", "a whole number", "1")):
        try:
            assert math.isfinite(read(text))
        except InputError:
            continue


@given(st.integers(0, 10**6), st.sampled_from(["", " "]), st.sampled_from(["mm", "cm", "m"]))
def test_the_offer_is_what_was_written(number, gap, unit) -> None:
    with pytest.raises(InputError) as refusal:
        metres("--x", "1")(f"{number}{gap}{unit}")
    offer = float(str(refusal.value).rsplit(": ", maxsplit=1)[1])
    assert offer == pytest.approx(number * {"mm": 0.001, "cm": 0.01, "m": 1.0}[unit])


@pytest.mark.parametrize("text", ["1_0", "\u0661\u0660", "1 0", "0x10", "infinity", "nan", "1e999", "", "10.", "1.5.2"])
def test_only_plain_digits_are_a_number(text) -> None:
    assert plain_number(text) == (10.0 if text == "10." else None)
    assert degrees(f"39.9,{text}", 2) == ((39.9, 10.0) if text == "10." else None)


@pytest.mark.parametrize(("value", "number"), [(True, None), (None, None), (math.nan, None), (10**400, None), (3, 3.0)])
def test_a_value_that_is_no_text(value, number) -> None:
    assert plain_number(value) == number


def test_a_place_has_as_many_numbers_as_it_should() -> None:
    assert degrees("39.99, 46.93", 2) == (39.99, 46.93)
    assert [degrees(text, 2) for text in ("39.99", "39.99,46.93,1", "39,99,", ",39.99,46.93")] == [None] * 4
