"""Takes over the record of another vehicle's ground, by the seal of its journal.

Ground that another machine worked bears this one's tracks only once this vehicle's own journal names the other record.
The other journal is copied beside it unchanged, so that its seal can be checked at any time:

    STATE/ledgers/SITE-1a2b3c4d/taken-over/SEAL.journal
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from vehicle.contracts.errors import InputError
from vehicle.host.atomic_file import write_whole
from vehicle.records import journal
from vehicle.records.journal import Journal, JournalWriter
from vehicle.records.records import Header, Note, Record
from vehicle.records.several import SAME

FOLDER: Final = "taken-over"
KIND: Final = "taken_over"
"""Of the note in the taker's journal: `text` names the other vehicle, `layer` holds the seal of its record."""
SEAL_DIGITS: Final = 32


def seals_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Return the seals of all records that a journal's notes take over, in order."""
    return tuple(row.layer for row in records if isinstance(row, Note) and row.kind == KIND)


def checked(path: Path, seal: str, own: Header, own_path: Path) -> Journal:
    """Read the other vehicle's journal and check all that a take-over needs.

    Raises:
        InputError: One line: it is damaged or changed, of other ground or another rule, of this vehicle itself, or
        holds ground that is provisional: no closing check of the base, or no count of hammers after a large detonation.
    """
    found = journal.read(path)
    header = found.header
    if header is None:
        raise InputError(f"{path}: holds no record; name the run, or the journal, of the other vehicle")
    if found.lost is not None:
        raise InputError(f"{path}: {found.lost.text}; nothing of it is taken over: copy the journal again")
    if found.seal != seal.strip().lower():
        raise InputError(
            f"{path}: its seal is {found.seal}, not {seal}: another record, changed, or written on since the seal was "
            "taken down; nothing of it is taken over"
        )
    if header.vehicle_id == own.vehicle_id:
        raise InputError(f"{path}: is a record of {own.vehicle_id} itself, which counts already; name another one's")
    for name, words in SAME.items():
        theirs = (found.site_hash or header.site_hash) if name == "site_hash" else getattr(header, name)
        if theirs != getattr(own, name):
            raise InputError(
                f"{path}: {words} {theirs!r}, {own_path} has {getattr(own, name)!r}: not the same ground by the same "
                "rule; nothing of it is taken over"
            )
    masks = journal.rebuilt(found)
    open_m2 = masks.provisional_cells * header.cell_m**2
    if masks.provisional_cells:
        raise InputError(
            f"{path}: no closing check of the base confirmed {open_m2:,.1f} m2 of it; make the check with that "
            "vehicle, then take the record over"
        )
    if masks.shaken is not None:
        raise InputError(
            f"{path}: a large detonation came after the newest count of its hammers; count them at that vehicle, then "
            "take the record over"
        )
    return found


def taken_over(path: Path, found: Journal, own_path: Path, own: Journal, header: Header, who: str, utc: str) -> bool:
    """Copy the other journal beside the own one and name it there; False if that was done before.

    Raises:
        InputError: The own journal is damaged, another program writes it, or the folder cannot be written.
    """
    if found.seal in seals_of(own.records):
        return False
    theirs = found.header
    assert theirs is not None, "checked"
    content = path.read_bytes()[: found.valid_bytes]
    try:
        folder = own_path.parent / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        copy = folder / f"{found.seal}.journal"
        write_whole(copy, content)
        if journal.read(copy).seal != found.seal:
            copy.unlink()
            raise InputError(f"{path}: changed while it was copied; nothing of it is taken over: name it again")
        writer = JournalWriter(own_path, header, found=own)
        try:
            text = f"the record of {theirs.vehicle_id}, {found.count} records"
            writer.append(Note(kind=KIND, text=text, utc=utc, by=who, layer=found.seal))
        finally:
            writer.close()
    except OSError as refusal:
        raise InputError(
            f"{own_path}: {(refusal.strerror or str(refusal)).lower()}; name a folder that can be written"
        ) from None
    return True
