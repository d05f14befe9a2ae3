"""Another vehicle's record is taken over by its seal: whole, unchanged, of the same ground by the same rule, closed."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.records.test_journal import HEADER, SESSION
from tests.records.test_several import FIRST
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, Observed
from vehicle.records import journal, taking_over
from vehicle.records.journal import JournalWriter
from vehicle.records.records import Header, Note, Record

OPENED = Confirm(kind="base", by="A", until_number=0, closing=False)
CLOSED = Confirm(kind="base", by="A", until_number=len(FIRST))
OWN = msgspec.structs.replace(HEADER, vehicle_id="own")


def written(path: Path, *rows: Record, header: Header = HEADER) -> str:
    """A journal on the disk; its seal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = JournalWriter.open(path, header, SESSION)
    for row in rows:
        writer.append(row)
    writer.close()
    return journal.read(path).seal


@pytest.fixture
def theirs(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "a" / "ledger.journal"
    return path, written(path, OPENED, *FIRST, CLOSED)


def refused(path: Path, seal: str, *words: str, own: Header = OWN) -> None:
    with pytest.raises(InputError) as told:
        taking_over.checked(path, seal, own, Path("own.journal"))
    assert "\n" not in str(told.value)
    for word in (str(path), *words):
        assert word in str(told.value), told.value


def test_a_whole_and_closed_record_is_taken_over_and_named_by_its_seal(
    theirs: tuple[Path, str], tmp_path: Path
) -> None:
    path, seal = theirs
    own_path = tmp_path / "b" / "ledger.journal"
    written(own_path, header=OWN)
    before = own_path.read_bytes()
    found = taking_over.checked(path, seal.upper(), OWN, own_path)
    own = journal.read(own_path)
    assert taking_over.taken_over(path, found, own_path, own, OWN, "team leader", "2026-12-01T10:00:00Z")
    after = journal.read(own_path)
    assert own_path.read_bytes().startswith(before), "nothing that stood there was changed"
    assert taking_over.seals_of(after.records) == (seal,)
    (note,) = [row for row in after.records if isinstance(row, Note)]
    assert (note.by, note.utc, note.layer) == ("team leader", "2026-12-01T10:00:00Z", seal)
    assert HEADER.vehicle_id in note.text
    copy = own_path.parent / "taken-over" / f"{seal}.journal"
    assert copy.read_bytes() == path.read_bytes()
    assert after.stroke_count == 0, "its ground is not claimed as the own one's"
    assert not taking_over.taken_over(path, found, own_path, after, OWN, "again", "")
    assert journal.read(own_path).count == after.count


def test_ground_from_before_a_large_detonation_is_taken_over_only_after_the_count_of_the_hammers(
    tmp_path: Path,
) -> None:
    shock = Observed(
        kind="shock", value=2.0, sigma=None, place_m=None, by="vehicle", text="", station_id=0, t_ns=1, utc_us=None
    )
    rows: list[Record] = [OPENED, *FIRST, shock, CLOSED]
    path = tmp_path / "open" / "ledger.journal"
    refused(path, written(path, *rows), "hammers")
    counted = tmp_path / "counted" / "ledger.journal"
    seal = written(counted, *rows, Confirm(kind="hammers", by="A", until_number=len(FIRST)))
    assert taking_over.checked(counted, seal, OWN, Path("own.journal")).seal == seal


def test_a_record_that_changes_between_check_and_copy_is_not_taken_over(
    theirs: tuple[Path, str], tmp_path: Path
) -> None:
    path, seal = theirs
    own_path = tmp_path / "b" / "ledger.journal"
    written(own_path, header=OWN)
    found = taking_over.checked(path, seal, OWN, own_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="changed while it was copied"):
        taking_over.taken_over(path, found, own_path, journal.read(own_path), OWN, "team leader", "")
    assert taking_over.seals_of(journal.read(own_path).records) == ()
    assert not list((own_path.parent / "taken-over").iterdir())


def test_the_first_record_of_a_vehicle_may_be_one_that_it_takes_over(theirs: tuple[Path, str], tmp_path: Path) -> None:
    path, seal = theirs
    own_path = tmp_path / "new" / "ledger.journal"
    found = taking_over.checked(path, seal, OWN, own_path)
    empty = journal.Journal(records=(), valid_bytes=0, dropped_bytes=0, check=0)
    assert taking_over.taken_over(path, found, own_path, empty, OWN, "team leader", "")
    assert journal.read(own_path).header == OWN
    assert taking_over.seals_of(journal.read(own_path).records) == (seal,)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.95])
def test_a_changed_byte_is_refused_wherever_it_stands(theirs: tuple[Path, str], share: float) -> None:
    path, seal = theirs
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError) as told:
        taking_over.checked(path, seal, OWN, Path("own.journal"))
    assert "\n" not in str(told.value)


def test_a_record_that_ends_sooner_or_goes_on_after_the_seal_was_taken_down_is_refused(
    theirs: tuple[Path, str], tmp_path: Path
) -> None:
    path, seal = theirs
    refused(path, "0" * 32, "its seal is", seal)
    writer = JournalWriter(path, HEADER)
    writer.append(Note(kind="note", text="later", utc=""))
    writer.close()
    refused(path, seal, "written on since")
    shorter = tmp_path / "shorter" / "ledger.journal"
    sooner = written(shorter, OPENED, *FIRST[:3], msgspec.structs.replace(CLOSED, until_number=3))
    refused(shorter, seal, "its seal is", sooner)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"site_hash": "other"}, "site"),
        ({"datum_lat_deg": 1.0}, "latitude of the datum"),
        ({"datum_lon_deg": 1.0}, "longitude of the datum"),
        ({"datum_alt_m": 1.0}, "altitude of the datum"),
        ({"required_depth_m": 0.1}, "required depth"),
        ({"cell_m": 0.1}, "cell"),
        ({"k_sigma": 1.0}, "k"),
    ],
)
def test_other_ground_and_another_rule_are_refused(
    theirs: tuple[Path, str], changes: dict[str, Any], word: str
) -> None:
    refused(*theirs, word, "nothing of it is taken over", own=msgspec.structs.replace(OWN, **changes))


def test_the_own_record_needs_no_taking_over(theirs: tuple[Path, str]) -> None:
    refused(*theirs, "counts already", own=HEADER)


def test_ground_that_no_closing_check_confirmed_is_not_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "open" / "ledger.journal"
    refused(path, written(path, OPENED, *FIRST), "no closing check", "m2")


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.journal"
    path.write_bytes(b"")
    refused(path, "", "holds no record")
