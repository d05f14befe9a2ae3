"""`flailpilot ledger take-over` as typed: one clear line and status 2 for what is refused, and nothing is written."""

from pathlib import Path
from typing import TypeAlias

import pytest

from tests.flailpilot.test_bad_sites import flailpilot
from tests.records.test_several import FIRST
from tests.records.test_taking_over import CLOSED, OPENED, OWN, written
from vehicle.records import journal, taking_over

Patch: TypeAlias = pytest.MonkeyPatch
Capture: TypeAlias = pytest.CaptureFixture[str]


def typed(
    monkeypatch: Patch, capsys: Capture, run: Path, into: Path, seal: str, who: str = "team leader"
) -> tuple[int, str, str]:
    asked = ("ledger", "take-over", run, "--into", into, "--seal", seal, "--who", who)
    status, said, told = flailpilot(monkeypatch, capsys, *asked)
    return int(status), str(said), str(told)


def test_a_record_is_taken_over_once(monkeypatch: Patch, capsys: Capture, tmp_path: Path) -> None:
    seal = written(tmp_path / "run-a" / "ledger.journal", OPENED, *FIRST, CLOSED)
    own = tmp_path / "own" / "ledger.journal"
    written(own, header=OWN)
    status, said, told = typed(monkeypatch, capsys, tmp_path / "run-a", own, seal)
    assert (status, told) == (0, "")
    assert seal in said
    assert "own may be given plans that rest on it" in said
    assert taking_over.seals_of(journal.read(own).records) == (seal,)
    status, said, _ = typed(monkeypatch, capsys, tmp_path / "run-a" / "ledger.journal", own.parent, seal)
    assert status == 0
    assert "before; nothing changed" in said
    assert len(taking_over.seals_of(journal.read(own).records)) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("byte", "nothing of it is taken over"),
        ("seal", "its seal is"),
        ("missing", "is not there"),
        ("nobody", "--who"),
        ("no own", "holds no record"),
    ],
)
def test_what_is_refused_leaves_all_as_it_was(
    monkeypatch: Patch, capsys: Capture, tmp_path: Path, change: str, word: str
) -> None:
    path, own = tmp_path / "run-a" / "ledger.journal", tmp_path / "own" / "ledger.journal"
    seal = written(path, OPENED, *FIRST, CLOSED)
    written(own, header=OWN)
    if change == "byte":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    if change == "no own":
        own.write_bytes(b"")
    before = own.read_bytes()
    seal = seal if change != "seal" else "f" * 32
    run = tmp_path / ("run-b" if change == "missing" else "run-a")
    who = " " if change == "nobody" else "team leader"
    status, said, told = typed(monkeypatch, capsys, run, own, seal, who)
    assert (status, said) == (2, "")
    assert told.count("\n") == 1
    assert word in told
    assert own.read_bytes() == before
    assert not (own.parent / "taken-over").exists()
