"""`flailpilot observe`: when it was measured, and what a measurement needs before it is sent."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.client.measurement import AGO_MAX_MIN
from flailpilot import observe
from vehicle.contracts.errors import InputError
from vehicle.host.clock import utc_now

ASKED = observe.Asked(
    kind="base", value=0.004, sigma=0.01, height=0.0, at=None, where=None, missing="", who="leader", text="point 1",
    key=Path("none"), vehicle="127.0.0.1:1",
)  # fmt: skip


@given(ago_min=st.floats(0.0, AGO_MAX_MIN))
def test_the_time_is_that_of_the_measurement(ago_min: float) -> None:
    before_us = int(utc_now().timestamp() * 1e6)
    told_us = observe.observation_of(replace(ASKED, ago_min=ago_min)).time_utc_us
    after_us = int(utc_now().timestamp() * 1e6)
    assert told_us is not None
    assert before_us <= told_us + round(ago_min * 60e6) <= after_us


@pytest.mark.parametrize("ago_min", [-0.001, 960.001, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(ago_min: float) -> None:
    with pytest.raises(InputError, match="--ago"):
        observe.observation_of(replace(ASKED, ago_min=ago_min))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"who": " "}, "--who"),
        ({"sigma": None}, "--sigma"),
        ({"height": None}, "--height METRES"),
        ({"height": float("nan")}, "the height must be a number"),
        ({"text": "Machine mark 1"}, "--at LAT,LON"),
        ({"text": ""}, "--text"),
        ({"kind": "hammers", "who": ""}, "--who"),
        ({"kind": "hammers", "missing": "the left one"}, "--missing the left one"),
        ({"kind": "depth"}, "--from"),
        ({"kind": "depth", "where": "arm"}, "--at"),
        ({"kind": "depth", "where": "arm", "at": "40"}, "--at 40"),
        ({"kind": "depth", "where": "arm", "at": "91,47"}, "--at 91,47"),
        ({"kind": "earthquake"}, "no known kind"),
        ({"value": float("nan")}, "must be a number"),
        ({"who": "x" * 21}, "who: at most 20 bytes"),
        ({"text": "x" * 51}, "text: at most 50 bytes"),
    ],
)
def test_a_measurement_without_what_its_proof_needs_is_not_sent(change: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        observe.observation_of(replace(ASKED, **change))


def test_a_mark_of_the_machine_goes_out_with_its_place() -> None:
    told = observe.observation_of(replace(ASKED, text="machine mark 1", at="39.99,46.93"))
    assert (told.lat_deg, told.lon_deg, told.text) == (39.99, 46.93, "machine mark 1")


def test_no_other_kind_is_asked_for_a_height() -> None:
    for kind, value in (("note", 0.0), ("hammers", 40.0), ("detonation", 1.0)):
        observe.observation_of(replace(ASKED, kind=kind, value=value, height=None, sigma=None, at="40,47"))


def test_a_note_needs_no_measurement() -> None:
    note = replace(ASKED, kind="note", value=None, sigma=None, height=None, who="")
    assert observe.observation_of(note).text == "point 1"
    assert observe.observation_of(note).value == 0.0


@pytest.mark.parametrize("kind", ["base", "depth", "hammers", "detonation", "find"])
def test_no_value_is_assumed(kind: str) -> None:
    with pytest.raises(InputError, match=f"observe {kind}: say what was measured"):
        observe.observation_of(replace(ASKED, kind=kind, value=None))


@pytest.mark.parametrize(
    ("kind", "change", "option"),
    [
        ("hammers", {"height": 0.0}, "--height belongs to base"),
        ("base", {"where": "arm"}, "--from belongs to depth"),
        ("base", {"missing": "3"}, "--missing belongs to hammers"),
    ],
)
def test_an_option_of_another_kind_is_refused(kind: str, change: dict[str, object], option: str) -> None:
    asked = replace(ASKED, kind=kind, **({"height": None} | change))
    with pytest.raises(InputError, match=option):
        observe.refuse_foreign(asked)
    observe.refuse_foreign(replace(ASKED, kind=kind, height=None))
