"""The ledger survives a restart: the state folder holds one journal for each site, machine and depth.

    STATE/ledgers/SITE-1a2b3c4d/ledger.journal

At a start the masks are rebuilt from the journal, and the job continues at the segment where it stopped. This moves
nothing: the machine is disarmed, in a new session. A journal of other ground or of another credit rule is never
credited: it stays unchanged, one line reports it, and this run writes a journal beside it. A journal belongs to ground,
not to a plan: ground proven under one plan stays proven under the next. Only the position in the job belongs to a plan.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from vehicle.config.drive import DriveFile
from vehicle.contracts import people, shift_state
from vehicle.contracts.detonation import is_large
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, Knowledge, Observed
from vehicle.contracts.plan import rests_on_untaken, works
from vehicle.contracts.skipped import skips_of
from vehicle.control.checks.open_items import seen_in
from vehicle.control.plan_assignment import going_on
from vehicle.control.state import VehicleState
from vehicle.host import realtime
from vehicle.host.atomic_file import sync_folder
from vehicle.host.clock import SystemClock, elapsed_s
from vehicle.records import journal, packing, snapshot, taking_over
from vehicle.records.journal import Journal, JournalWriter, UnreadableError
from vehicle.records.ledger_keeper import LedgerKeeper
from vehicle.records.records import Header, Record, Session
from vehicle.runtime.own_site import OwnSite
from vehicle.runtime.run_book import RunBook

FOLDER: Final = "ledgers"
NAME: Final = "ledger.journal"
START_US, BYTE_US = 60_000_000, 60
"""Time allowed for a start, and more for each byte of the journals: ten times and more what an ordinary computer needs.
A packed stroke has 10 bytes."""
TORN_START_BYTES: Final = 1_024
"""A file without a header and no longer than this was cut off while it was being created; it holds no record."""


class Kept(msgspec.Struct, frozen=True):
    """A journal that belongs to this vehicle and site: `found` is its content, `lines` are to be reported."""

    path: Path
    header: Header
    found: Journal
    lines: tuple[str, ...]


def header_of(state: VehicleState, own: OwnSite | None) -> Header:
    """Return the header of this vehicle's journal for its present site, machine and depth."""
    config, datum = state.config, state.datum
    return Header(
        vehicle_id=config.vehicle_id,
        site_hash=own.place.site_hash if own is not None else "",
        plan_hash="",
        cell_m=config.mission.cell_m,
        datum_lat_deg=datum.lat_deg,
        datum_lon_deg=datum.lon_deg,
        datum_alt_m=datum.alt_m,
        required_depth_m=config.mission.required_depth_m,
        k_sigma=config.mission.k_sigma,
        site=own.place.name if own is not None else "",
        machine=config.machine.name,
    )


def folder_of(file: DriveFile) -> Path | None:
    """Return the folder of the journals; None if the configuration names no folder to write to."""
    config = file.config
    if config.state_folder is None and config.keys_file is None and config.recorder is None:
        return None
    return file.state_folder / FOLDER


def kept_of(file: DriveFile, state: VehicleState, own: OwnSite | None) -> Kept | None:
    """Return the journal that this vehicle continues."""
    folder = folder_of(file)
    return kept_in(folder, header_of(state, own)) if folder is not None else None


def gone_on(
    file: DriveFile,
    state: VehicleState,
    own: OwnSite | None,
    tell: Callable[[str], None],
    supervisor: realtime.Supervisor,
) -> tuple[Kept | None, VehicleState]:
    """Return the journal that this vehicle continues, and the state restored from it; report both in lines.

    Raises InputError if the plan that is held rests on ground of another vehicle whose record was not taken over.

    A small computer may need longer for hectares of ground than a start may take, so the supervisor is told to wait.
    """
    supervisor.tell(f"EXTEND_TIMEOUT_USEC={START_US + BYTE_US * _bytes_of(folder_of(file))}")
    kept = kept_of(file, state, own)
    if kept is not None:
        state = restored(state, kept.found, SystemClock().now_ns())
    if state.mission.plan is not None and (
        untaken := rests_on_untaken(state.mission.plan, state.config.vehicle_id, state.taken_over)
    ):
        raise InputError(f"{file.path}: plan {state.mission.plan.plan_hash}: {untaken}")
    if kept is None:
        return None, state
    for line in (*kept.lines, going_on_text(kept, state)):
        if line:
            tell(line)
    return kept, state


