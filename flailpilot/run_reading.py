"""Reads a run's folder for its papers: recording, journal, plan, site, task; damaged files up to the valid part."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from pydantic import ValidationError

from flailpilot.own_journal import check_own, check_recording, check_withdrawn
from flailpilot.run_folder import JOURNAL, RECORDING
from vehicle.config.errors import first_line
from vehicle.config.task import TASK_FILE, Task, load_task
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.messages import Event
from vehicle.contracts.plan import Plan
from vehicle.contracts.units import NS_PER_S
from vehicle.host.utc import EPOCH
from vehicle.planning.files.kept_site import SITE_FILE, read_site
from vehicle.planning.files.stored import kept_plan, load_plan
from vehicle.planning.site.site import Site
from vehicle.records import journal, parts
from vehicle.records.journal import Journal
from vehicle.records.reader import check_format
from vehicle.records.start import CONFIGURATION, PLAN
from vehicle.reports.facts import FileHash
from vehicle.reports.imported import FOLLOW_UP, RELEASE
from vehicle.reports.story import PHASES, Samples
from vehicle.runtime.run_manifest import MANIFEST, Manifest

AREA_APART_M2: Final = 0.5
"""Areas of plan and site are those of the same polygons, but for rounding; a plan of the rest has less."""
APART_S: Final = 5.0
"""A run is ended, and the last reports written, within this time."""
HASHED: Final = (MANIFEST, RECORDING, JOURNAL, SITE_FILE, TASK_FILE)


class _Numbered(msgspec.Struct, frozen=True):
    """A manifest of any format. As `Manifest` has it, one that says no format is of the first."""

    format: object = 1


class _Place(msgspec.Struct, frozen=True):
    valid: bool
    position_proven: bool
    east_m: float
    north_m: float
    speed_mps: float
    yaw_rad: float
    yaw_rate_radps: float
    tool_sigma_m: float


class _Gate(msgspec.Struct, frozen=True):
    mode: int
    operator_age_s: float


class _Report(msgspec.Struct, frozen=True):
    """The part of a report that the papers need; recordings of all formats have it."""

    t_ns: int
    estimate: _Place
    gate: _Gate
    phase: str
    segment_seq: int
    tool_depth_m: float | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `zero_us`: UTC of the vehicle's time 0, None if unknown. `start_ns`, `end_ns`: of its reports.

    `samples` count seconds from the vehicle's own zero. `note`: the part that could not be read, "" if all could.
    `unread_s`: time by which a run that ended in order goes on after its recording.
    """

    folder: Path
    manifest: Manifest
    site: Site
    plan: Plan
    config: VehicleConfig
    journal: Journal
    journal_path: Path
    task: Task | None
    events: tuple[Event, ...]
    samples: Samples
    zero_us: int | None
    start_ns: int
    end_ns: int
    note: str
    files: tuple[FileHash, ...]
    unread_s: float = 0.0


class _Recorded(msgspec.Struct, kw_only=True):
    """Data gathered in one pass through a recording."""

    events: list[Event] = []
    rows: list[_Report] = []
    attachments: dict[str, bytes] = {}
    metadata: dict[str, str] = {}
    log_zero_ns: int | None = None
    newest_ns: int = 0
    note: str = ""


_event: Final = msgspec.json.Decoder(Event)
_report: Final = msgspec.json.Decoder(_Report)


def read_run(folder: Path, site_file: Site | None) -> Run:
    """Read everything of a run. `site_file`: the site, if the folder does not hold it.

    Raises:
        InputError: The folder is no run, a needed file is missing, or the journal is of another run; one line.
    """
    manifest = manifest_of(folder)
    recorded = _recording(folder / RECORDING)
    check_recording(folder / RECORDING, recorded.metadata, manifest)
    site = site_file if site_file is not None else read_site(folder)
    if CONFIGURATION not in recorded.attachments:
        raise InputError(
            f"{folder / RECORDING}: holds no configuration; a report needs a recording of format 3 or later"
        )
    try:
        config = VehicleConfig.model_validate_json(recorded.attachments[CONFIGURATION])
    except ValidationError as error:
        raise InputError(
            f"{folder / RECORDING}: its configuration is none of this program: {first_line(error, VehicleConfig)}; "
            "make its papers with the program that wrote it"
        ) from None
    plan, plan_note = _plan(folder, manifest, recorded, site)
    if plan.site_hash != site.site_hash:
        raise InputError(
            f"{folder}: the run is of site {plan.site_hash}, {site.name} is {site.site_hash}; name its own with --site"
        )
    check_area(folder, site, plan)
    samples = _samples(recorded.rows)
    times_ns = [row.t_ns for row in recorded.rows] or [0]
    kept = journal.read(folder / JOURNAL)
    if kept.broken_within:  # a torn end only loses ground; this may bring withdrawn ground back into the paper
        raise InputError(f"{journal.torn_text(folder / JOURNAL, kept)}: no paper is made of it; copy the journal again")
    check_own(folder / JOURNAL, kept, manifest, site, config)
    check_withdrawn(folder / JOURNAL, kept, manifest, recorded.events)
    zero_us = _zero_us(manifest, recorded)
    apart_s = _after_recording_s(manifest, zero_us, recorded.newest_ns)
    notes = [recorded.note, plan_note, _apart_text(apart_s), journal.torn_text(Path(JOURNAL), kept)]
    task_path = folder / TASK_FILE
    return Run(
        folder=folder,
        manifest=manifest,
        site=site,
        plan=plan,
        config=config,
        journal=kept,
        journal_path=(folder / JOURNAL).resolve(),
        task=load_task(task_path, kept=True).task if task_path.exists() else None,
        events=tuple(recorded.events),
        samples=samples,
        zero_us=zero_us,
        start_ns=times_ns[0],
        end_ns=times_ns[-1],
        note="; ".join(filter(None, notes)),
        files=tuple(hashed(path, f"{folder.name}/{path.relative_to(folder)}") for path in _hashed_in(folder)),
        unread_s=max(0.0, apart_s),
    )


