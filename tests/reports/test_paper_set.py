"""Papers of one set: whatever refuses at whichever step, the old ones or the new ones are there, and the line says."""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vehicle.reports import paper_set
from vehicle.reports.paper_set import AS_THEY_WERE, SetError, write_set

OLD = {"map.png": b"old", "report.html": b"old", "report.pdf": b"old"}
NEW = {"map.png": b"new", "report.html": b"new", "lots.csv": b"new"}


def make(fresh: Path) -> tuple[Path, ...]:
    for name, content in NEW.items():
        (fresh / name).write_bytes(content)
    return tuple(fresh / name for name in NEW)


def papers_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@contextmanager
def failing(patch: pytest.MonkeyPatch, fails: Callable[[int], bool]) -> Iterator[list[int]]:
    """Calls that change the disk, counted from 1; those that `fails` names are refused."""
    count = [0]

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def made(*args: object, **more: object) -> object:
            count[0] += 1
            if fails(count[0]):
                raise OSError(errno.EIO, "Input/output error")
            return call(*args, **more)

        return made

    with patch.context() as here:
        here.setattr(Path, "replace", counted(Path.replace))
        here.setattr(Path, "mkdir", counted(Path.mkdir))
        here.setattr(os, "fsync", counted(os.fsync))
        yield count


def put(folder: Path, patch: pytest.MonkeyPatch, fails: Callable[[int], bool]) -> SetError | OSError | None:
    folder.mkdir()
    for name, content in OLD.items():
        (folder / name).write_bytes(content)
    with failing(patch, fails):
        try:
            write_set(folder, make, OLD)
        except OSError as error:
            return error
    return None


def calls(folder: Path, patch: pytest.MonkeyPatch) -> int:
    folder.mkdir()
    for name, content in OLD.items():
        (folder / name).write_bytes(content)
    with failing(patch, lambda _: False) as count:
        write_set(folder, make, OLD)
    return count[0]


def test_a_set_takes_the_place_of_the_one_before_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    for name, content in {**OLD, "run.mcap": b"kept"}.items():
        (tmp_path / name).write_bytes(content)
    assert write_set(tmp_path, make, OLD) == tuple(tmp_path / name for name in NEW)
    assert papers_in(tmp_path) == {**NEW, "run.mcap": b"kept"}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({*NEW, "run.mcap"})


def test_one_call_that_fails_leaves_the_old_papers_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    total = calls(tmp_path / "counted", monkeypatch)
    assert total == 3 + 1 + 3 + 3  # to the disk, a folder for the old ones, away, in place
    for place in range(1, total + 1):
        folder = tmp_path / str(place)
        error = put(folder, monkeypatch, place.__eq__)
        assert error is not None
        assert getattr(error, "left", AS_THEY_WERE) == AS_THEY_WERE
        assert papers_in(folder) == OLD, place
        assert {path.name for path in folder.iterdir()} == set(OLD), place


def test_a_disk_that_fails_from_some_call_on_mixes_nothing_and_the_line_says_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = set()
    for place in itertools.count(1):
        folder = tmp_path / str(place)
        error = put(folder, monkeypatch, place.__le__)
        there = papers_in(folder)
        if error is None:
            assert there == NEW
            break
        assert len(set(there.values())) <= 1, f"a mixture after call {place}"
        left = getattr(error, "left", AS_THEY_WERE)
        told.add(left.split()[2])
        if left == AS_THEY_WERE:
            assert there == OLD
            continue
        kept = {name for name in OLD if name in left.split(" lie in ")[0]} if "old papers" in left else set(OLD)
        assert set(OLD) - set(there) == kept or set(there) <= set(NEW)
        (aside,) = [path for path in folder.iterdir() if path.is_dir()]
        assert str(aside) in left
        assert papers_in(aside / "old") | {name: data for name, data in there.items() if data == b"old"} == OLD
    assert len(told) == 3  # as they were; old ones missing; new ones alone


def test_what_an_ended_program_left_is_cleared_up_unless_old_papers_lie_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for process, held in ((1, ""), (77, ""), (78, "old")):
        fresh = tmp_path / f".papers-{process}-abc"
        (fresh / held).mkdir(parents=True)
        (fresh / held / "map.png").write_bytes(b"half")
    monkeypatch.setattr(paper_set, "_runs", {1: True, 77: False, 78: False}.__getitem__)
    write_set(tmp_path, make)
    assert {path.name for path in tmp_path.iterdir()} == {*NEW, ".papers-1-abc", ".papers-78-abc"}
    assert (tmp_path / ".papers-78-abc/old/map.png").read_bytes() == b"half"


def test_this_program_runs_and_no_other_of_its_number() -> None:
    assert paper_set._runs(os.getpid())
    assert not paper_set._runs(2**22 + 1)  # above the largest number of a process


def test_whoever_breaks_it_off_has_the_old_papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(number: int) -> bool:
        if number == 8:  # an old one is away, and a new one in place
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        put(tmp_path / "run", monkeypatch, broken_off)
    assert papers_in(tmp_path / "run") == OLD


def test_a_program_that_ends_between_two_calls_leaves_one_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """What no program catches."""

    total = calls(tmp_path / "counted", monkeypatch)
    for place in range(1, total + 1):
        folder = tmp_path / str(place)
        folder.mkdir()
        for name, content in OLD.items():
            (folder / name).write_bytes(content)

        def killed(number: int, place: int = place) -> bool:
            if number >= place:  # the way back does not run either
                raise Killed
            return False

        with failing(monkeypatch, killed), pytest.raises(Killed):
            write_set(folder, make, OLD)
        assert len(set(papers_in(folder).values())) <= 1, place
