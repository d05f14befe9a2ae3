"""The journal's chain: one changed byte anywhere is named, a cut anywhere loses only what it tore."""

import itertools
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.ledger.driving import ORIGIN_NS, straight, versions
from tests.records.test_journal import CONFIG, HEADER, SESSION
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, LedgerStroke
from vehicle.control.state import LedgerState
from vehicle.records import journal
from vehicle.records.journal import Journal, JournalWriter
from vehicle.records.records import Header, Note, Record, Revoke, encoded, first_check

ROWS: tuple[Record, ...] = (
    SESSION,
    Confirm(kind="base", by="A", until_number=0, closing=False),
    Revoke(reason="a hammer is missing", by="B", since_number=1, until_number=2),
    Note(kind="note", text="stones at the north edge", utc=""),
)
HEAD_BYTES = 5
MAGIC_BYTES = len(journal.MAGIC)


def strokes_of(length_m: float) -> list[LedgerStroke]:
    found: dict[int, LedgerStroke] = {}
    for state in versions(straight(length_m, 0.37), CONFIG, LedgerState(), ORIGIN_NS):
        if state.stroke is not None:
            found[state.stroke.number] = state.stroke
    return list(found.values())


STROKES = strokes_of(0.9)
SMALL = (HEADER, ROWS[0], *STROKES[:3], ROWS[1], ROWS[2], STROKES[3], ROWS[3], *STROKES[4:6])
"""A journal in which every kind of record stands, a stroke last."""


def content_of(records: tuple[Record, ...]) -> tuple[bytes, list[int]]:
    """The file, and where each record begins, and the last ends."""
    content, check, starts = journal.MAGIC, first_check(), [MAGIC_BYTES]
    for record in records:
        frame, check = encoded(record, check)
        content += frame
        starts.append(len(content))
    return content, starts


CONTENT, STARTS = content_of(SMALL)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chain") / "ledger.journal"


def read(path: Path, content: bytes) -> Journal:
    path.unlink(missing_ok=True)  # the content of one that is mapped must not change
    path.write_bytes(content)
    return journal.read(path)


def holder(place: int) -> int:
    """Number, from 1, of the record that holds a byte."""
    return sum(start <= place for start in STARTS)


def test_what_is_written_comes_back(scratch: Path) -> None:
    found = read(scratch, CONTENT)
    assert (found.records, found.lost, found.count) == (SMALL, None, len(SMALL))


@pytest.mark.long
@pytest.mark.parametrize("bit", [0, 3, 6])
def test_one_changed_byte_anywhere_is_named_by_its_record(scratch: Path, bit: int) -> None:
    for place in range(len(CONTENT)):
        damaged = bytearray(CONTENT)
        damaged[place] ^= 1 << bit
        if place < MAGIC_BYTES:
            with pytest.raises(InputError) as refused:
                read(scratch, bytes(damaged))
            assert "\n" not in str(refused.value)
            continue
        found, number = read(scratch, bytes(damaged)), holder(place)
        assert found.lost is not None, place
        assert (found.lost.record, found.lost.place) == (number, STARTS[number - 1]), place
        assert found.records == SMALL[: number - 1], place
        if place < STARTS[-2] or place >= STARTS[-2] + HEAD_BYTES:  # the last stroke's head says which it is
            assert found.broken_within == (number < len(SMALL)), place
        told = journal.torn_text(scratch, found)
        assert f"record {number}, at byte {STARTS[number - 1]:,}, " in told
        assert ("withdrawals may be among them" in told) == found.broken_within


@given(
    place=st.integers(MAGIC_BYTES, len(CONTENT) - 1),
    bytes_in=st.binary(min_size=1, max_size=60),
    out=st.integers(0, 60),
)
def test_bytes_put_in_or_taken_out_end_what_is_believed_there(
    scratch: Path, place: int, bytes_in: bytes, out: int
) -> None:
    changed = CONTENT[:place] + bytes_in + CONTENT[place + out :]
    if changed == CONTENT:
        return
    found = read(scratch, changed)
    same = next((n for n, (a, b) in enumerate(zip(changed, CONTENT, strict=False)) if a != b), len(CONTENT))
    number = holder(min(same, len(CONTENT) - 1)) if same < len(CONTENT) else len(SMALL) + 1
    assert found.records == SMALL[: number - 1]
    assert found.lost is not None or changed == CONTENT[: found.valid_bytes]


