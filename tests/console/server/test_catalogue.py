"""Texts of the page: the vehicle's own table of reasons is the ground, what the page has lies over it."""

import json
from pathlib import Path

import pytest

from console.server.catalogue import catalogue, cause_and_steps, language_names, languages, reason_rows, reason_texts
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.stop_reasons import RULES


def write(folder: Path, name: str, texts: dict[str, object]) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps(texts), encoding="utf-8")


def test_every_reason_has_a_cause_and_says_all_that_the_table_says() -> None:
    texts = reason_texts()
    for rule in RULES:
        cause, steps = texts[f"reason.{rule.name}.cause"], texts[f"reason.{rule.name}.steps"]
        assert cause
        assert " ".join(part for part in (cause, steps) if part) == rule.text


def test_a_point_within_a_number_ends_no_sentence() -> None:
    assert cause_and_steps("Above 22.5 V. Drive out.") == ("Above 22.5 V.", "Drive out.")
    assert cause_and_steps("Radio link late.") == ("Radio link late.", "")


def test_files_of_a_language_are_merged_over_the_reasons(tmp_path: Path) -> None:
    write(tmp_path, "en.json", {"act.arm": "ARM", "reason.fence.cause": "At the fence."})
    write(tmp_path, "az/bar.json", {"act.arm": "QOŞ"})
    write(tmp_path, "az/map.json", {"map.north": "Şimal"})
    assert languages(tmp_path) == ("en", "az")
    write(tmp_path, "az/page.json", {"language.name": "Azərbaycanca"})
    assert language_names(tmp_path) == [{"code": "en", "name": "en"}, {"code": "az", "name": "Azərbaycanca"}]
    english = catalogue(tmp_path, "en")
    assert (english["act.arm"], english["reason.fence.cause"]) == ("ARM", "At the fence.")
    assert english["reason.fence.steps"] == reason_texts()["reason.fence.steps"]
    az = catalogue(tmp_path, "az")
    assert (az["act.arm"], az["map.north"]) == ("QOŞ", "Şimal")
    for none in ("xx", "../en", ""):
        with pytest.raises(KeyError):
            catalogue(tmp_path, none)


def test_the_table_of_reasons_is_told_whole() -> None:
    rows = reason_rows()
    assert [row["code"] for row in rows] == [int(code) for code in StopReason]
    assert [row["name"] for row in rows] == [rule.name for rule in RULES]
    assert rows[StopReason.LINK_LOST]["recovery"] == "N"
    assert rows[StopReason.SLOPE]["retreat"]
