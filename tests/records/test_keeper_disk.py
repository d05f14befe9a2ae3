"""What the journal's keeper does with a disk that is full, and which names are on the disk when it goes on."""

import os
from pathlib import Path

import pytest

from firmware_bridge.flail_adapter import FlailAdapter
from tests.records.test_keeper import SESSION, SHOCK, keeper_in, revoke, strokes_of, vehicle
from vehicle.runtime import kept_ledger
from vehicle.runtime.kept_ledger import kept_in, opened


@pytest.mark.parametrize("taken", ["withdrawal", "detonation"])
@pytest.mark.parametrize("when", ["with the fault", "after it"])
def test_what_takes_from_the_record_and_cannot_be_written_leaves_no_credit_to_the_next_start(
    when: str, taken: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []
    header = kept_ledger.header_of(vehicle(), None)
    path, synced = kept_in(tmp_path, header).path, list[str]()
    row = revoke(3) if taken == "withdrawal" else SHOCK
    contents = []
    for _ in range(3):  # the disk is as full at the next starts
        keeper = keeper_in(tmp_path, vehicle(), told)
        keeper.begin(vehicle(), FlailAdapter())
        rows = strokes_of(4)
        for one in rows[:3]:
            keeper._writer.append(one)
        contents.append(path.read_bytes())
        full_disk(monkeypatch, synced)
        keeper._put((rows[3], row) if when == "with the fault" else (rows[3],))
        if when == "after it":
            keeper._put((row,))
        keeper.close()
        monkeypatch.undo()
        assert not path.exists()
        assert synced[-1] == str(path.parent), "a power cut would bring the name back, and with it the credit"
        assert "none of it counts" in told[-1]
        assert kept_in(tmp_path, header).found.stroke_count == 0
    aside = [path.with_suffix(f".withdrawn{number}") for number in ("", "-2", "-3")]
    assert [one.read_bytes() for one in aside] == contents, "none that was set aside before is lost"


def full_disk(monkeypatch: pytest.MonkeyPatch, synced: list[str]) -> None:
    """No byte more is taken; `synced`: what is flushed to the disk."""
    sync = os.fsync

    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    def noted(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        sync(handle)

    monkeypatch.setattr(os, "write", refuse)
    monkeypatch.setattr(os, "fsync", noted)


def test_the_name_of_a_new_journal_is_on_the_disk_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A power cut would else take the file whose records were all flushed."""
    synced: list[str] = []
    write = os.write
    full_disk(monkeypatch, synced)
    monkeypatch.setattr(os, "write", write)
    kept = kept_in(tmp_path / "ledgers", kept_ledger.header_of(vehicle(), None))
    opened(kept, SESSION).close()
    folder = kept.path.parent
    assert synced.index(str(folder)) > synced.index(str(kept.path))
    assert str(folder.parent) in synced
