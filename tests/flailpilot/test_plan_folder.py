"""A plan lies in a folder of its own: no other is written over, and a refusal names the older one that lies there."""

import json
from pathlib import Path

import pytest

from tests.flailpilot.test_bad_sites import flailpilot
from tests.planning.coverage.support import document, feature, ring_lonlat

pytestmark = pytest.mark.long

FIELD = [(-9, -7), (10, -6), (9, 8), (-10, 7)]
OTHER = [(-9, -7), (12, -6), (9, 8), (-10, 7)]


def ground(folder: Path, name: str, points: list[tuple[int, int]] = FIELD) -> Path:
    path = folder / f"{name}.geojson"
    path.write_text(json.dumps(document(feature("work_area", ring_lonlat(points)), outside="safe")), encoding="utf-8")
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def named(folder: Path) -> tuple[str, float]:
    summary = json.loads((folder / "summary.json").read_text())
    return summary["site"], summary["required_depth_m"]


def test_another_plan_goes_to_the_next_free_folder_and_the_same_again_to_its_own(monkeypatch, capsys, tmp_path) -> None:
    out = tmp_path / "plan"

    def planned(site: Path, *options: object) -> tuple[str, str]:
        typed = ("plan", site, "--machine", "memat", "--out", out, *options)
        status, said, told = flailpilot(monkeypatch, capsys, *typed)
        assert status == 0, told
        return said, told

    first, other = ground(tmp_path, "first"), ground(tmp_path, "other", OTHER)
    said, told = planned(first)
    assert "stays as it is" not in said + told
    assert "the site lies at 39.98" in said
    assert "degrees north, 46.9" in said
    assert "degrees east\n" in said
    before = content(out)
    said, told = planned(other)
    assert f"{out} holds another plan, which stays as it is; this one goes to {out}-2" in said
    assert f"files in {out}-2" in said
    assert content(out) == before
    said, told = planned(first, "--depth", "0.2", "--json")
    assert f"{out}-3" in told
    assert json.loads(said)["folder"] == f"{out}-3"
    assert content(out) == before
    planned(other)
    planned(first)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["plan", "plan-2", "plan-3"]
    assert [named(tmp_path / name) for name in ("plan", "plan-2", "plan-3")] == [
        ("first", 0.15), ("other", 0.15), ("first", 0.2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spoilt", [("--depth", "0.9"), ("--overlap", "7"), ("--machine", "nobody"), ("--feature", "owner=none")]
)
def test_a_refusal_names_the_older_plan_that_lies_there(monkeypatch, capsys, tmp_path, spoilt) -> None:
    out = tmp_path / "plan"
    typed = ["plan", ground(tmp_path, "first"), "--machine", "memat", "--out", out]
    assert flailpilot(monkeypatch, capsys, *typed)[0] == 0
    before = content(out)
    wrong = [*(word for word in typed if word not in ("--machine", "memat")), *spoilt]
    wrong += ["--machine", "memat"] if "--machine" not in spoilt else []
    status, said, told = flailpilot(monkeypatch, capsys, *wrong)
    assert (status, said, told.count("\n")) == (2, "", 1)
    assert f"nothing was planned, {out} still holds an older plan, of first, made 20" in told
    assert content(out) == before
    (out / "summary.json").write_text("{")
    assert "still holds an older plan, of another task" in flailpilot(monkeypatch, capsys, *wrong)[2]


def test_where_nothing_lies_a_refusal_says_nothing_of_it(monkeypatch, capsys, tmp_path) -> None:
    typed = ["plan", ground(tmp_path, "first"), "--machine", "memat", "--out", tmp_path / "plan", "--depth", "0.9"]
    assert "older" not in flailpilot(monkeypatch, capsys, *typed)[2]
    assert not (tmp_path / "plan").exists()


def test_a_key_file_is_not_written_over_and_no_key_is_made_for_it(monkeypatch, capsys, tmp_path) -> None:
    held = tmp_path / "console.json"
    held.write_text("kept")
    typed = ["keys", "create", "console", "--system-id", "7", "--store", tmp_path / "keys.json", "--out", held]
    status, said, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, said, told.count("\n")) == (2, "", 1)
    assert "--out" in told
    assert held.read_text() == "kept"
    assert not (tmp_path / "keys.json").exists()
