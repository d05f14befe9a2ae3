"""Who answers for ground that bears the tracks: a person, a basis and a day of one source, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.planning.coverage.standing import Assurance, check_assured
from vehicle.planning.site.site import load_site

WORK = feature("work_area", ring_lonlat([(-20, -15), (22, -14), (19, 16), (-21, 14)]))
STRIP = ring_lonlat([(-30, -25), (30, -25), (30, -17), (-30, -17)])
SAID = {"said_by": "survey team 2", "basis": "technical survey", "said_on": "2026-05-04"}
ALL = ("said_by", "basis", "said_on")


def assured(folder: Path, own: dict[str, Any], **wide: Any) -> Assurance:
    (found,) = load_site(saved(folder, document(WORK, feature("safe_ground", STRIP, **own), **wide))).assurances
    return found


@pytest.mark.parametrize("name", ["by", "who", "date", "when", "on"])
def test_a_field_of_the_drawing_is_no_word_about_the_ground(tmp_path: Path, name: str) -> None:
    for own, wide in (({name: "2026-05-04"}, {}), ({}, {name: "2026-05-04"})):
        assert assured(tmp_path, own, **wide).missing == ALL
    drawn = {"by": "digitised by GIS desk", "date": "2026-05-04", "basis": "walked"}
    found = assured(tmp_path, drawn)
    assert found.missing == ("said_by", "said_on")
    with pytest.raises(InputError, match="does not say said_by, said_on"):
        check_assured("site", (found,))


def test_a_longer_name_of_the_field_is_read(tmp_path: Path) -> None:
    own = {"assured_by": "Team 2", "on_basis": "walked", "assured_on": "2026-05-04T09:30:00Z"}
    assert assured(tmp_path, own) == Assurance(
        place="feature 1", role="safe_ground", said_by="Team 2", basis="walked", said_on="2026-05-04T09:30:00Z"
    )


@pytest.mark.parametrize("text", ["unknown", "N/A", " - ", "?", "None", "not stated", "TBD.", "", True, None])
def test_what_says_nothing_is_missing(tmp_path: Path, text: Any) -> None:
    assert assured(tmp_path, SAID | {"said_by": text, "basis": text}).missing == ("said_by", "basis")


@pytest.mark.parametrize("key", ["said_by", "basis"])
@pytest.mark.parametrize("text", ["2026-05-04", "04.05.2026", 7, "1"])
def test_a_day_or_a_number_is_no_person_and_no_basis(tmp_path: Path, key: str, text: Any) -> None:
    with pytest.raises(InputError, match=f"feature 1: {key} is '{text}'; write "):
        assured(tmp_path, SAID | {key: text})


@pytest.mark.parametrize("day", ["2026-05-04 by Ali", "2026-5-4", "2026-W19-1", "04.05.2026", "2026-02-30", "2026"])
def test_a_day_is_a_day(tmp_path: Path, day: str) -> None:
    with pytest.raises(InputError, match="write the day as YYYY-MM-DD"):
        assured(tmp_path, SAID | {"said_on": day})


def test_basis_and_day_are_of_the_person_who_is_named(tmp_path: Path) -> None:
    assert assured(tmp_path, {"said_by": "Team 3"}, **SAID).missing == ("basis", "said_on")
    assert assured(tmp_path, {"said_by": "survey team 2", "basis": "probed"}, **SAID).basis == "probed"
    days = {"basis": "technical survey", "said_on": "2026-05-04"}
    assert assured(tmp_path, {"said_by": "Team 3"}, **days).missing == ()


@pytest.mark.parametrize("value", ["1_0", "\u0663", "infinity", "1,5", True, 0])
def test_a_length_is_plain_digits(tmp_path: Path, value: Any) -> None:
    post = feature("marker", STRIP, radius_m=value)
    with pytest.raises(InputError, match="radius_m is"):
        load_site(saved(tmp_path, document(WORK, post)), "safe")


def test_coordinates_of_a_placemark_are_plain_digits(tmp_path: Path) -> None:
    ring = " ".join(f"{lon:.7f},{lat:.7f}" for lon, lat in WORK["geometry"]["coordinates"][0])
    wrong = ring.replace(".", ".0_", 1)
    text = "<kml><Placemark><name>work area</name><Polygon><outerBoundaryIs><LinearRing><coordinates>{}</coordinates>"
    text += "</LinearRing></outerBoundaryIs></Polygon></Placemark></kml>"
    (tmp_path / "site.kml").write_text(text.format(ring))
    assert load_site(tmp_path / "site.kml", "safe").work_area.area > 1_000.0
    (tmp_path / "site.kml").write_text(text.format(wrong))
    with pytest.raises(InputError, match="position 0 is"):
        load_site(tmp_path / "site.kml", "safe")
