"""`flailpilot observe hammers`: what a count that is short means is said before it is sent, and is what happens."""

import pytest

from firmware_bridge.types import Observation, ObservationKind
from flailpilot.observe import wanted
from tests.operator_link.exchange import Exchange
from vehicle.contracts.hammers import Hammers, meaning, named_tracks
from vehicle.operator_link.machine_file import MACHINE, hammers_of

FORTY = Hammers(count=40, per_track=1)


def count(value: float, text: str = "") -> Observation:
    return Observation(
        station_id=1, session_id=0, sequence=0, kind=ObservationKind.HAMMER_COUNT, value=value, who="A", text=text
    )


def test_one_of_forty_that_nobody_names_takes_all_ground() -> None:
    said = meaning(FORTY, 39, ())
    assert said.startswith("1 of 40 missing: nobody says which hammer track (--missing N), so all ground worked since")
    assert "no mission starts, until a count is full" in said


@pytest.mark.parametrize(
    ("hammers", "told", "text", "says"),
    [
        (FORTY, 39, "missing 17", "1 of 40 missing: hammer track 17; its stripe worked since the last count"),
        (FORTY, 38, "missing 3, 17", "2 of 40 missing: hammer tracks 3, 17; the stripe of each worked since"),
        (FORTY, 38, "missing 3", "2 of 40 missing: too few hammer tracks are named (--missing N), so all ground"),
        (FORTY, 39, "missing, near 17", "nobody says which hammer track"),
        (Hammers(count=40, per_track=2), 38, "missing 3", "hammer track 3; its stripe"),
        (Hammers(count=40, per_track=1, stripe_m=0.0), 39, "", "leaves nothing unstruck; credit stays"),
        (FORTY, 40, "", ""),
        (FORTY, 41, "", ""),
        (Hammers(), 3, "", ""),
    ],
)
def test_the_consequence_is_said(hammers: Hammers, told: int, text: str, says: str) -> None:
    said = meaning(hammers, told, named_tracks(text))
    assert said == says if not says else says in said


@pytest.mark.parametrize(("answer", "sent"), [("y", True), ("yes", True), ("", False), ("n", False)])
def test_a_person_is_asked_before_it_is_sent(capsys: pytest.CaptureFixture[str], answer: str, *, sent: bool) -> None:
    asked: list[str] = []

    def read(_: str) -> str:
        asked.append(capsys.readouterr().out)
        return answer

    assert wanted(FORTY, count(39), read) is sent
    assert asked[0].startswith("1 of 40 missing")


def test_a_script_is_told_and_not_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert wanted(FORTY, count(39, "missing 17"), None)
    assert capsys.readouterr().out.startswith("1 of 40 missing: hammer track 17")


def test_a_full_count_is_sent_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert wanted(FORTY, count(40), lambda _: pytest.fail("asked"))
    assert capsys.readouterr().out == ""


def test_a_vehicle_that_tells_no_number_is_no_obstacle(capsys: pytest.CaptureFixture[str]) -> None:
    assert wanted(None, count(39), None)
    assert "does not say how many hammers" in capsys.readouterr().out


def test_the_vehicle_tells_what_its_profile_has() -> None:
    content = Exchange().link.files.read(MACHINE)
    assert content is not None
    told = hammers_of(content)
    assert (told.count, told.per_track) == (40, 1)
    with pytest.raises(ValueError, match="no hammers"):
        hammers_of(b"[]")
