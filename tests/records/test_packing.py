"""Packed strokes: the same records, checks, seal and masks, whatever happens while they are packed."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.records.test_chain import SMALL, STROKES
from tests.records.test_journal import HEADER
from tests.records.test_summing import facts, journals, walks, written
from vehicle.contracts import stroke_codec
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import LedgerBand, LedgerStroke
from vehicle.contracts.stroke_codec import from_grid
from vehicle.host import atomic_file
from vehicle.records import journal, packing, records, snapshot, stroke_block
from vehicle.records.journal import MAGIC, Journal, JournalWriter
from vehicle.records.journal_file import Scanner, opened
from vehicle.records.records import (
    KIND_STROKE,
    STROKE_KINDS,
    Header,
    Note,
    Record,
    Session,
    encoded,
)

DOUBLES = STROKE_KINDS[0]
OLD = Path(__file__).parents[1] / "kept" / "format3" / "ledger.journal"
doubles = st.builds(
    LedgerStroke,
    number=st.integers(0, 2**64 - 1),
    t_ns=st.integers(-(2**63), 2**63 - 1),
    **dict.fromkeys(("east_m", "north_m", "forward_east", "forward_north", "slope"), st.floats()),
    bands=st.lists(
        st.builds(
            LedgerBand,
            **dict.fromkeys(("rear_m", "front_m", "right_m", "left_m"), st.floats()),
            flags=st.integers(0, 255),
            depth_cm=st.integers(0, 255),
        ),
        max_size=3,
    ).map(tuple),
)
codec_rows = walks().map(lambda walk: [(KIND_STROKE, stroke_codec.packed(from_grid(row))) for row in walk])
value = st.integers(-(2**69), 2**69) | st.sampled_from([0, 2**61, -(2**62), 2**62 - 1, 2**63])


def varints(values: list[int]) -> bytes:
    out = bytearray()
    for one in values:
        stroke_codec._put(out, one)
    return bytes(out)


any_rows = st.lists(
    st.tuples(st.just(KIND_STROKE), st.lists(value, max_size=14).map(varints) | st.binary(max_size=40))
    | doubles.map(lambda row: (DOUBLES, records._packed(row))),
    min_size=1,
    max_size=12,
)


@pytest.mark.long
@settings(max_examples=60)
@given(codec_rows | any_rows)
def test_a_block_gives_its_strokes_back_byte_for_byte(rows: stroke_block.Rows) -> None:
    assert stroke_block.unpacked(stroke_block.packed(rows, KIND_STROKE), KIND_STROKE) == rows


def test_strokes_of_a_swath_take_a_third_of_their_room() -> None:
    payloads = [stroke_codec.packed(row) for row in STROKES] * 12
    block = stroke_block.packed([(KIND_STROKE, payload) for payload in payloads], KIND_STROKE)
    assert len(block) < sum(len(payload) + 21 for payload in payloads) / 3


def block_of(body: bytes, *, said: bool = True) -> bytes:
    """A block that nobody packed."""
    frame = zstandard.ZstdCompressor(write_content_size=said).compress(body)
    return stroke_block._digest(frame) + frame


MANY = stroke_block.STROKES_MAX + 1
LONG = stroke_block.CONTENT_MAX + 1


NONE = [
    b"",
    b"x" * 40,
    block_of(b""),
    block_of(b"\2x"),
    block_of(b"\1\x90"),
    block_of(b"\1x"),
    block_of(b"\0"),
    block_of(b"\0\x80"),
    block_of(b"\0" + varints([0])),
    block_of(b"\0" + varints([-1, 1, 5])),
    block_of(b"\0" + varints([2, 1])),
    block_of(b"\0" + varints([1, 0])),
    block_of(b"\0" + varints([1, 3, 5])),
    block_of(b"\0" + varints([2, 1, 2**60, 5])),
    block_of(b"\0" + varints([MANY] + [1] + [0] * (MANY - 1) + [0] * MANY)),
    block_of(b"\0" + varints([1, LONG]) + bytes(LONG)),
    block_of(b"\0" + varints([1, 1, 5]), said=False),
]


@pytest.mark.parametrize("block", NONE, ids=map(str, range(len(NONE))))
def test_a_block_that_is_none_is_refused(block: bytes) -> None:
    with pytest.raises(ValueError, match="no block of strokes"):
        stroke_block.unpacked(block, KIND_STROKE)


def test_a_block_that_says_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    block = block_of(bytes(stroke_block.BODY_MAX + 1))
    assert len(block) < 200
    monkeypatch.setattr(zstandard, "ZstdDecompressor", lambda: pytest.fail("it was unpacked"))
    with pytest.raises(ValueError, match="its content has 524,289 bytes"):
        stroke_block.unpacked(block, KIND_STROKE)


def test_more_than_a_block_holds_is_not_packed() -> None:
    for rows in ([], [(KIND_STROKE, b"\2")] * MANY, [(DOUBLES, bytes(stroke_block.CONTENT_MAX + 1))]):
        with pytest.raises(ValueError, match="too many strokes"):
            stroke_block.packed(rows, KIND_STROKE)


def packed_copy(path: Path, folder: str) -> tuple[Path, Journal]:
    """A packed copy of a journal in a folder beside it."""
    copy = path.parent / folder / path.name
    copy.parent.mkdir()
    shutil.copy(path, copy)
    found, line = packing.packed(copy, journal.read(copy))
    assert line
    return copy, found


def same(one: Journal, other: Journal) -> bool:
    return (one.records, one.seal, one.count, one.lost) == (other.records, other.seal, other.count, None)


@pytest.mark.long
@settings(max_examples=25)
@given(journals(), st.integers(1, 5), st.data())
def test_a_packed_journal_is_the_same_record(
    tmp_path_factory: pytest.TempPathFactory, rows: tuple[Record, ...], most: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("pack") / "ledger.journal"
    cut = data.draw(st.integers(2, len(rows)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "STROKES_MAX", most)
        patch.setattr(packing, "block_of", shorter_block)
        written(path, rows[:cut])
        copy, found = packed_copy(path, "first")
        assert same(journal.read(copy), journal.read(path))
        for one, where in ((path, journal.read(path)), (copy, found)):
            writer = JournalWriter(one, HEADER, sync_records=1 << 30, found=where)
            for row in rows[cut:]:
                writer.append(row)
            writer.close()
        whole = journal.read(path)
        assert same(journal.read(copy), whole)
        packing.packed(copy, journal.read(copy))
    again = journal.read(copy)
    assert same(again, whole)
    assert (
        facts(journal.rebuilt(journal.summed(copy))) == facts(journal.rebuilt(again)) == facts(journal.rebuilt(whole))
    )


def shorter_block(strokes: Any) -> bytes:
    """A packed record that counts as shorter than its strokes, however few they are."""

    class Short(bytes):
        def __len__(self) -> int:
            return 0

    return Short(BLOCK_OF(strokes))


BLOCK_OF = records.block_of
LONGER = (*SMALL[:2], *STROKES, *SMALL[5:7])
"""Enough strokes for a packed record, then a check and a withdrawal."""
PLACE = 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    name = tmp_path / "ledger.journal"
    written(name, LONGER)
    return name


def read(path: Path, content: bytes) -> Journal:
    path.unlink(missing_ok=True)  # the content of one that is mapped must not change
    path.write_bytes(content)
    return journal.read(path)


def test_one_changed_byte_of_a_packed_record_is_named(path: Path) -> None:
    found, _ = packing.packed(path, journal.read(path))
    content = path.read_bytes()
    ends = sorted({row.end for row in Scanner(content, found.format).found()})
    first, last = ends[PLACE - 1], ends[PLACE]
    assert last < len(content)
    for place in range(first, last):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        again = read(path, bytes(damaged))
        assert again.lost is not None
        assert (again.lost.record, again.lost.place) == (PLACE + 1, first), place
        assert (again.records, again.broken_within) == (LONGER[:PLACE], True), place
    for cut in range(first + 5, last):
        again = read(path, content[:cut])
        assert (again.records, again.broken_within) == (LONGER[:PLACE], True), "no program leaves a part of one"


def test_a_changed_record_behind_a_packed_one_is_told_by_its_number_in_the_whole_record(path: Path) -> None:
    packing.packed(path, journal.read(path))
    content = path.read_bytes()
    again = read(path, content[:-1] + bytes([content[-1] ^ 1]))
    assert again.lost is not None
    assert (again.lost.record, again.records) == (len(LONGER), LONGER[:-1])


class Full:
    """A disk that refuses at its n-th call, or takes only a part of what is written then."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int) -> None:
        self.left = at
        for where, name in ((os, "fsync"), (Path, "replace")):
            patch.setattr(where, name, self.counted(getattr(where, name)))
        patch.setattr(atomic_file, "open", lambda *given, **more: self.file(open(*given, **more)), raising=False)  # noqa: PTH123, SIM115

    def counted(self, call: Any) -> Any:
        def counting(*given: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise OSError(28, "No space left on device")
            return call(*given)

        return counting

    def file(self, opened_file: Any) -> Any:
        full = self

        class File:
            def __enter__(self) -> Any:
                opened_file.__enter__()
                return self

            def __exit__(self, *why: object) -> None:
                opened_file.__exit__(*why)

            def write(self, piece: bytes) -> int:
                try:
                    return int(full.counted(opened_file.write)(piece))
                except OSError:
                    opened_file.write(piece[: len(piece) // 2])
                    raise

            def flush(self) -> None:
                opened_file.flush()

            def fileno(self) -> int:
                return int(opened_file.fileno())

        return File()


def test_a_disk_that_refuses_at_any_moment_leaves_the_old_file_or_the_new_one(path: Path) -> None:
    before, whole = path.read_bytes(), journal.read(path)
    refusals = 0
    for at in range(40):
        with pytest.MonkeyPatch.context() as patch:
            disk = Full(patch, at)
            found, line = packing.older_packed(path, journal.summed(path), worth=1)
        if disk.left >= 0:
            break
        refusals += "was not packed: no space left" in line
        assert {row.name for row in path.parent.iterdir()} <= {path.name, snapshot.NAME}
        assert same(journal.read(path), whole)
        assert found.seal == whole.seal
        assert facts(journal.rebuilt(journal.summed(path))) == facts(journal.rebuilt(whole))
        path.unlink()
        path.write_bytes(before)
    assert refusals >= 6
    assert journal.summed(path).fresh == 0, "with its snapshot"


def test_what_a_death_left_beside_is_written_over(path: Path) -> None:
    whole = journal.read(path)
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(MAGIC + b"torn")
    assert same(journal.read(path), whole)
    packing.packed(path, whole)
    assert same(journal.read(path), whole)
    assert not beside.exists()


def test_a_file_that_does_not_hold_what_was_written_does_not_take_the_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = path.read_bytes(), packing._write
    for spoil in (lambda frame: frame[:-1], lambda frame: frame + b"x", lambda frame: frame[:40] + b"x" + frame[41:]):

        def spoilt(file: Any, *given: Any, spoil: Any = spoil) -> None:
            real(file, *given)
            file.flush()
            content = spoil(Path(file.name).read_bytes())
            os.truncate(file.fileno(), 0)
            os.pwrite(file.fileno(), content, 0)

        monkeypatch.setattr(packing, "_write", spoilt)
        _, line = packing.older_packed(path, journal.read(path), worth=1)
        assert "does not hold what was written" in line
        assert path.read_bytes() == before


def test_a_snapshot_is_of_the_packed_file_and_the_next_start_is_quick(path: Path) -> None:
    found, line = packing.older_packed(path, journal.summed(path), worth=len(STROKES))
    assert f"{len(STROKES)} strokes of older sessions are packed" in line
    again = journal.summed(path)
    assert (again.fresh, again.count, again.seal) == (0, len(LONGER), found.seal)
    writer = JournalWriter.open(path, HEADER, Session(session_id=9, utc=""), found=found)
    writer.append(STROKES[0])
    writer.close()
    assert journal.summed(path).fresh == 2
    later = journal.summed(path)
    assert packing.older_packed(path, later, worth=2) == (later, "")


def test_a_start_packs_only_what_is_worth_it_whole_and_its_own(path: Path) -> None:
    found = journal.read(path)
    content = path.read_bytes()
    assert packing.older_packed(path, found) == (found, "")
    for damaged in (content[:-3], content[:-20] + b"x" + content[-19:]):
        broken = read(path, damaged)
        assert broken.lost is not None
        assert packing.older_packed(path, broken, worth=1) == (broken, "")
        with pytest.raises(InputError, match="what is damaged is not packed"):
            packing.packed(path, broken)
        assert path.read_bytes() == damaged
    read(path, content)
    with path.open("rb+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another program writes this journal"):
            packing.packed(path, found)
    with path.open("ab") as other:
        other.write(encoded(Note(kind="note", text="", utc=""), found.check.to_bytes(16, "little"))[0])
    with pytest.raises(InputError, match="another program wrote to it"):
        packing.packed(path, found)


def test_a_journal_of_format_5_is_gone_on_and_packed_and_holds_no_packed_record_before(path: Path) -> None:
    whole = journal.read(path)
    content = path.read_bytes()
    assert (read(path, b"FLAILJ5\n" + content[len(MAGIC) :]).records, journal.read(path).format) == (LONGER, 5)
    JournalWriter(path, HEADER, found=journal.read(path)).close()
    assert path.read_bytes().startswith(b"FLAILJ5\n"), "an older program reads it too until it is packed"
    assert [row.name for row in path.parent.iterdir()] == [path.name]
    found, _ = packing.packed(path, journal.read(path))
    assert same(journal.read(path), whole)
    assert (found.format, opened(path)[1]) == (6, 6)
    older = read(path, b"FLAILJ5\n" + path.read_bytes()[len(MAGIC) :])
    assert older.lost is not None
    assert older.lost.record == PLACE + 1


def test_strokes_in_doubles_of_an_older_format_are_packed_too(tmp_path: Path) -> None:
    path = tmp_path / "ledger.journal"
    shutil.copy(OLD, path)
    with pytest.raises(InputError, match="is of format 3; it can be packed once a start has continued it"):
        packing.packed(path, journal.read(path))
    header = journal.header_in(path)
    assert isinstance(header, Header)
    JournalWriter(path, header).close()
    whole = journal.read(path)
    packing.packed(path, whole)
    assert same(journal.read(path), whole)