def test_a_cut_at_every_byte_is_told_as_torn_and_loses_only_what_it_tore(scratch: Path) -> None:
    for cut in range(MAGIC_BYTES, len(CONTENT)):
        found = read(scratch, CONTENT[:cut])
        whole = sum(end <= cut for end in STARTS[1:])
        assert found.records == SMALL[:whole], cut
        if cut in STARTS:
            assert found.lost is None
            continue
        assert found.lost is not None
        assert (found.lost.record, found.lost.place, found.lost.bytes) == (
            whole + 1,
            STARTS[whole],
            cut - STARTS[whole],
        )
        if not isinstance(SMALL[whole], Revoke):
            assert "is torn" in found.lost.text
            assert not found.broken_within


def test_a_withdrawal_that_was_torn_or_changed_may_not_come_back_as_credit(scratch: Path) -> None:
    content, starts = content_of((*SMALL[:5], ROWS[2]))
    begins = content.index(b'"type":"revoke"') + len('"type":"revoke"')
    for cut in range(begins, len(content)):
        assert read(scratch, content[:cut]).broken_within, cut
    for place in range(starts[-2], len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x40
        assert read(scratch, bytes(damaged)).broken_within, place


@pytest.mark.parametrize("order", [(1, 0), (0, 2, 1), (0, 1, 1), (0, 1, 3)])
def test_records_taken_out_put_elsewhere_or_twice_are_noticed(scratch: Path, order: tuple[int, ...]) -> None:
    frames = [CONTENT[first:last] for first, last in itertools.pairwise(STARTS)]
    good = next((n for n, (a, b) in enumerate(zip(order, range(9), strict=False)) if a != b), len(order))
    found = read(scratch, journal.MAGIC + b"".join(frames[number] for number in order))
    assert found.records == SMALL[:good]
    assert found.lost is not None
    assert found.lost.record == good + 1


def test_records_of_another_journal_do_not_fit(scratch: Path) -> None:
    foreign, starts = content_of((msgspec.structs.replace(HEADER, site_hash="other"), *SMALL[1:]))
    found = read(scratch, CONTENT[: STARTS[4]] + foreign[starts[4] :])
    assert found.records == SMALL[:4]
    assert found.broken_within
    assert found.lost is not None
    assert "does not fit the one before it" in found.lost.text


def test_the_newest_check_stands_for_all_that_is_before(scratch: Path) -> None:
    seals = {read(scratch, content_of(SMALL)[0]).seal}
    for number in range(1, len(SMALL)):
        seals.add(read(scratch, content_of((*SMALL[:number], *SMALL[number + 1 :]))[0]).seal)
    seals.add(read(scratch, content_of((msgspec.structs.replace(HEADER, machine="other"), *SMALL[1:]))[0]).seal)
    assert len(seals) == len(SMALL) + 1
    assert all(len(seal) == 32 for seal in seals)


def test_an_old_journal_is_carried_over_once_and_kept_as_it_was(tmp_path: Path) -> None:
    old = Path(__file__).parents[1] / "kept" / "format3" / "ledger.journal"
    path = tmp_path / "ledger.journal"
    shutil.copy(old, path)
    before = journal.read(path)
    assert (before.format, before.lost) == (3, None)
    assert before.header is not None
    for _ in range(2):
        JournalWriter(path, before.header).close()
    after = journal.read(path)
    assert after.records[: len(before.records)] == before.records
    assert [row.kind for row in after.records[len(before.records) :] if isinstance(row, Note)] == ["carried_over"]
    assert (tmp_path / "ledger.journal.format3").read_bytes() == old.read_bytes()
    assert {row.name for row in tmp_path.iterdir()} == {"ledger.journal", "ledger.journal.format3"}


def test_an_old_journal_of_another_site_stays_as_it_is(tmp_path: Path) -> None:
    old = Path(__file__).parents[1] / "kept" / "format3" / "ledger.journal"
    path = tmp_path / "ledger.journal"
    shutil.copy(old, path)
    with pytest.raises(InputError, match="another site"):
        JournalWriter(path, Header(**{**msgspec.structs.asdict(HEADER), "site_hash": "other"}))
    assert path.read_bytes() == old.read_bytes()
    assert [row.name for row in tmp_path.iterdir()] == ["ledger.journal"]


def test_strokes_that_fit_the_chain_and_say_nothing_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("vehicle.contracts.stroke_codec.packed", lambda _: b"\x80")
        content, _ = content_of((HEADER, STROKES[0]))
    for reading in (journal.read, journal.summed):
        path = tmp_path / "j"
        path.write_bytes(content)
        with pytest.raises(InputError, match="no program of ours"):
            reading(path)


def test_zeros_behind_a_torn_stroke_are_a_torn_end(scratch: Path) -> None:
    for cut in range(STARTS[-2] + 1, len(CONTENT)):
        for zeros in (1, 40, 200):
            found = read(scratch, CONTENT[:cut] + bytes(zeros))
            assert found.records == SMALL[:-1], (cut, zeros)
            assert found.lost is not None
            assert not found.broken_within, (cut, zeros)