def check_area(folder: Path, site: Site, plan: Plan) -> None:
    """Check the area of the site. Raises InputError if the plan, which its hash seals, was made for more ground."""
    asked_m2 = float(shapely.difference(site.work_area, site.keep_out).area)
    if plan.area_m2 > asked_m2 + AREA_APART_M2:
        raise InputError(
            f"{folder}: its plan was made for {plan.area_m2:,.2f} m2, {site.name} has {asked_m2:,.2f} m2: {SITE_FILE} "
            "was changed; copy it again from the vehicle, or name the site file with --site"
        )


def _after_recording_s(manifest: Manifest, zero_us: int | None, newest_ns: int) -> float:
    """Return how long [s] a run that ended in order went on after the newest report; 0 for less than `APART_S`.

    Below 0 the recording goes on after the run's end.
    """
    end_us = _us(manifest.end_utc)
    if zero_us is None or end_us is None:
        return 0.0
    apart_s = (end_us - zero_us - newest_ns // 1000) / 1e6
    return apart_s if abs(apart_s) > APART_S else 0.0


def _apart_text(apart_s: float) -> str:
    """Return a remark on a recording that does not end with its run; "" if it does."""
    length = timedelta(seconds=round(abs(apart_s)))
    if apart_s > 0.0:
        return (
            f"the recording ends {length} before the run: what is on record after that cannot be made again from it, "
            "and stops, checks and hours after it are not in this report (flailpilot ledger verify)"
        )
    return f"the recording goes on for {length} after the end of the run in {MANIFEST}" if apart_s < 0.0 else ""


def _hashed_in(folder: Path) -> list[Path]:
    """Return the files of a run from which papers are made, imports of others among them."""
    own = [folder / name for name in HASHED]
    imports = [path for name in (FOLLOW_UP, RELEASE) for path in sorted((folder / name).glob("*"))]
    return [path for path in (*own, *imports) if path.is_file()]


def hashed(path: Path, name: str) -> FileHash:
    """Return size and SHA-256 of a file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileHash(name=name, size_bytes=path.stat().st_size, sha256=digest)


def manifest_of(folder: Path) -> Manifest:
    """Read `run.json`. Raises InputError if the folder is no run."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise InputError(f"{folder}: is not there; name the folder of a run")
    try:
        content = path.read_bytes()
        Kept.RUN.check(path, msgspec.json.decode(content, type=_Numbered).format)
        found = msgspec.json.decode(content, type=Manifest)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; name the folder of a run") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read ({error}); copy it again from the vehicle") from None
    _check_times(path, found)
    return found


def _check_times(path: Path, manifest: Manifest) -> None:
    """Check the times of a run. Raises InputError for one that is no time, and for an end before the start."""
    for name in ("start_utc", "end_utc"):
        text = getattr(manifest, name)
        if text and _us(text) is None:
            raise InputError(f"{path}: {name} is {text[:40]!r}, no time in UTC; copy it again from the vehicle")
    start_us, end_us = _us(manifest.start_utc), _us(manifest.end_utc)
    if start_us is not None and end_us is not None and end_us < start_us:
        raise InputError(
            f"{path}: ends at {manifest.end_utc}, before its start at {manifest.start_utc}; copy it again from the "
            "vehicle"
        )


