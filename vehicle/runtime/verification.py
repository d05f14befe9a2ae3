"""Compares a run's journal with its recording: the credit is computed again from the recorded inputs.

The recording holds all inputs of the vehicle's ticks. The ticks are run again, and the journal's records are written
again. From the start of that run on, they must equal the journal file to the last byte.
"""

from pathlib import Path
from typing import Final

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.units import NS_PER_S
from vehicle.control.ground import raster
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState, VehicleState
from vehicle.records import carried_over, journal, parts, reader
from vehicle.records.journal import Journal
from vehicle.records.journal_file import MAGIC, Scanner, opened
from vehicle.records.ledger_news import Followed
from vehicle.records.parts import Metadata
from vehicle.records.records import Header, Note, Record, Session, encoded, first_check, frame_of, packed_at
from vehicle.runtime.replay import Replayed, replay

ADVICE: Final = "copy it again from the vehicle; if it stays so, the record was changed: keep both, and ask who did"


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """Result of checking a journal alone.

    `broken`: the first record that does not fit the one before it, in words, or ""; `credited_m2`: area credited before
    it.
    """

    path: str
    records: int
    strokes: int
    acts: int
    sessions: int
    bytes: int
    seal: str
    credited_m2: float
    broken: str


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a comparison. `differences` are in words; there are none if the replay gives the same journal.

    `compared` records, `strokes` of them strokes, were written again. `not_recomputed` records come after the end of an
    unfinished recording.
    """

    chain: Chain
    recording: str
    ticks: int
    compared: int
    credited_m2: float
    not_recomputed: int
    differences: tuple[str, ...]


def chain_of(path: Path) -> tuple[Chain, Journal]:
    """Check a journal alone: whether each record fits the one before it, and how much ground is credited.

    Raises:
        InputError: The file is no journal, or holds no record.
    """
    found = journal.read(path)
    if found.header is None and found.lost is None:
        raise InputError(f"{path}: holds no record; name the journal of a run")
    broken = f"{found.lost.text}; {ADVICE}" if found.lost is not None else ""
    chain = Chain(
        path=str(path),
        records=found.count,
        strokes=found.stroke_count,
        acts=found.act_count,
        sessions=sum(isinstance(row, Session) for row in found.records),
        bytes=found.valid_bytes + found.dropped_bytes,
        seal=found.seal,
        credited_m2=journal.rebuilt(found).credited_m2,
        broken=broken,
    )
    return chain, found


def verified(path: Path, recording: Path) -> Verified:
    """Compare a journal with a recording.

    Raises:
        OSError: The recording cannot be read.
        InputError: A file is no journal or no recording, or they are not of the same run.
    """
    chain, found = chain_of(path)
    if found.header is None or found.broken_within:
        return Verified(
            chain=chain,
            recording=str(recording),
            ticks=0,
            compared=0,
            credited_m2=0.0,
            not_recomputed=0,
            differences=(),
        )
    header = found.header
    again = _Again(path, found, header)
    again.check_site(_run_of(recording), recording)
    replayed = replay(recording, again)
    return Verified(
        chain=chain,
        recording=str(recording),
        ticks=replayed.ticks,
        compared=again.compared,
        credited_m2=again.credited_m2,
        not_recomputed=again.not_recomputed if replayed.torn is not None else 0,
        differences=tuple(again.differences(replayed)),
    )


def _run_of(recording: Path) -> dict[str, str]:
    """Return what a recording says about its run, read only up to there; empty if it says nothing.

    Raises:
        OSError: The recording cannot be read.
        InputError: It is no recording, or has a later format.
    """
    found = (part.values for part in parts.parts(recording) if isinstance(part, Metadata) and part.name == reader.RUN)
    run = next(found, {})
    reader.check_format(recording, run)
    return run


class _Again:
    """A `Watcher` that writes the journal again during a replay."""

    def __init__(self, path: Path, found: Journal, header: Header) -> None:
        self._path, self._found, self._header = path, found, header
        self._content, number = opened(path)
        self._places = _places(Scanner(self._content, number))
        self._next = 0
        self._followed: Followed | None = None
        self._state: VehicleState | None = None
        self._different: list[str] = []
        self.compared = 0

    def check_site(self, run: dict[str, str], recording: Path) -> None:
        """Compare the sites. Raises InputError if the recording is of another site."""
        theirs, own = run.get("site_hash", ""), self._header.site_hash
        if own and theirs and theirs != own and run.get("site") != "uploaded":
            raise InputError(
                f"{self._path}: a journal of site {own}, {recording} is of site {theirs}; name one run's files"
            )

    def began(self, state: VehicleState) -> None:
        """Find the place in the journal where this program start begins.

        Raises:
            InputError: The journal is of another vehicle, or has no such start.
        """
        self._check_vehicle(state)
        self._state = state
        sessions = [place for place, row in enumerate(self._found.records) if isinstance(row, Session)]
        of_it = [place for place in sessions if self._session(place).session_id == state.session_id]
        if not of_it and self._header.plan_hash and len(sessions) == 1:
            of_it = sessions
        if not of_it:
            raise InputError(
                f"{self._path}: no session {state.session_id:016x} in it: it is the journal of other runs; name the "
                "folder of the run, with its own ledger.journal"
            )
        self._next = of_it[-1] + 1
        self._followed = Followed.of(state)
        before = journal.rebuilt(msgspec.structs.replace(self._found, records=self._found.records[: self._next]))
        if not _same(before, state.ledger):
            self._different.append(
                f"the masks before record {self._next + 1:,} are not those with which the recording starts: "
                f"{before.credited_m2:,.3f} m2 in the journal, {state.ledger.credited_m2:,.3f} m2 in the recording"
            )

    def _session(self, place: int) -> Session:
        row = self._found.records[place]
        assert isinstance(row, Session)
        return row

    def _check_vehicle(self, state: VehicleState) -> None:
        config, datum, header = state.config, state.datum, self._header
        pairs = (
            # a journal of one plan belongs to one run, and is named by its scenario
            ("vehicle", header.vehicle_id, header.vehicle_id if header.plan_hash else config.vehicle_id),
            ("machine", header.machine or config.machine.name, config.machine.name),
            ("datum", (header.datum_lat_deg, header.datum_lon_deg), (datum.lat_deg, datum.lon_deg)),
            ("depth [m]", header.required_depth_m, config.mission.required_depth_m),
            ("cell [m]", header.cell_m, config.mission.cell_m),
            ("k sigma", header.k_sigma, config.mission.k_sigma),
        )
        apart = [f"{name} {theirs!r} (the recording: {own!r})" for name, theirs, own in pairs if theirs != own]
        if apart:
            raise InputError(f"{self._path}: a journal of {', '.join(apart)}; name one run's files")

    def ticked(self, state: VehicleState, t_ns: int) -> None:
        """Compare the records that this tick adds with those in the journal."""
        assert self._followed is not None, "a tick before a start"
        self._state = state
        rows, self._followed = self._followed.after(state, t_ns)
        for row in rows:
            self._compare(row)

    def _compare(self, row: Record) -> None:
        if self._different:
            return
        number, records = self._next, self._found.records
        if number >= len(records) or isinstance(records[number], Session):
            self._different.append(
                f"record {number + 1:,} is missing: the recording makes {_named(row)} there; {ADVICE}"
            )
            return
        place, kept, check = self._places[number]
        frame, _ = encoded(row, check)
        if frame != kept:
            byte = next(at for at, (a, b) in enumerate(zip(frame, kept, strict=False)) if a != b)
            where = f"in the packed record at byte {place:,}" if self._packed(number) else f"byte {place + byte:,}"
            self._different.append(
                f"record {number + 1:,} ({_named(records[number])}), {where}: the recording makes {_named(row)} of it; "
                f"{ADVICE}"
            )
            return
        self._next += 1
        self.compared += 1

    def _packed(self, number: int) -> bool:
        return packed_at(self._content, self._places[number][0])

    @property
    def not_recomputed(self) -> int:
        """Number of this run's records after the newest one that was compared.

        The note that a journal was carried over belongs to no run: it is the last record before the start that carried
        the journal over. Records after it that do not follow a start belong to this run and count.
        """
        rows = self._found.records[self._next :]
        count = next((place for place, row in enumerate(rows) if isinstance(row, Session)), len(rows))
        return count - 1 if count and _is_carry_over(rows[count - 1]) else count

    @property
    def credited_m2(self) -> float:
        """Area credited by the replay [m2]."""
        return self._state.ledger.credited_m2 if self._state is not None else 0.0

    def differences(self, replayed: Replayed) -> list[str]:
        """Return all differences, at the end of the replay."""
        found = list(self._different)
        if replayed.difference is not None:
            apart = replayed.difference
            found.append(
                f"this program does not make the recording again: tick {apart.tick:,}, {apart.field} was "
                f"{apart.recorded}, is {apart.replayed}; use the program that recorded it"
            )
        if found or self._state is None:
            return found
        if replayed.torn is None and self.not_recomputed:
            row = self._found.records[self._next]
            found.append(
                f"record {self._next + 1:,} ({_named(row)}), byte {self._places[self._next][0]:,}: nothing in the "
                f"recording makes it; {ADVICE}"
            )
        upto = journal.rebuilt(msgspec.structs.replace(self._found, records=self._found.records[: self._next]))
        last = withdrawal.done(self._state.ledger, self._header.cell_m)
        if not _same(upto, last):
            found.append(
                f"the masks differ: {upto.credited_m2:,.3f} m2 from the journal, {last.credited_m2:,.3f} m2 from the "
                "recording"
            )
        return found


def _is_carry_over(row: object) -> bool:
    return isinstance(row, Note) and row.kind == carried_over.KIND


def _places(scanner: Scanner) -> list[tuple[int, bytes, bytes]]:
    """Return for each record its first byte, its bytes, and the check of the record before it.

    The first byte of a stroke that was packed is that of the packed record; its bytes are those before it was packed.
    """
    found, place, check = [], len(MAGIC), first_check(scanner.size)
    for row in scanner.found():
        found.append((place, frame_of(row), check))
        place, check = row.end, row.check
    return found


def _same(one: LedgerState, other: LedgerState) -> bool:
    """Whether two ledgers are equal in every cell of all planes."""
    if (one.credited_cells, one.swept_cells) != (other.credited_cells, other.swept_cells):
        return False
    keys = {key for state in (one, other) for held in state.tiles.values() for key in held}
    return all((raster.find(one.tiles, key) == raster.find(other.tiles, key)).all() for key in keys)


def _named(row: Record) -> str:
    """Return a record in words."""
    number, t_ns = getattr(row, "number", None), getattr(row, "t_ns", None)
    words = type(row).__name__.replace("LedgerStroke", "stroke").lower()
    return f"{words} {number} at {t_ns / NS_PER_S:.1f} s" if number is not None and t_ns is not None else words