def _bytes_of(folder: Path | None) -> int:
    """Size of all journals together; which one belongs to this vehicle is known only after opening them."""
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in folder.glob(f"*/{NAME}")) if folder is not None else 0
    return 0


def kept_in(folder: Path, header: Header) -> Kept:
    """Return the journal with this header, which may be empty; others of that name are reported and left unchanged.

    Raises:
        InputError: A journal of that name cannot be read, or a later program wrote it. A second journal beside it would
        split the record: once the first can be read again, withdrawals written meanwhile would be missing from it.
    """
    words = re.sub(r"[^A-Za-z0-9]+", "-", header.site).strip("-").lower()[:40] or "no-site"
    digest = hashlib.sha256(msgspec.json.encode(header)).hexdigest()[:8]
    _refuse_later_formats(folder, words)
    lines: list[str] = []
    number = 1
    while True:
        name = f"{words}-{digest}" if number == 1 else f"{words}-{digest}-{number}"
        path = folder / name / NAME
        number += 1
        try:
            found = _read(path, header)
        except UnreadableError:
            raise InputError(
                f"{path}: the record of worked ground is there and cannot be read; mend the disk or the permissions, "
                "or put the file aside"
            ) from None
        except InputError as refusal:
            lines.append(f"{refusal}; nothing of it is credited")
            continue
        if found is None:
            return Kept(path, header, Journal(records=(), valid_bytes=0, dropped_bytes=0, check=0), tuple(lines))
        foreign = _foreign(found, header)
        if not foreign:
            _snapshot(path, found)
            return Kept(path, header, found, (*lines, *filter(None, (journal.torn_text(path, found),))))
        lines.append(f"{path}: {foreign}; nothing of it is credited")


def _refuse_later_formats(folder: Path, words: str) -> None:
    """Every journal of the site is looked at: a later header may give the same ground another digest.

    Raises:
        InputError: A later program wrote one of them.
    """
    paths: list[Path] = []
    with contextlib.suppress(OSError):  # a folder that cannot be read is refused where the journal is read
        paths = sorted(folder.glob(f"{words}-*/{NAME}"))
    for path in paths:
        if re.fullmatch(rf"{words}-[0-9a-f]{{8}}(-[0-9]+)?", path.parent.name):
            journal.refuse_later_format(path)


def _snapshot(path: Path, found: Journal) -> None:
    """Write a snapshot, so that the next start sums only later records; if the disk fails, that start is slower."""
    if snapshot.worth(found):
        with contextlib.suppress(OSError):
            snapshot.write(snapshot.beside(path), path, found)


def _read(path: Path, header: Header) -> Journal | None:
    """Read a journal; None if there is no file. A journal with another header is not summed."""
    try:
        if not path.exists():
            return None
    except OSError as refusal:
        raise UnreadableError(f"{path}: {refusal.strerror}") from None
    return journal.summed(path) if journal.header_in(path) == header else journal.read(path)


def _foreign(found: Journal, header: Header) -> str:
    """Return why a journal is not this vehicle's record of this site; "" if it is."""
    if found.header is None:
        damaged = found.dropped_bytes > TORN_START_BYTES
        return "its beginning is damaged, so its site and machine are unknown" if damaged else ""
    if found.broken_within:
        return "it is damaged before its end, and a withdrawal may be among what is lost"
    apart = [
        f"{name.replace('_', ' ')} {theirs!r} (here {mine!r})"
        for name in header.__struct_fields__
        if (theirs := getattr(found.header, name)) != (mine := getattr(header, name))
    ]
    return f"a record of {', '.join(apart)}" if apart else ""


