"""A measurement from the page: judged as on the command line, dated when it was made."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from console.client.link import ConsoleLink, TransferError
from console.client.measurement import Fault, FaultyError, Field, mean_of, number_of, observation_of
from console.server.measuring_api import Measuring
from console.server.planning.measuring import MACHINE_CHECKS, Typed, measured, measurement_of, typed_of
from console.server.settings import PAGE
from firmware_bridge.types import Observation, ObservationKind, ObservationResult, ObservationVerdict
from flailpilot import observe
from tests.console.planning.asgi import ask
from vehicle.contracts import by_machine
from vehicle.contracts.errors import InputError
from vehicle.contracts.hammers import Hammers
from vehicle.control.checks import notes
from vehicle.host.clock import utc_now
from vehicle.operator_link.machine_file import machine_file

NOW_MS = 1_790_000_000_000.0
BASE = Typed(
    vehicle="a", number=7, kind="base", who="leader", measured_ms=NOW_MS, value="0,008", height="0.01", sigma="0.01",
    text="point 1",
)  # fmt: skip
DEPTH = Typed(
    vehicle="a", number=8, kind="depth", who="leader", measured_ms=NOW_MS,
    points=("0.17", "0,18", "0.16", "0.17", "0.17"), place="40.001, 47.001", where="arm",
)  # fmt: skip
MARK = Typed(
    vehicle="a", number=6, kind="mark", who="leader", measured_ms=NOW_MS, value="0.004", height="0", sigma="0.01",
    text="mark 1", place="39.9900120, 46.9300340",
)  # fmt: skip
COUNT = Typed(vehicle="a", number=9, kind="hammers", who="leader", measured_ms=NOW_MS, value="39", missing="17")


def sent(typed: Typed) -> Observation:
    return observation_of(measurement_of(typed, NOW_MS), round(NOW_MS * 1e3))


class Link:
    """Answers as it is told to; its machine has forty hammers, or does not tell them."""

    def __init__(self, text: str = "", *, tells: bool = True) -> None:
        self.view = SimpleNamespace(vehicle=object())
        self.heard: list[tuple[Observation, int | None]] = []
        self._text, self._tells = text, tells

    async def fetch(self, _: str) -> bytes:
        if not self._tells:
            raise TransferError("no such file")
        return machine_file(Hammers(count=40, per_track=1))

    async def observe(self, observation: Observation, *, sequence: int | None = None) -> ObservationResult:
        self.heard.append((observation, sequence))
        verdict = ObservationVerdict.REFUSED if self._text else ObservationVerdict.RECORDED
        return ObservationResult(station_id=1, sequence=sequence or 0, result=verdict, text=self._text)


def told(typed: Typed, link: Link, vehicle: str = "a") -> dict[str, Any]:
    now_ms = utc_now().timestamp() * 1e3
    body = msgspec.to_builtins(msgspec.structs.replace(typed, measured_ms=now_ms - (NOW_MS - typed.measured_ms)))
    return asyncio.run(measured(body, cast("ConsoleLink", link), vehicle))


def test_a_check_of_the_base_goes_out_in_the_vehicles_terms() -> None:
    seen = sent(BASE)
    assert (seen.kind, seen.value, seen.sigma) == (ObservationKind.BENCHMARK_CHECK, 0.008, 0.01)
    assert (seen.who, seen.text, seen.lat_deg) == ("leader", "point 1", None)
    assert sent(msgspec.structs.replace(BASE, height="-0.1")).value == 0.05


def test_a_mark_of_the_machine_is_a_check_of_the_base_that_the_vehicle_holds_against_its_own_place() -> None:
    seen = sent(MARK)
    assert (seen.kind, seen.value, seen.sigma) == (ObservationKind.BENCHMARK_CHECK, 0.004, 0.01)
    assert (seen.text, seen.lat_deg, seen.lon_deg) == ("machine mark 1", 39.990012, 46.930034)
    assert by_machine.of_machine(seen.text)
    assert not by_machine.of_machine(sent(BASE).text)


def test_a_depth_is_the_mean_of_five_points_with_its_place() -> None:
    seen = sent(DEPTH)
    assert seen.value == pytest.approx(0.17)
    assert seen.sigma == pytest.approx(0.01 / 5**0.5), "a rod is no better than 1 cm, however well five points agree"
    assert (seen.text, seen.lat_deg, seen.lon_deg) == ("arm", 40.001, 47.001)


def test_points_that_disagree_say_so() -> None:
    mean_m, sigma_m = mean_of((0.1, 0.2, 0.1, 0.2, 0.15))
    assert (mean_m, sigma_m) == (pytest.approx(0.15), pytest.approx(0.05 / 5**0.5))


def test_a_count_names_its_tracks() -> None:
    seen = sent(COUNT)
    assert (seen.kind, seen.value, seen.text) == (ObservationKind.HAMMER_COUNT, 39, "missing 17")


@pytest.mark.parametrize("kind", MACHINE_CHECKS)
def test_a_check_of_the_machine_is_the_note_that_the_vehicle_knows(kind: Any) -> None:
    seen = sent(Typed(vehicle="a", number=1, kind=kind, who="leader", measured_ms=NOW_MS))
    assert (seen.kind, seen.text) == (ObservationKind.NOTE, MACHINE_CHECKS[kind])
    assert MACHINE_CHECKS[kind] in notes.ACTS


@given(ago_ms=st.integers(0, 960 * 60_000))
def test_the_time_is_that_of_the_measurement(ago_ms: int) -> None:
    seen = sent(msgspec.structs.replace(BASE, measured_ms=NOW_MS - ago_ms))
    assert seen.time_utc_us == round((NOW_MS - ago_ms) * 1e3)


@pytest.mark.parametrize(
    ("typed", "change", "field", "fault"),
    [
        (BASE, {"who": " "}, Field.WHO, Fault.NOBODY),
        (BASE, {"value": ""}, Field.VALUE, Fault.NO_NUMBER),
        (BASE, {"value": "8 mm"}, Field.VALUE, Fault.NO_NUMBER),
        (BASE, {"value": "nan"}, Field.VALUE, Fault.NO_NUMBER),
        (BASE, {"height": ""}, Field.HEIGHT, Fault.NO_NUMBER),
        (BASE, {"sigma": ""}, Field.SIGMA, Fault.NO_SIGMA),
        (BASE, {"sigma": "good"}, Field.SIGMA, Fault.NO_NUMBER),
        (BASE, {"text": " "}, Field.TEXT, Fault.NO_POINT),
        (BASE, {"value": "101"}, Field.VALUE, Fault.IMPOSSIBLE),
        (BASE, {"text": "x" * 51}, Field.TEXT, Fault.IMPOSSIBLE),
        (BASE, {"who": "é" * 11}, Field.WHO, Fault.IMPOSSIBLE),
        (BASE, {"measured_ms": NOW_MS + 60_000}, Field.WHEN, Fault.NOT_THIS_SHIFT),
        (BASE, {"measured_ms": NOW_MS - 16 * 3600e3 - 1}, Field.WHEN, Fault.NOT_THIS_SHIFT),
        (DEPTH, {"points": ("0.17",) * 4}, Field.POINTS, Fault.FIVE_POINTS),
        (DEPTH, {"points": ("0.17",) * 4 + ("",)}, Field.POINTS, Fault.FIVE_POINTS),
        (DEPTH, {"points": ("17",) * 5}, Field.VALUE, Fault.IMPOSSIBLE),
        (DEPTH, {"where": None}, Field.WHERE, Fault.NO_WHERE),
        (DEPTH, {"where": "field"}, Field.WHERE, Fault.NO_WHERE),
        (DEPTH, {"place": " "}, Field.PLACE, Fault.NO_PLACE),
        (DEPTH, {"place": "40.001"}, Field.PLACE, Fault.NO_DEGREES),
        (DEPTH, {"place": "97, 40"}, Field.PLACE, Fault.NOT_ON_EARTH),
        (MARK, {"text": " "}, Field.TEXT, Fault.NO_POINT),
        (MARK, {"place": ""}, Field.PLACE, Fault.NO_PLACE),
        (MARK, {"place": "here"}, Field.PLACE, Fault.NO_DEGREES),
        (MARK, {"place": "4_0.1,46.2"}, Field.PLACE, Fault.NO_DEGREES),
        (MARK, {"place": "nan,46.2"}, Field.PLACE, Fault.NO_DEGREES),
        (MARK, {"value": ""}, Field.VALUE, Fault.NO_NUMBER),
        (MARK, {"height": ""}, Field.HEIGHT, Fault.NO_NUMBER),
        (MARK, {"sigma": ""}, Field.SIGMA, Fault.NO_SIGMA),
        (MARK, {"text": "x" * 43}, Field.TEXT, Fault.IMPOSSIBLE),
        (BASE, {"text": "machine mark 1"}, Field.PLACE, Fault.NO_PLACE),
        (COUNT, {"value": "39.5"}, Field.VALUE, Fault.IMPOSSIBLE),
        (COUNT, {"missing": "left"}, Field.MISSING, Fault.NO_TRACKS),
    ],
)
def test_what_lacks_its_proof_is_not_sent(typed: Typed, change: dict[str, Any], field: Field, fault: Fault) -> None:
    link = Link()
    with pytest.raises(FaultyError) as found:
        told(msgspec.structs.replace(typed, **change), link)
    assert (found.value.field, found.value.fault) == (field, fault)
    assert link.heard == []


WORDS = st.sampled_from(["", " ", "leader", "point 1", "x" * 60, "missing 3", " Machine mark 1"])


@given(
    kind=st.sampled_from(["base", "hammers"]),
    value=st.floats(-1.0, 600.0).map(lambda number: round(number, 3)),
    sigma=st.none() | st.floats(0.0, 20.0).map(lambda number: round(number, 3)),
    height=st.floats(-9.0, 9.0).map(lambda number: round(number, 3)),
    who=WORDS, text=WORDS, missing=st.sampled_from(["", "3", "3, 17", "left"]), ago_min=st.floats(0.0, 1000.0),
)  # fmt: skip
def test_page_and_command_line_send_the_same_or_refuse_the_same(
    kind: Any, value: float, sigma: float | None, height: float, who: str, text: str, missing: str, ago_min: float
) -> None:
    """A name is asked first on the page, for whatever it tells; else the first fault found is the same too."""
    typed = Typed(
        vehicle="a", number=1, kind=kind, who=who, measured_ms=NOW_MS - ago_min * 60e3, value=f"{value:.3f}",
        height=f"{height:.3f}", sigma="" if sigma is None else f"{sigma:.3f}", text=text, missing=missing,
    )  # fmt: skip
    asked = observe.Asked(
        kind=kind, value=value, sigma=sigma if kind == "base" else None, height=height, at=None, where=None,
        missing=missing, who=who, text=text, key=Path("none"), vehicle="127.0.0.1:1", ago_min=ago_min,
    )  # fmt: skip
    try:
        page = sent(typed)
    except FaultyError:
        with pytest.raises(InputError):
            observe.observation_of(asked)
        return
    line = observe.observation_of(asked)
    same = ("kind", "value", "sigma", "lat_deg", "lon_deg", "who", "text")
    assert [getattr(page, name) for name in same] == [getattr(line, name) for name in same]


def test_every_fault_has_words_on_the_page_and_on_the_command_line() -> None:
    words = msgspec.json.decode((PAGE / "text/en/checks.json").read_bytes())
    spoken = {fault for fault in Fault if fault is not Fault.IMPOSSIBLE}
    assert {f"checks.why.{fault}" for fault in spoken} <= set(words)
    asked = observe.Asked(
        kind="depth", value=0.1, sigma=None, height=0.0, at="x", where=None, missing="", who="", text="",
        key=Path("none"), vehicle="127.0.0.1:1",
    )  # fmt: skip
    only_page = {Fault.FIVE_POINTS}
    for fault in spoken - only_page:
        assert observe._line(FaultyError(fault, Field.VALUE), asked) != "observe depth: "


def test_recorded_and_refused_are_told_as_they_are() -> None:
    link = Link()
    assert told(BASE, link)["recorded"] is True
    assert [sequence for _, sequence in link.heard] == [7]
    refused = told(BASE, Link("measured before the base failed or changed: again"))
    assert (refused["recorded"], refused["text"]) == (False, "measured before the base failed or changed: again")


@pytest.mark.parametrize(("tells", "says"), [(True, "1 of 40 missing"), (False, "does not say how many hammers")])
def test_a_count_that_costs_credit_is_sent_only_where_it_is_meant(tells: bool, says: str) -> None:
    link = Link(tells=tells)
    answer = told(COUNT, link)
    assert says in answer["asks"]
    assert "--" not in answer["asks"], "the page has no options"
    assert link.heard == []
    assert told(msgspec.structs.replace(COUNT, meant=True), link)["recorded"] is True
    assert len(link.heard) == 1


def test_a_full_count_is_sent_without_a_question() -> None:
    assert told(msgspec.structs.replace(COUNT, value="40", missing=""), Link())["recorded"] is True


def test_what_is_said_of_another_vehicle_is_not_sent() -> None:
    link = Link()
    with pytest.raises(InputError, match="another vehicle"):
        told(BASE, link, "b")
    assert link.heard == []


@pytest.mark.parametrize("text", ["", " ", "1e3", "0x1", "1.", ".5", "1 2", "inf", "\uff11", "1,2,3"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_of(text) is None


def test_a_request_that_is_no_form_is_one_sentence() -> None:
    for body in ({}, {**msgspec.to_builtins(BASE), "kind": "find"}, {**msgspec.to_builtins(BASE), "depth": 1}):
        with pytest.raises(InputError, match="the measurement"):
            typed_of(body)


def test_the_request_names_the_field_and_notes_what_was_recorded() -> None:
    notes: list[str] = []

    async def main() -> None:
        link = Link()
        room = Measuring(
            lambda: cast("ConsoleLink", link), lambda: "a", lambda text, *, kind: notes.append(f"{kind}: {text}")
        )
        app = Starlette(routes=room.routes())
        now = {"measured_ms": utc_now().timestamp() * 1e3}
        good = msgspec.to_builtins(BASE) | now
        answer = await ask(app, "POST", "/api/measurements", msgspec.json.encode(good | {"sigma": ""}))
        assert (answer.status, answer.json["field"], answer.json["why"]) == (422, "sigma", "no_sigma")
        assert notes == []
        answer = await ask(app, "POST", "/api/measurements", msgspec.json.encode(good))
        assert (answer.status, answer.json["recorded"]) == (200, True)
        answer = await ask(app, "POST", "/api/measurements", b"what")
        assert answer.status == 422
        answer = await ask(app, "GET", "/api/hammers")
        assert answer.json == {"count": 40, "tracks": 40}

    asyncio.run(main())
    assert notes == ["base: base 0.008: point 1 (leader)"]
