"""The long runs are resumable, go stale with what they judge, and fail where one line of them does."""

import sys
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from benchmarks import proof
from benchmarks.proof import ChangedError, Journal, prove, state_of, table
from benchmarks.proof_types import Found, Line, Part, Verdict

pytestmark = pytest.mark.long

UNITS = tuple("0123")


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree of one file, and a clock that stands."""
    (tmp_path / "judged.txt").write_text("a")
    monkeypatch.setattr(proof, "ROOT", tmp_path)
    monkeypatch.setattr(proof, "commit_now", lambda: "abc")
    monkeypatch.setattr(proof, "utc_now", lambda: datetime(2026, 11, 29, tzinfo=UTC))


class Worker:
    """Squares; `bad` is a unit that fails, `until` one before which it is ended."""

    def __init__(self, bad: str = "", until: str = "") -> None:
        self.bad, self.until, self.ran = bad, until, list[str]()

    def __call__(self, missing: Sequence[str], done: Path, jobs: int) -> Generator[Found, None, None]:
        del done, jobs
        for unit in missing:
            if unit == self.until:
                raise KeyboardInterrupt
            self.ran.append(unit)
            yield Found(unit=unit, cpu_s=1.0, facts=-1 if unit == self.bad else int(unit) ** 2)

    def part(self, name: str = "squares") -> Part:
        return Part(name=name, modules=(), data=("judged.txt",), units=lambda: UNITS, run=self, judged=judged)


def judged(lines: list[Line]) -> Verdict:
    bad = [line.unit for line in lines if line.facts < 0]
    return Verdict(text=f"sum {sum(line.facts for line in lines)}", wrong=f"unit {bad[0]}" if bad else "")


def run(worker: Worker, folder: Path) -> str:
    prove(worker.part(), folder, 1, lambda _: None)
    return table([state_of(worker.part(), folder)])


def main(monkeypatch: pytest.MonkeyPatch, folder: Path, *parts: Part, options: Sequence[str] = ()) -> int:
    monkeypatch.setattr(sys, "argv", ["proof", "--folder", str(folder), *options])
    return proof.main(parts)


def only_file(folder: Path) -> Path:
    (found,) = folder.glob("squares-*.jsonl")
    return found


# --- going on --------------------------------------------------------------------------------------------------------
def test_cut_off_at_any_byte_it_goes_on_to_the_same_table(tmp_path: Path) -> None:
    whole = run(Worker(), tmp_path / "whole")
    assert "| holds |" in whole
    journal = only_file(tmp_path / "whole")
    written = journal.read_bytes()
    folder = tmp_path / "cut"
    folder.mkdir()
    for length in range(len(written) + 1):
        (folder / journal.name).write_bytes(written[:length])
        worker = Worker()
        assert run(worker, folder) == whole
        assert len(worker.ran) == len(UNITS) - written[:length].count(b"\n"), "what was found is not run again"
        assert (folder / journal.name).read_bytes() == written


@pytest.mark.parametrize("until", UNITS)
def test_ended_before_any_unit_it_goes_on_with_it(
    until: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = Worker(until=until), Worker()
    assert main(monkeypatch, tmp_path, first.part()) == 1
    assert "start again to go on" in capsys.readouterr().out
    assert main(monkeypatch, tmp_path, second.part()) == 0
    assert [*first.ran, *second.ran] == list(UNITS)
    assert (tmp_path / "table.md").read_text().endswith(run(Worker(), tmp_path / "whole"))


@pytest.mark.parametrize("until", UNITS[1:])
def test_packed_results_go_on_on_another_computer(
    until: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ("--kept", str(tmp_path / "kept"))
    first, second = Worker(until=until), Worker()
    assert main(monkeypatch, tmp_path / "one", first.part(), options=kept) == 1
    (packed,) = (tmp_path / "kept").iterdir()
    assert packed.name == only_file(tmp_path / "one").name + ".xz"
    assert main(monkeypatch, tmp_path / "other", second.part(), options=kept) == 0
    assert [*first.ran, *second.ran] == list(UNITS)
    assert main(monkeypatch, tmp_path / "one", Worker(bad="3").part(), options=kept) == 0, "the longer file is taken"
    capsys.readouterr()


def test_packed_results_of_other_sources_give_way_and_prove_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ("--kept", str(tmp_path / "kept"))
    assert main(monkeypatch, tmp_path / "one", Worker().part(), options=kept) == 0
    (tmp_path / "judged.txt").write_text("b")
    assert main(monkeypatch, tmp_path / "one", Worker().part(), options=(*kept, "--table")) == 1
    assert "stale" in capsys.readouterr().out
    (old,) = (tmp_path / "kept").iterdir()
    again = Worker()
    assert main(monkeypatch, tmp_path / "one", again.part(), options=kept) == 0
    assert again.ran == list(UNITS)
    (new,) = (tmp_path / "kept").iterdir()
    assert new.name != old.name
    capsys.readouterr()


def test_what_is_complete_is_not_run_again(tmp_path: Path) -> None:
    run(Worker(), tmp_path)
    again = Worker(bad="3")
    assert "holds" in run(again, tmp_path)
    assert again.ran == []


def test_a_damaged_line_is_run_again(tmp_path: Path) -> None:
    whole = run(Worker(), tmp_path)
    journal = only_file(tmp_path)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:2], b"\0" * 40 + b"\n", *lines[3:]]))
    worker = Worker()
    assert run(worker, tmp_path) == whole
    assert worker.ran == ["2"]


def test_one_process_at_a_time_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = Worker()
    with Journal(tmp_path, "squares", state_of(worker.part(), tmp_path).key).opened():
        assert main(monkeypatch, tmp_path, worker.part()) == 1
    assert "another process" in capsys.readouterr().out
    assert worker.ran == []


def test_the_page_is_written_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "PROOF.md"
    worker = Worker()
    assert main(monkeypatch, tmp_path, worker.part(), options=("--write", str(page))) == 0
    assert page.read_text().startswith("# Proof\n")
    assert page.read_text().endswith(table([state_of(worker.part(), tmp_path)]))


# --- on what ---------------------------------------------------------------------------------------------------------
def test_other_sources_make_it_stale_and_are_never_mixed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(Worker(), tmp_path)
    (tmp_path / "judged.txt").write_text("b")
    show = ("--table",)
    assert main(monkeypatch, tmp_path, Worker().part(), options=show) == 1
    assert "| 1 result(s) on other sources | stale |" in (tmp_path / "table.md").read_text()
    part = Worker(until="2")
    assert main(monkeypatch, tmp_path, part.part()) == 1
    state = state_of(part.part(), tmp_path)
    assert ([line.unit for line in state.lines], state.word) == (["0", "1"], "not complete")
    (tmp_path / "judged.txt").write_text("a")
    assert main(monkeypatch, tmp_path, Worker().part(), options=show) == 0
    assert (tmp_path / "table.md").read_text().endswith(whole)


def test_sources_that_change_meanwhile_end_it_and_that_unit_is_not_kept(tmp_path: Path) -> None:
    worker = Worker()

    def edits(missing: Sequence[str], done: Path, jobs: int) -> Generator[Found, None, None]:
        for found in worker(missing, done, jobs):
            if found.unit == "3":
                (tmp_path / "judged.txt").write_text("b")
            yield found

    part = msgspec.structs.replace(worker.part(), run=edits)
    with pytest.raises(ChangedError, match="start again"):
        prove(part, tmp_path, 1, lambda _: None)
    (tmp_path / "judged.txt").write_text("a")
    assert [line.unit for line in state_of(part, tmp_path).lines] == ["0", "1", "2"]


def test_names_contents_and_their_borders_make_the_hash(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("ab")
    other.write_text("c")
    hashes = [proof.digest([one, other], tmp_path), proof.digest([one], tmp_path), proof.digest([other], tmp_path)]
    one.write_text("a")
    other.write_text("bc")
    hashes.append(proof.digest([one, other], tmp_path))
    other.unlink()
    hashes.append(proof.digest([one, other], tmp_path))
    assert len(set(hashes)) == len(hashes)


def test_a_page_for_people_makes_nothing_stale(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("first")
    part = msgspec.structs.replace(Worker().part(), data=("*",))
    assert [path.name for path in proof.sources(part)] == ["judged.txt"]


# --- verdicts --------------------------------------------------------------------------------------------------------
def test_one_bad_unit_fails_the_part_and_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(monkeypatch, tmp_path, Worker(bad="3").part()) == 1
    assert "| sum 4; **unit 3** | FAILS |" in (tmp_path / "table.md").read_text()


def test_only_the_parts_that_were_asked_for_decide_but_all_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Worker().part(), Worker(bad="1").part("others")
    assert main(monkeypatch, tmp_path, *parts, options=("--parts", "squares")) == 0
    assert "| others | - | not run |" in (tmp_path / "table.md").read_text()
    assert main(monkeypatch, tmp_path, *parts) == 1
