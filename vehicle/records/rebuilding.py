"""Sums a journal's records into masks: from its file, from a snapshot and later records, or from a list or its parts.

A file of a hundred hectares holds seven million strokes. They are summed while they are read, and not kept: a `summed`
journal holds only the records that are no strokes, and the stroke before each.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import msgspec

from vehicle.contracts.detonation import is_large
from vehicle.contracts.ledger_types import Confirm, LedgerStroke, Observed, Revoke
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState
from vehicle.records import snapshot
from vehicle.records.journal_file import CHUNK, Journal, Scanner, is_act, journal_of, opened, told
from vehicle.records.records import KIND_STROKE, Header, Record, decoded
from vehicle.records.stroke_table import decoded_table, table_of
from vehicle.records.summing import Sum


def rebuilt(journal: Journal) -> LedgerState:
    """Return the masks that result from a journal's records."""
    if journal.masks is not None:
        return journal.masks
    header = journal.header
    if header is None:
        return LedgerState()
    state = LedgerState()
    for _, masks in masks_at(journal.records, (len(journal.records),)):
        state = masks
    return state


def masks_at(records: Sequence[Record], cuts: Collection[int]) -> Iterator[tuple[int, LedgerState]]:
    """Yield (cut, masks after that many records) for each of the ascending `cuts` above 0; each record is read once.

    The first record is the header of the first journal; headers of further journals add nothing.
    """
    header = records[0]
    assert isinstance(header, Header), "records without the header of their journal"
    masks, waiting, before, acts = Sum(header.cell_m), list[LedgerStroke](), 0, 0
    for cut in sorted(cut for cut in cuts if cut > 0):
        for record in records[before:cut]:
            acts += is_act(record)
            if isinstance(record, LedgerStroke):
                waiting.append(record)
                continue
            _add(masks, waiting)
            _act(masks, record, header.cell_m)
        _add(masks, waiting)
        before = cut
        yield cut, msgspec.structs.replace(masks.packed(), act_count=acts)


def summed(path: Path) -> Journal:
    """Read a journal's file with its masks; start from its snapshot if one fits.

    Raises:
        UnreadableError: The file exists and cannot be read.
        InputError: The file is no journal.
    """
    content, number = opened(path)
    base = snapshot.read(snapshot.beside(path), content, number)
    with told(path):
        if base is None:
            return _summed(Scanner(content, number), (), LedgerState(), 0)
        return _summed(Scanner(content, number, base.place, base.check), base.records, base.masks, base.count)


def _summed(scanner: Scanner, records: tuple[Record, ...], state: LedgerState, before: int) -> Journal:
    """Sum the records after a given state; `records` are the kept ones before it, `before` their full number."""
    kept, payloads = list(records), list[bytes]()
    first = records[0] if records else None
    masks = Sum(first.cell_m, state) if isinstance(first, Header) else None
    for found in scanner.found():
        if found.kind == KIND_STROKE and masks is not None:
            payloads.append(found.payload)
            if len(payloads) >= CHUNK:
                _add_payloads(masks, payloads, kept)
            continue
        try:
            record = decoded(found.kind, found.payload)
        except ValueError:
            break
        if masks is None:
            if not isinstance(record, Header):
                break
            masks = Sum(record.cell_m)
        _add_payloads(masks, payloads, kept)
        if isinstance(record, LedgerStroke):
            masks.add(table_of([record]), record)
            _keep(kept, record)
        else:
            kept.append(record)
            _act(masks, record, kept[0].cell_m if isinstance(kept[0], Header) else 0.0)
    if masks is not None:
        _add_payloads(masks, payloads, kept)
    found_journal = journal_of(scanner, tuple(kept), before)
    state = LedgerState() if masks is None else masks.settled()
    return msgspec.structs.replace(
        found_journal, masks=msgspec.structs.replace(state, act_count=found_journal.act_count)
    )


def _add(masks: Sum, waiting: list[LedgerStroke]) -> None:
    if waiting:
        masks.add(table_of(waiting), waiting[-1])
        waiting.clear()


def _add_payloads(masks: Sum, payloads: list[bytes], kept: list[Record]) -> None:
    if payloads:
        newest = decoded_table(payloads[-1:]).strokes()[0]
        masks.add(decoded_table(payloads), newest)
        _keep(kept, newest)
        payloads.clear()


def _keep(kept: list[Record], stroke: LedgerStroke) -> None:
    """Keep a record; of consecutive strokes only the last is kept."""
    if isinstance(kept[-1], LedgerStroke):
        kept.pop()
    kept.append(stroke)


def _act(masks: Sum, record: Record, cell_m: float) -> None:
    """Apply a record of later knowledge to the masks; other records do not change them."""
    if isinstance(record, Revoke):
        masks.take(withdrawal.done(withdrawal.begun(masks.state(), record), cell_m))
    elif isinstance(record, Confirm):
        masks.take(withdrawal.confirmed(masks.state(), record))
    elif isinstance(record, Observed) and is_large(record):
        masks.take(withdrawal.noted(masks.state(), record))