def _recording(path: Path) -> _Recorded:
    found, damaged = _Recorded(), list[parts.Damage]()
    try:
        for part in parts.parts(path):
            if isinstance(part, parts.Message):
                _take(found, part)
            elif isinstance(part, parts.Attachment):
                found.attachments[part.name] = part.content
            elif isinstance(part, parts.Metadata):
                found.metadata = part.values if part.name == "run" else found.metadata
            elif isinstance(part, parts.Damage):
                damaged.append(part)
            elif not part.finished:
                found.note = _unclosed_text(part)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; name the folder of a run") from None
    if damaged:
        count = f", and {len(damaged) - 1} more places" if len(damaged) > 1 else ""
        told = f"{RECORDING} is damaged at byte {damaged[0].place:,}{count}: what it held there is not in this report"
        found.note = f"{found.note}; {told}".removeprefix("; ")
    check_format(path, found.metadata)
    return found


def _unclosed_text(part: parts.End) -> str:
    if part.read_bytes == part.total_bytes:
        return f"{RECORDING} was not closed, as where the program was killed; all {part.total_bytes:,} bytes were read"
    return f"{RECORDING} was not closed: read to byte {part.read_bytes:,} of {part.total_bytes:,}"


def _take(found: _Recorded, part: parts.Message) -> None:
    """Add a message; an unreadable one is left out, because failed checksums have been reported already."""
    try:
        if part.topic == "/report":
            row = _report.decode(part.data)
            if found.log_zero_ns is None:
                found.log_zero_ns = part.t_ns - row.t_ns
            found.newest_ns = max(found.newest_ns, row.t_ns)
            if row.estimate.valid:
                found.rows.append(row)
        elif part.topic in {"/event", "/notice"}:
            found.events.append(_event.decode(part.data))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return


def _plan(folder: Path, manifest: Manifest, recorded: _Recorded, site: Site) -> tuple[Plan, str]:
    """Return the run's newest plan: in its folder, kept under its name, or from the start of the recording.

    The remark tells where that is an older one, because the newest was lost as the program was killed.
    """
    path, name = folder / "plan", f"plan-{manifest.plan_hash}.json"
    if path.is_dir():
        from vehicle.config.vehicle import footprint

        config = VehicleConfig.model_validate_json(recorded.attachments[CONFIGURATION])
        plan = load_plan(path, site, footprint(config.machine), older=True)
    elif (path := folder / name).is_file():
        plan = kept_plan(path, path.read_bytes())
    elif (content := recorded.attachments.get(PLAN)) is not None:
        plan = kept_plan(folder / RECORDING, content)
        told = (
            f"{name}, the newest plan, is not there: what is not workable by machine is listed by plan "
            f"{plan.plan_hash}, which was held at the start"
        )
        return plan, told if manifest.plan_hash not in ("", plan.plan_hash) else ""
    else:
        raise InputError(f"{folder}: no plan was held in this run; there is nothing to report on")
    if manifest.plan_hash and plan.plan_hash != manifest.plan_hash:
        raise InputError(
            f"{folder}: {MANIFEST} names plan {manifest.plan_hash}, here is plan {plan.plan_hash}: it lists as not "
            f"workable what the other one does not; copy {name} again from the vehicle"
        )
    return plan, ""


def _samples(rows: list[_Report]) -> Samples:
    def column(pick: Any, kind: Any = np.float64) -> Any:
        return np.array([pick(row) for row in rows], dtype=kind)

    phases = {phase.value: number for number, phase in enumerate(PHASES)}
    return Samples(
        t_s=column(lambda row: row.t_ns / NS_PER_S),
        east_m=column(lambda row: row.estimate.east_m),
        north_m=column(lambda row: row.estimate.north_m),
        speed_mps=column(lambda row: row.estimate.speed_mps),
        yaw_rad=column(lambda row: row.estimate.yaw_rad),
        yaw_rate_radps=column(lambda row: row.estimate.yaw_rate_radps),
        sigma_m=column(lambda row: row.estimate.tool_sigma_m),
        depth_m=column(lambda row: np.nan if row.tool_depth_m is None else row.tool_depth_m),
        age_s=column(lambda row: row.gate.operator_age_s),
        mode=column(lambda row: row.gate.mode, np.int64),
        phase=column(lambda row: phases.get(row.phase, 0), np.int64),
        segment=column(lambda row: row.segment_seq, np.int64),
        proven=column(lambda row: row.estimate.position_proven, np.bool_),
        run=np.zeros(len(rows), np.int64),
    )


def _zero_us(manifest: Manifest, recorded: _Recorded) -> int | None:
    """Return the UTC zero from the start time in the run's folder, which a receiver may have corrected later."""
    now_us = _us(manifest.start_utc)
    if now_us is None or recorded.log_zero_ns is None:
        return None
    then_us = _us(recorded.metadata.get("start_utc", ""))
    if then_us is None:  # the time was unknown at the start: the first report stands for it
        return now_us - (recorded.rows[0].t_ns // 1000 if recorded.rows else 0)
    return recorded.log_zero_ns // 1000 + now_us - then_us


def _us(text: str) -> int | None:
    try:
        return round((datetime.fromisoformat(text) - EPOCH).total_seconds() * 1e6)
    except (ValueError, TypeError):
        return None
