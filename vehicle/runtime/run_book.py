"""Each run of the vehicle program has its own folder; its `run.json` says which site, machine, plan and time.

    RECORDINGS/20261129T134500Z-1a2b3c/run.json, run.mcap, plan-HASH.json
    RECORDINGS/20261129T134500Z-1a2b3c.mcap, a link to the recording

A name is never used twice: the session in it is drawn at each start. Without a known time it begins with `undated`.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from vehicle.config.drive import DriveFile
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Event
from vehicle.contracts.plan import Plan, works
from vehicle.contracts.sockets import TickRecord
from vehicle.control.state import VehicleState
from vehicle.host import utc
from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import Clock, clock_is_synchronised, utc_now
from vehicle.host.program import program
from vehicle.host.utc import TimeSource, UtcLine
from vehicle.records.background import BackgroundRecorder
from vehicle.records.records import Session
from vehicle.records.writer import McapRecorder, Recorder
from vehicle.runtime.own_site import OwnSite
from vehicle.runtime.run_manifest import Manifest, named, task_named, write_manifest, write_task

LOOK_S = 1.0
APART_S = 2.0
"""A computer clock that differs from the receivers' time by more than this is reported."""


def run_name(line: UtcLine, now_ns: int, session_id: int) -> str:
    """Return a unique name that begins with the time, so that names sort by time."""
    session, moment = f"{session_id:016x}", line.at(now_ns)
    return f"undated-{session}" if moment is None else f"{moment:%Y%m%dT%H%M%SZ}-{session[:6]}"


