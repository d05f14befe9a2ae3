"""How the kills of a mission are judged; the kills themselves are `make journal-kills`."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import journal_kills
from benchmarks.journal_kills import Trial, kept_lines, summary

TRIAL = Trial(after_s=20.0, mode="AUTO_WORK", phase=3, strokes=40, processed_m2=6.1, lost_s=0.02, recording_s=1.4)


@pytest.mark.parametrize(
    ("change", "passed"),
    [({}, True), ({"lost_s": 0.51}, False), ({"recording_s": 2.1}, False), ({"wrong": "drove"}, False)],
)
def test_what_is_lost_or_wrong_is_no_pass(change: dict[str, object], passed: bool) -> None:
    assert msgspec.structs.replace(TRIAL, **change).passed is passed


def test_it_goes_on_from_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "kills.jsonl"
    assert kept_lines(path) == []
    line = msgspec.json.encode(TRIAL)
    path.write_bytes(line + b"\n" + line + b"\n" + line[:40])
    assert kept_lines(path) == [TRIAL, TRIAL]


def test_the_worst_is_printed() -> None:
    worse = msgspec.structs.replace(TRIAL, lost_s=0.3, mode="MANUAL")
    text = summary([TRIAL, worse])
    assert "2 of 2 passed" in text
    assert "0.300 s of journal" in text
    assert "1.400 s of recording" in text
    assert '"MANUAL": 1' in text
    assert journal_kills.JOURNAL_S == 0.5