def opened(kept: Kept, session: Session) -> JournalWriter:
    """Open the file to append records, cut off after its last whole record.

    Raises:
        InputError: It cannot be written.
    """
    try:
        kept.path.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(kept.path.parent.parent)
        return JournalWriter.open(kept.path, kept.header, session, found=kept.found)
    except OSError as refusal:
        raise InputError(
            f"{kept.path}: {(refusal.strerror or str(refusal)).lower()}; the record of worked ground is kept there, "
            "name a state_folder that can be written"
        ) from None


def restored(state: VehicleState, found: Journal, now_ns: int) -> VehicleState:
    """Return the vehicle with the masks of a journal, and its job where it stopped.

    A position error that is found later withdraws only strokes that are made from now on.
    """
    if found.header is None:
        return state
    ledger, count = journal.rebuilt(found), found.stroke_count
    ledger = msgspec.structs.replace(ledger, acts=(), marks=((now_ns, count),) if count else ())
    shift = shift_state.restored(found.records, used=state.checks.shift.used)
    checks = msgspec.structs.replace(
        state.checks,
        depth_due_before=journal.depth_due(found),
        shift=shift,
        skips=skips_of(found.records),
        people=people.restored(found.records, used=state.checks.people.used),
        seen=seen_in(found.records),
        hammers_struck=state.checks.hammers_struck or _struck(found.records, Knowledge.HAMMERS),
        machine_struck=state.checks.machine_struck or _struck(found.records, Knowledge.CALIBRATION),
    )
    seals = (*state.taken_over, *taking_over.seals_of(found.records))
    state = msgspec.structs.replace(state, ledger=ledger, checks=checks, job_left=found.job, taken_over=seals)
    if found.job is None or state.mission.plan is None or not works(state.mission.plan):
        return state
    mission = going_on(state.mission, found.job, ledger, state.config)
    return msgspec.structs.replace(state, mission=mission, job_left=None)


def _struck(records: Iterable[Record], check: Knowledge) -> bool:
    """Whether no good check of this kind follows the newest detonation above an AP mine.

    The journal has a detonation on the disk at once; the file of checks may not, where the blast took the power.
    """
    struck = False
    for record in records:
        if isinstance(record, Observed):
            struck = struck or is_large(record)
        elif isinstance(record, Confirm) and record.kind == check.value:
            struck = False
    return struck


def keeper_of(kept: Kept, session: Session, tell: Callable[[str], None]) -> LedgerKeeper:
    """Return the keeper that continues the journal; it calls `tell` once if the disk refuses to write.

    Strokes of older sessions are packed before, if they are many; `tell` is told.

    Raises:
        InputError: It cannot be written, or another program writes it.
    """
    found, line = packing.older_packed(kept.path, kept.found)
    if line:
        tell(line)
    return LedgerKeeper(opened(msgspec.structs.replace(kept, found=found), session), found, elapsed_s, tell)


def keeper_in(stack: contextlib.AsyncExitStack, kept: Kept, book: RunBook, tell: Callable[[str], None]) -> LedgerKeeper:
    """Return the keeper of a run's journal and link the journal into the run's folder; `stack` closes the keeper.

    Raises:
        InputError: It cannot be written, or another program writes it.
    """
    keeper = keeper_of(kept, book.session(), tell)
    stack.callback(keeper.close)
    book.link(kept.path)
    return keeper


def going_on_text(kept: Kept, state: VehicleState) -> str:
    """Return one line on what a restart continues; "" if no ground has been worked."""
    found, ledger = kept.found, state.ledger
    if not found.stroke_count:
        return ""
    words = f"the record goes on: {found.stroke_count} strokes, {ledger.credited_m2:,.1f} m2 processed ({kept.path})"
    plan, mission = state.mission.plan, state.mission
    if plan is None or found.job is None:
        return words
    if found.job.plan_hash != plan.plan_hash:
        theirs, ours = found.job.plan_hash, plan.plan_hash
        return f"{words}; its mission was of plan {theirs}; the mission of plan {ours} begins at its first segment"
    if found.job.done:
        return f"{words}; its mission was done; START begins it again"
    return f"{words}; the mission goes on at segment {mission.index + 1} of {len(plan.segments)}"
