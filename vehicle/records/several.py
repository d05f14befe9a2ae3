"""Joins several runs into one record: ground that was resumed, worked again or withdrawn counts once.

Stroke numbers of each journal continue those of the journal before, and so do references to them. So a withdrawal takes
back only credit of its own run, and a cell that two runs worked is credited by the first.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, HeldBack, Knowledge, LedgerStroke, Revoke
from vehicle.records.journal_file import Journal
from vehicle.records.records import Header, Record

SAME: Final = {
    "site_hash": "site",
    "datum_lat_deg": "latitude of the datum",
    "datum_lon_deg": "longitude of the datum",
    "datum_alt_m": "altitude of the datum",
    "cell_m": "cell",
    "required_depth_m": "required depth",
    "k_sigma": "k",
}
"""Header fields that are equal in all runs of one task."""


def together(journals: Sequence[tuple[Path, Journal]]) -> Journal:
    """Return the records of all runs, in order; a journal that another one continues counts only as a part of that one.

    Raises:
        InputError: A journal holds no record, may lack a withdrawal, or is of another task.
    """
    kept = _without_beginnings([_checked(path, found) for path, found in journals])
    first_path, first = kept[0]
    records: list[Record] = []
    last = _header(first_path, first)
    offset = 0
    for path, found in kept:
        header = _header(path, found)
        _check_same(first_path, _header(first_path, first), path, header)
        if records:
            # ground that no closing check confirmed by the end of its run stays unconfirmed: a check of a later run
            # does not cover it
            records.append(Confirm(kind=Knowledge.BASE.value, by="", until_number=offset, closing=False))
        records += [moved(record, offset) for record in found.records[1:]]
        offset += found.stroke_count
        last = header
    newest = kept[-1][1]
    return msgspec.structs.replace(newest, records=(last, *records), masks=None, count=len(records) + 1)


def _checked(path: Path, found: Journal) -> tuple[Path, Journal]:
    assert found.masks is None, "of a summed journal the strokes are not kept"
    if found.broken_within:
        raise InputError(
            f"{path}: damaged before its end, and a withdrawal may be among what is lost; nothing of it is counted: "
            "flailpilot ledger verify names the place"
        )
    _header(path, found)
    return path, found


def _header(path: Path, found: Journal) -> Header:
    if found.header is None:
        raise InputError(f"{path}: holds no record; name the folder of a run")
    return found.header


def _without_beginnings(rows: list[tuple[Path, Journal]]) -> list[tuple[Path, Journal]]:
    """Of journals that continue each other keep the longest, in the place of the first."""
    kept: list[tuple[Path, Journal]] = []
    for path, found in rows:
        for place, (_, other) in enumerate(kept):
            shorter, longer = sorted((found.records, other.records), key=len)
            if longer[: len(shorter)] == shorter:
                if len(found.records) > len(other.records):
                    kept[place] = (path, found)
                break
        else:
            kept.append((path, found))
    return kept


def _check_same(first: Path, one: Header, path: Path, other: Header) -> None:
    for name, words in SAME.items():
        if getattr(one, name) != getattr(other, name):
            raise InputError(
                f"{path}: {words} {getattr(other, name)!r}, {first} has {getattr(one, name)!r}: not runs of one task; "
                "name those that are"
            )


def moved(record: Record, offset: int) -> Record:
    """Return a record whose stroke numbers go on from those of the journals before, `offset` strokes."""
    replace = msgspec.structs.replace
    if isinstance(record, LedgerStroke):
        return replace(record, number=record.number + offset)
    if isinstance(record, Revoke):
        return replace(record, since_number=record.since_number + offset, until_number=record.until_number + offset)
    if isinstance(record, Confirm):
        return replace(record, until_number=record.until_number + offset)
    if isinstance(record, HeldBack):
        return replace(record, first_number=record.first_number + offset)
    return record
