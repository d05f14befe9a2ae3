"""The ledger outlives the program: one journal for each site, machine and depth, below the state folder.

    STATE/ledgers/SITE-1a2b3c4d/ledger.journal

At a start the masks are built again from it, and the job of a plan goes on where it was left. Nothing moves by that:
the machine is disarmed, in a new session. A journal of other ground, or of another rule, is never credited: it is left
as it is, told in one line, and this run's goes beside it. A record belongs to ground and not to a plan: what was proven
under one plan stays proven under the next, and only the place in the job is that of a plan.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from vehicle.config.drive import DriveFile
from vehicle.contracts.errors import InputError
from vehicle.control.plan_assignment import going_on
from vehicle.control.state import VehicleState
from vehicle.host import realtime
from vehicle.host.clock import SystemClock, elapsed_s
from vehicle.records import journal, snapshot
from vehicle.records.journal import Journal, JournalWriter, UnreadableError
from vehicle.records.ledger_keeper import LedgerKeeper
from vehicle.records.records import Header, Session
from vehicle.runtime.own_site import OwnSite
from vehicle.runtime.run_book import RunBook

FOLDER: Final = "ledgers"
NAME: Final = "ledger.journal"
START_US, BYTE_US = 60_000_000, 20
"""What a start may take, and a byte of the journals: twenty times what a stroke takes an ordinary computer."""
TORN_START_BYTES: Final = 1_024
"""A file without a header that is no longer than this was torn as it was begun: there is nothing in it."""


class Kept(msgspec.Struct, frozen=True):
    """A journal that fits: `found` is what it holds, `lines` what is to be told."""

    path: Path
    header: Header
    found: Journal
    lines: tuple[str, ...]


def header_of(state: VehicleState, own: OwnSite | None) -> Header:
    """What the record of this vehicle, here, belongs to."""
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
    """Where journals are kept; None where the configuration names no place to write to."""
    config = file.config
    if config.state_folder is None and config.keys_file is None and config.recorder is None:
        return None
    return file.state_folder / FOLDER


def kept_of(file: DriveFile, state: VehicleState, own: OwnSite | None) -> Kept | None:
    """The journal that this vehicle goes on from."""
    folder = folder_of(file)
    return kept_in(folder, header_of(state, own)) if folder is not None else None


def gone_on(
    file: DriveFile,
    state: VehicleState,
    own: OwnSite | None,
    tell: Callable[[str], None],
    supervisor: realtime.Supervisor,
) -> tuple[Kept | None, VehicleState]:
    """The journal that this vehicle goes on from, and the vehicle with what it holds; told in lines.

    Hectares take a small computer longer than a start may: the supervisor is told to wait.
    """
    supervisor.tell(f"EXTEND_TIMEOUT_USEC={START_US + BYTE_US * _bytes_of(folder_of(file))}")
    kept = kept_of(file, state, own)
    if kept is None:
        return None, state
    state = restored(state, kept.found, SystemClock().now_ns())
    for line in (*kept.lines, going_on_text(kept, state)):
        if line:
            tell(line)
    return kept, state


def _bytes_of(folder: Path | None) -> int:
    """Of all journals; which of them is this vehicle's is known when they were opened."""
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in folder.glob(f"*/{NAME}")) if folder is not None else 0
    return 0


def kept_in(folder: Path, header: Header) -> Kept:
    """The journal of this header, which may be empty yet; others of its name are told and left alone.

    Raises:
        InputError: One of that name is not read. Beginning another beside it would part the record: what is withdrawn
            meanwhile would be missing from the first, should that become readable again.
    """
    words = re.sub(r"[^A-Za-z0-9]+", "-", header.site).strip("-").lower()[:40] or "no-site"
    digest = hashlib.sha256(msgspec.json.encode(header)).hexdigest()[:8]
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


def _snapshot(path: Path, found: Journal) -> None:
    """So that the next start adds up only what comes after; a disk that refuses costs that start some seconds."""
    if snapshot.worth(found):
        with contextlib.suppress(OSError):
            snapshot.write(snapshot.beside(path), path, found)


def _read(path: Path, header: Header) -> Journal | None:
    """None where there is no file; one of another header is not added up."""
    try:
        if not path.exists():
            return None
    except OSError as refusal:
        raise UnreadableError(f"{path}: {refusal.strerror}") from None
    return journal.summed(path) if journal.header_in(path) == header else journal.read(path)


def _foreign(found: Journal, header: Header) -> str:
    """Why a journal is not this vehicle's record here; "" where it is."""
    if found.header is None:
        damaged = found.dropped_bytes > TORN_START_BYTES
        return "its beginning is damaged, so that nobody knows what it is of" if damaged else ""
    if found.broken_within:
        return "it is damaged before its end, and a withdrawal may be among what is lost"
    apart = [
        f"{name.replace('_', ' ')} {theirs!r} (here {mine!r})"
        for name in header.__struct_fields__
        if (theirs := getattr(found.header, name)) != (mine := getattr(header, name))
    ]
    return f"a record of {', '.join(apart)}" if apart else ""


def opened(kept: Kept, session: Session) -> JournalWriter:
    """The file for what follows, cut behind the last whole record.

    Raises:
        InputError: It cannot be written.
    """
    try:
        kept.path.parent.mkdir(parents=True, exist_ok=True)
        return JournalWriter.open(kept.path, kept.header, session, found=kept.found)
    except OSError as refusal:
        raise InputError(
            f"{kept.path}: {(refusal.strerror or str(refusal)).lower()}; the record of worked ground is kept there, "
            "name a state_folder that can be written"
        ) from None


def restored(state: VehicleState, found: Journal, now_ns: int) -> VehicleState:
    """The vehicle with the masks of a journal, and its job where that was left.

    What is found wrong about the position from now on, back to a moment, is about strokes from now on.
    """
    if found.header is None:
        return state
    ledger, count = journal.rebuilt(found), found.stroke_count
    ledger = msgspec.structs.replace(ledger, acts=(), marks=((now_ns, count),) if count else ())
    checks = msgspec.structs.replace(state.checks, depth_due_before=journal.depth_due(found))
    state = msgspec.structs.replace(state, ledger=ledger, checks=checks, job_left=found.job)
    if found.job is None or state.mission.plan is None:
        return state
    mission = going_on(state.mission, found.job, ledger, state.config)
    return msgspec.structs.replace(state, mission=mission, job_left=None)


def keeper_of(kept: Kept, session: Session, tell: Callable[[str], None]) -> LedgerKeeper:
    """Whoever carries the journal on; `tell` is told once where the disk refuses.

    Raises:
        InputError: It cannot be written, or another program writes it.
    """
    return LedgerKeeper(opened(kept, session), kept.found, elapsed_s, tell)


def keeper_in(stack: contextlib.AsyncExitStack, kept: Kept, book: RunBook, tell: Callable[[str], None]) -> LedgerKeeper:
    """The same for a run, whose folder gets a link to the journal; `stack` closes it.

    Raises:
        InputError: It cannot be written, or another program writes it.
    """
    keeper = keeper_of(kept, book.session(), tell)
    stack.callback(keeper.close)
    book.link(kept.path)
    return keeper


def going_on_text(kept: Kept, state: VehicleState) -> str:
    """What a restart goes on from; "" where nothing was worked."""
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