class RunBook:
    """Keeps the run's folder after `recorder` was called. A sink of the loop; the slow disk work is done in `run`."""

    name = "run folder"

    def __init__(self, file: DriveFile, state: VehicleState, own: OwnSite | None, clock: Clock) -> None:
        self._clock, self._start_ns = clock, clock.now_ns()
        self.line = utc.by_computer(utc_now(), self._start_ns, synchronised=clock_is_synchronised())
        self.name = run_name(self.line, self._start_ns, state.session_id)
        self.uploads = file.state_folder / "uploads" / self.name
        self.folder: Path | None = None
        self._file, self._state = file, state
        plan = state.mission.plan
        self._own = own
        self._own_name = own.place.name if own is not None else ""
        self._own_hash = own.place.site_hash if own is not None else ""
        self._plan: Plan | None = None
        self._changed = asyncio.Event()
        self.manifest = Manifest(
            run=self.name,
            program=program(),
            vehicle_id=state.config.vehicle_id,
            machine=state.config.machine.name,
            site=self._own_name,
            site_hash=self._own_hash,
            plan_hash=plan.plan_hash if plan is not None and works(plan) else "",
            required_depth_m=state.config.mission.required_depth_m,
            config_hash=state.gate.config_hash.hex(),
            session_id=f"{state.session_id:016x}",
            start_utc=self.line.text(self._start_ns),
            time_source=self.line.source,
            task=(file.task.task.task_order or "") if file.task is not None else "",
        )
        self._say_plan(plan)

    def _made(self, above: Path) -> Path:
        folder = above / self.name
        try:
            folder.mkdir(parents=True)
        except OSError as refusal:
            raise InputError(
                f"recorder.folder {above}: {(refusal.strerror or str(refusal)).lower()}; name a folder that can be "
                "written"
            ) from None
        return folder

    def recorder(self) -> BackgroundRecorder | None:
        """Create the run's folder and recording; None if the configuration names no folder, then nothing is kept.

        Raises:
            InputError: The folder or the recording cannot be written.
        """
        settings = self._file.config.recorder
        if settings is None:
            return None
        self.folder = self._made(self._file.beside(settings.folder))
        try:
            write_manifest(self.folder, self.manifest)
            write_task(self.folder, self._file.task)
            if self._own is not None:
                # the planner's geometry loads slowly; a machine that is only driven by stick does not need it
                from vehicle.planning.files.kept_site import write_site  # noqa: PLC0415

                write_site(self.folder, self._own.place)
            header = named(self.manifest) | task_named(self._file.task)
            found = McapRecorder(self.folder / "run.mcap", header, self.line.log_zero_ns)
        except OSError as refusal:
            raise InputError(
                f"{self.folder}: {(refusal.strerror or str(refusal)).lower()}; name a folder that can be written"
            ) from None
        with contextlib.suppress(OSError):  # a disk that knows no links
            self.folder.with_name(f"{self.name}.mcap").symlink_to(Path(self.name) / "run.mcap")
        return BackgroundRecorder(found)

    def session(self) -> Session:
        """Return this run's session record for a journal."""
        utc_text, source = self.line.text(self._start_ns), self.line.source
        return Session(session_id=int(self.manifest.session_id, 16), utc=utc_text, time_source=source)

    def now_text(self) -> str:
        """Return UTC now, for files; "" if the time is not known."""
        return self.line.text(self._clock.now_ns())

    def link(self, journal: Path) -> None:
        """Link the journal into the run's folder, where a simulated run has it too."""
        if self.folder is not None:
            with contextlib.suppress(OSError):  # a disk that knows no links
                (self.folder / journal.name).symlink_to(os.path.relpath(journal, self.folder))

    def accept(self, record: TickRecord) -> None:
        """Remember the newest state; a plan that was taken or dropped is written at once."""
        self._state = record.state
        if any(event.kind == "plan" for event in record.outputs.events):
            self._changed.set()

    async def run(self, recorder: Recorder | None, tell: Callable[[str], None]) -> None:
        """Write plan and times as they become known, until cancelled; then write the end time."""
        try:
            while True:
                self._look(self._state, recorder, tell)
                await self._keep()
                # not `wait_for`: on Python 3.11 it loses a cancellation that comes with the event
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._changed.wait()
                self._changed.clear()
        finally:
            if self.folder is not None:
                end = msgspec.structs.replace(self.manifest, end_utc=self.line.text(self._clock.now_ns()))
                with contextlib.suppress(OSError):
                    write_manifest(self.folder, end)

    def _look(self, state: VehicleState, recorder: Recorder | None, tell: Callable[[str], None]) -> None:
        self._say_plan(state.mission.plan)
        fix, wire = state.wire.gnss, state.wire
        found = utc.by_gnss(fix.time_utc_us, wire.gnss_t_ns) if fix is not None else None
        if found is None or self.line.source is TimeSource.GNSS:
            return
        before, self.line = self.line, found
        moment = found.text(wire.gnss_t_ns)
        if recorder is not None:
            text = f"{moment} by the receiver's time"
            recorder.note(Event(t_ns=wire.gnss_t_ns, tick=state.tick, kind="time", text=text))
        apart_s = abs((before.zero_us or 0) - (found.zero_us or 0)) / 1e6
        if before.zero_us is None or apart_s > APART_S:
            off = "not set" if before.zero_us is None else f"{apart_s:.0f} s off"
            tell(f"the computer's clock was {off}; by the receiver it is {moment}")
        self.manifest = msgspec.structs.replace(
            self.manifest, start_utc=found.text(self._start_ns), time_source=found.source
        )

    def _say_plan(self, plan: Plan | None) -> None:
        """Keep the plan; the run is about the plan that works, also while one is driven to the parking and back."""
        self._plan = plan
        if plan is not None and works(plan):
            self.manifest = msgspec.structs.replace(
                self.manifest,
                plan_hash=plan.plan_hash,
                site_hash=plan.site_hash,
                site=self._own_name if plan.site_hash == self._own_hash else "uploaded",
            )

    async def _keep(self) -> None:
        """Write changed files whole, in a thread; a disk error stops nothing, because the recorder reports it."""
        if self.folder is None:
            return
        folder, manifest, plan = self.folder, self.manifest, self._plan
        with contextlib.suppress(OSError):
            await asyncio.to_thread(_kept, folder, manifest, plan)


def _kept(folder: Path, manifest: Manifest, plan: Plan | None) -> None:
    """Write `run.json` if it changed, and the plan under its own name, which never overwrites another plan."""
    write_manifest(folder, manifest)
    if plan is not None and not (name := folder / f"plan-{plan.plan_hash}.json").exists():
        write_whole(name, msgspec.json.encode(plan))
