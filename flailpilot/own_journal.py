"""Checks that journal and recording are those of the run in whose folder they are; others are not credited."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import JobMark, Revoke
from vehicle.contracts.messages import Event
from vehicle.planning.site.site import Site
from vehicle.records import parts
from vehicle.records.journal import Journal
from vehicle.records.reader import RUN
from vehicle.records.records import Header, Record, Session
from vehicle.records.several import SAME
from vehicle.runtime.run_manifest import MANIFEST, Manifest

WITHDRAWALS: Final = ("credit withdrawn", "depth on record ")
"""How the recording's events begin that tell of a withdrawal; they end with its reason."""
TOLD_MAX: Final = 120
LACKS: Final = "lacks a withdrawal of which the recording tells"


def session_of(record: Session) -> str:
    """Return a session as `run.json` writes it."""
    return f"{record.session_id:016x}"


def check_own(path: Path, kept: Journal, manifest: Manifest, site: Site, config: VehicleConfig) -> None:
    """Check a journal; one without a header is empty and passes.

    Raises:
        InputError: The journal is of other ground, grid, depth or rule than the run, or lacks the run's session.
    """
    header = kept.header
    if header is None:
        return
    if apart := "; ".join(_apart(header, kept, manifest, site, config)):
        raise InputError(f"{path}: {apart}: it is not the record of this run; put this run's own journal back")
    check_session(path, kept, manifest)


def check_session(path: Path, kept: Journal, manifest: Manifest) -> None:
    """Check that a journal holds the session of a run. Raises InputError if it does not."""
    if manifest.session_id and manifest.session_id not in map(session_of, _sessions(kept.records)):
        raise InputError(
            f"{path}: holds no session {manifest.session_id} of this run: it is of another run, or was copied too "
            "early; put this run's own journal back"
        )


def check_withdrawn(path: Path, kept: Journal, manifest: Manifest, told: Iterable[Event]) -> None:
    """Check that a journal holds every withdrawal of which the run's recording tells.

    A journal that was copied before the run's end, or cut between two records, fits its own chain, and ground that was
    withdrawn since would count again.

    Raises:
        InputError: A withdrawal is missing.
    """
    held = Counter(record.reason for record in _own(kept, manifest) if isinstance(record, Revoke))
    for event in told:
        if event.kind != "record" or not event.text.startswith(WITHDRAWALS):
            continue
        reason = next((reason for reason in held if event.text.endswith(f": {reason}") and held[reason]), None)
        if reason is None:
            raise InputError(
                f"{path}: {LACKS} ({event.text[:TOLD_MAX]}): it was copied too "
                "early, or cut; copy it again from the vehicle"
            )
        held[reason] -= 1


def _own(kept: Journal, manifest: Manifest) -> Iterator[Record]:
    """Yield the records of a run's own session; all of them where the run names none."""
    within = not manifest.session_id
    for record in kept.records:
        if isinstance(record, Session):
            within = not manifest.session_id or session_of(record) == manifest.session_id
        elif within:
            yield record


def told_by(recording: Path) -> dict[str, str]:
    """Return what a recording tells of its run, read only up to there. Raises OSError."""
    found = (part.values for part in parts.parts(recording) if isinstance(part, parts.Metadata) and part.name == RUN)
    return next(found, {})


def check_recording(path: Path, told: Mapping[str, str], manifest: Manifest) -> None:
    """Check what a recording tells of its run; one that tells nothing passes.

    Raises:
        InputError: It is of another session, vehicle or machine than `run.json` says, or `run.json` says something
            else that does not change during a run.
    """
    for name in ("session_id", "vehicle_id", "machine"):
        theirs, own = told.get(name, ""), str(getattr(manifest, name))
        if theirs and own and theirs != own:
            what = name.removesuffix("_id")
            raise InputError(
                f"{path}: is of {what} {theirs}, the run's own {what} is {own}: it is not the recording of this run; "
                "put this run's own recording back"
            )
    for name in _unchanging(told, manifest):
        theirs, own = told.get(name, ""), str(getattr(manifest, name))
        if theirs and theirs != own:
            raise InputError(
                f"{path.with_name(MANIFEST)}: says {name} {own or 'nothing'}, the recording of the run says {theirs}: "
                "it was changed, or is of another run; copy it again from the vehicle"
            )


def _unchanging(told: Mapping[str, str], manifest: Manifest) -> tuple[str, ...]:
    """Return the facts that no run changes; a start that a receiver corrected has another source of its time."""
    start = ("start_utc",) if told.get("time_source") == manifest.time_source.value else ()
    return ("simulated", "required_depth_m", "config_hash", "task", *start)


def _apart(header: Header, kept: Journal, manifest: Manifest, site: Site, config: VehicleConfig) -> Iterator[str]:
    asked = {
        "datum_lat_deg": site.datum.lat_deg,
        "datum_lon_deg": site.datum.lon_deg,
        "datum_alt_m": site.datum.alt_m,
        "cell_m": config.mission.cell_m,
        "required_depth_m": config.mission.required_depth_m,
        "k_sigma": config.mission.k_sigma,
    }
    hashes = _site_hashes(header, kept, manifest)
    if hashes and site.site_hash not in hashes:
        yield f"{SAME['site_hash']} {', '.join(map(repr, hashes))}, the run has {site.site_hash!r}"
    for name, own in asked.items():
        if (theirs := getattr(header, name)) != own:
            yield f"{SAME[name]} {theirs!r}, the run has {own!r}"


def _site_hashes(header: Header, kept: Journal, manifest: Manifest) -> list[str]:
    """Return the site in the journal's header; if absent, the sites of the jobs in the run's session, if any."""
    if header.site_hash:
        return [header.site_hash]
    sites = (record.site_hash for record in _own(kept, manifest) if isinstance(record, JobMark))
    return list(dict.fromkeys(filter(None, sites)))


def _sessions(records: tuple[Record, ...]) -> Iterator[Session]:
    return (record for record in records if isinstance(record, Session))
