"""Drawings on disk: each step is kept, steps back outlive the program, and two windows do not overwrite each other."""

from pathlib import Path

import msgspec
import pytest

from console.server.planning.document import Datum, Document, Shape
from console.server.planning.drafts import STEPS_MAX, Drafts
from vehicle.contracts.errors import InputError

SQUARE = ((0.0, 0.0), (30.0, 0.0), (30.0, 30.0), (0.0, 30.0))
EMPTY = Document(name="north field", datum=Datum(lat_deg=40.0, lon_deg=47.0))


def with_square(role: str | None = "work_area", ring: tuple[tuple[float, float], ...] = SQUARE) -> Document:
    return msgspec.structs.replace(EMPTY, shapes=(Shape(id=1, role=role, rings=(ring,)),))


def test_steps_back_and_on_outlive_the_program(tmp_path: Path) -> None:
    name = Drafts(tmp_path).new(EMPTY)["id"]
    Drafts(tmp_path).put(name, 1, with_square())
    back = Drafts(tmp_path).move(name, 1)
    assert (back["at"], back["last"], back["document"]["shapes"]) == (1, 2, ())
    assert Drafts(tmp_path).shown(name)["at"] == 1
    assert len(Drafts(tmp_path).move(name, 2)["document"]["shapes"]) == 1


def test_a_new_step_after_a_step_back_gives_up_what_came_after(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    name = drafts.new(EMPTY)["id"]
    drafts.put(name, 1, with_square())
    drafts.put(name, 2, with_square("keep_out"))
    drafts.move(name, 1)
    drafts.put(name, 1, with_square("safe_ground"))
    with pytest.raises(InputError, match="no step 3"):
        drafts.move(name, 3)
    assert drafts.shown(name)["document"]["shapes"][0]["role"] == "safe_ground"


def test_another_window_is_told_and_nothing_is_overwritten(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    name = drafts.new(EMPTY)["id"]
    drafts.put(name, 1, with_square())
    with pytest.raises(InputError, match="another window"):
        drafts.put(name, 1, with_square("keep_out"))
    assert drafts.shown(name)["document"]["shapes"][0]["role"] == "work_area"


def test_a_step_that_the_readers_refuse_is_kept_with_their_sentence_and_its_place(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    name = drafts.new(EMPTY)["id"]
    crossed = ((0.0, 0.0), (30.0, 30.0), (30.0, 0.0), (0.0, 30.0))
    told = drafts.put(name, 1, with_square(ring=crossed))
    assert told["error"].startswith("north field.geojson: feature 0")
    assert told["where"] == pytest.approx([15.0, 15.0], abs=0.2)
    assert told["site"] is None
    assert drafts.shown(name)["document"]["shapes"][0]["rings"] == (crossed,)


def test_a_good_step_is_a_site_about_the_datum_of_the_drawing(tmp_path: Path) -> None:
    told = Drafts(tmp_path).new(with_square())
    assert told["error"] is None
    assert told["site"]["area_m2"] == pytest.approx(900.0, abs=0.01)
    assert told["site"]["datum"] == {"lat_deg": 40.0, "lon_deg": 47.0, "alt_m": 0.0}


def test_the_oldest_steps_go_when_there_are_very_many(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    name = drafts.new(EMPTY)["id"]
    for at in range(1, STEPS_MAX + 2):
        now = drafts.put(name, at, EMPTY)
    assert (now["first"], now["last"]) == (3, STEPS_MAX + 2)
    assert len(list((tmp_path / name).glob("[0-9]*.json"))) == STEPS_MAX


@pytest.mark.parametrize("name", ["../../etc", "zzzzzzzz", "0123456", ""])
def test_a_name_that_is_none_reaches_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no drawing"):
        Drafts(tmp_path).shown(name)


def test_all_drawings_are_listed_and_a_broken_one_hides_none(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    kept, broken = drafts.new(EMPTY)["id"], drafts.new(EMPTY)["id"]
    (tmp_path / broken / "0001.json").write_bytes(b"{")
    assert [row["id"] for row in drafts.listed()] == [kept]


@pytest.mark.parametrize("at", [None, "1", 1.5, True, 0, 3, -1, float("nan")])
def test_what_is_no_step_is_refused_and_the_drawing_stays(tmp_path: Path, at: object) -> None:
    drafts = Drafts(tmp_path)
    name = drafts.new(EMPTY)["id"]
    drafts.put(name, 1, with_square())
    with pytest.raises(InputError, match="has no step"):
        drafts.move(name, at)  # type: ignore[arg-type]
    assert drafts.shown(name)["at"] == 2


@pytest.mark.parametrize("content", [b"\xff", b'{"at": "\xff"}', b"", b'{"a": ' * 100_000])
def test_a_damaged_step_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    name = Drafts(tmp_path).new(EMPTY)["id"]
    (tmp_path / name / "at.json").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        Drafts(tmp_path).shown(name)
