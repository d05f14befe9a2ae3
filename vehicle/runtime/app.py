"""Composition root of the vehicle program: the only place where configuration, wires, recorder and loop meet.

The program always starts disarmed, in a new session. From an earlier run it reads nothing that could move the machine.
It reads only the stops that are still in force and that an operator has to clear before the machine may move.
"""

import asyncio
import contextlib
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from firmware_bridge.handshake import PROTOCOL_VERSION, WATCHDOG_MAX_MS
from firmware_bridge.link import ControllerLink
from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.types import ControllerHello
from vehicle.config.drive import DriveFile, load_drive
from vehicle.config.vehicle import config_hash
from vehicle.contracts.errors import InputError, NotYetError
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.geometry import WORLD
from vehicle.contracts.people import PeopleState
from vehicle.contracts.plan import Plan
from vehicle.contracts.shift_state import ShiftState
from vehicle.contracts.sockets import ControllerWire, Sink
from vehicle.contracts.stop_reasons import names
from vehicle.contracts.units import place_text
from vehicle.control.checks_state import ChecksState
from vehicle.control.plan_assignment import assign_plan
from vehicle.control.state import GateState, VehicleState
from vehicle.host import own_process, realtime
from vehicle.host.clock import Clock, SystemClock, utc_now
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.transfer import text
from vehicle.operator_link.transport import LinkTransport
from vehicle.records.background import BackgroundRecorder
from vehicle.runtime import kept_checks, kept_ledger, kept_place, latches
from vehicle.runtime.boot_loop import recent_starts
from vehicle.runtime.coming_up import (
    ADDRESS_MAY_COME,
    LatePort,
    Waiting,
    first_tries,
    input_error_of,
    until_there,
)
from vehicle.runtime.controller_port import open_controller
from vehicle.runtime.far_site import told_if_far
from vehicle.runtime.incident_watch import IncidentWatch, Sealer, marked_in
from vehicle.runtime.kept_ledger import Kept
from vehicle.runtime.loop import VehicleLoop
from vehicle.runtime.operator_wires import BENCH_BANNER, OperatorWires, operator_wires, places_of
from vehicle.runtime.own_site import OwnSite, own_site, planned_at_once
from vehicle.runtime.plan_holder import PlanHolder
from vehicle.runtime.run_book import RunBook
from vehicle.runtime.site_planning import NOT_DECLARED, SitePlanning
from vehicle.runtime.staged_plans import StagedPlans, staged_plans
from vehicle.runtime.wire_watch import last_words, watch

SOFTWARE_VERSION = 0x0001_0000

Say = Callable[[str], None]


def say(line: str) -> None:
    """Print one line for people on stderr; under systemd it appears in the system journal."""
    sys.stderr.write(f"flailpilot: {line}\n")
    sys.stderr.flush()


def drive(
    path: Path, environment: Mapping[str, str] = os.environ, task: Path | None = None, seal: Sealer | None = None
) -> None:
    """Run the vehicle until SIGTERM or SIGINT. `task` is a task file that replaces the one in the configuration.

    `seal`: seals the evidence after an incident, in another process; None: nothing is sealed by itself.

    Raises:
        InputError: One line: what is wrong with the configuration, a port, an address.
    """
    file = load_drive(path, task)
    for line in file.task.task.expired(utc_now().date()) if file.task is not None else ():
        say(f"warning: {line}")
    own = own_site(file)
    for warning in own.place.warnings if own is not None else ():
        say(f"warning: {warning}")
    state = remembered(file, counted(file, fresh_state(file, own, own.plan if own is not None else None)))
    supervisor = realtime.Supervisor(environment)
    kept, state = kept_ledger.gone_on(file, state, own, say, supervisor)
    own_process.make_ready()
    with asyncio.Runner(loop_factory=realtime.new_loop) as runner, contextlib.suppress(asyncio.CancelledError), plain():
        runner.run(serve(file, state, own, supervisor, kept, seal))


@contextlib.contextmanager
def plain() -> Iterator[None]:
    """Run the vehicle; an error that the user has to correct is raised alone, not inside an exception group."""
    try:
        yield
    except BaseExceptionGroup as group:
        found = input_error_of(group)
        if found is None:
            raise
        raise found from None


def start_state(file: DriveFile) -> VehicleState:
    """Return a disarmed state with a session new to every station, and with the plan of the vehicle's own site.

    Raises:
        InputError: The site cannot be read or planned.
    """
    own = own_site(file)
    return fresh_state(file, own, planned_at_once(own, file.vehicle) if own is not None else None)


def fresh_state(file: DriveFile, own: OwnSite | None, plan: Plan | None) -> VehicleState:
    """Return a disarmed state with a new session and with the plan that exists by now; there may be none."""
    datum = file.config.datum
    if own is not None:
        frame = own.place.datum
    else:
        assert datum is not None, "DriveConfig wants a datum or a site"
        frame = LocalFrame(datum.lat_deg, datum.lon_deg, datum.alt_m)
    session_id = int.from_bytes(os.urandom(8), "little") & 0x7FFF_FFFF_FFFF_FFFF | 1
    state = VehicleState(
        config=file.vehicle,
        datum=frame,
        session_id=session_id,
        gate=GateState(session_id=session_id, config_hash=config_hash(file.vehicle), ring_m=file.ring_m or 0.0),
        estimate=kept_place.UNKNOWN,
        checks=ChecksState(
            shift=ShiftState(used=file.task is not None and file.task.task.shift), people=PeopleState(used=True)
        ),
    )
    return assign_plan(state, plan, (WORLD, *own.kept_out_m) if own is not None and own.kept_out_m else None)


def counted(file: DriveFile, state: VehicleState) -> VehicleState:
    """Return the state with the number of recent program starts.

    The starts are kept beside the keys; on a bench without keys none are counted.

    Raises:
        InputError: The file of recent starts cannot be written.
    """
    if file.config.keys_file is None:
        return state
    path = file.beside(file.config.keys_file).with_suffix(".starts")
    try:
        starts = recent_starts(path, utc_now().timestamp())
    except FileNotFoundError:  # no folder, so no keys either, and whoever opens the operators' wire says so
        return state
    except OSError as refusal:
        raise InputError(
            f"{path}: {(refusal.strerror or str(refusal)).lower()}; the times of the last starts are kept there, its "
            "folder must be writable; change its permissions, or name another keys_file"
        ) from None
    return msgspec.structs.replace(state, gate=msgspec.structs.replace(state.gate, boots_recent=starts))


def remembered(file: DriveFile, state: VehicleState) -> VehicleState:
    """Return the state with the stops that are still in force from an earlier run.

    They are kept beside the keys; a bench without keys keeps none.
    """
    path = latch_file(file)
    if path is None:
        return state
    gate, line = latches.load_latches(state.gate, path)
    if line:
        say(line)
    elif gate.reset_due or gate.estop_latched or gate.latched:
        say(f"an earlier stop is still in force: {', '.join(names(gate.latched | gate.shown)) or 'RESET is required'}")
    known, line = kept_checks.load_checks(path.with_suffix(".checks"), state.config.machine)
    if line:
        say(line)
    known = msgspec.structs.replace(known, shift=state.checks.shift, people=state.checks.people)
    begun, line = kept_place.load_place(path.with_suffix(".place"), state.datum)
    if line:
        say(line)
    return msgspec.structs.replace(state, gate=gate, checks=known, estimate=begun)


def latch_file(file: DriveFile) -> Path | None:
    """Return the path of the file that holds the latches."""
    keys = file.config.keys_file
    path = file.beside(keys).with_suffix(".latches") if keys is not None else None
    # no folder, so no keys either, and whoever opens the operators' wire says so
    return path if path is not None and path.parent.is_dir() else None


class Vehicle(msgspec.Struct, frozen=True):
    """All parts of the vehicle program, connected but not yet running."""

    loop: VehicleLoop
    port: LatePort
    link: ControllerLink
    wires: OperatorWires
    planning: SitePlanning
    book: RunBook
    recorder: BackgroundRecorder | None
    announce: Say
    staged: StagedPlans
    incidents: IncidentWatch


def put_together(
    file: DriveFile,
    state: VehicleState,
    own: OwnSite | None,
    clock: Clock,
    stack: contextlib.AsyncExitStack,
    kept: Kept | None = None,
) -> Vehicle:
    """Build sources, sinks and the loop; `stack` closes them. `kept` is the journal that the state comes from.

    Raises:
        InputError: No keys where they are needed, or a folder that cannot be written.
    """
    desk = MissionUpload(
        state.datum, lambda _: NOT_DECLARED, state.mission.plan, own.ground if own is not None else None
    )

    def told(line: str) -> None:
        """Write a line to the log, to the record and to every station."""
        say(line)
        loop.notice("files", line)

    wires = operator_wires(file, state, clock, desk, say, told)
    wires.link.files.facts = msgspec.structs.replace(wires.link.files.facts, ring_m=file.ring_m)

    def announce(line: str) -> None:
        say(line)
        wires.link.tell(text(line, d.MAV_SEVERITY_NOTICE))

    book, holder = RunBook(file, state, own, clock), PlanHolder(state, desk)
    outside, bench = file.config.operator.upload_outside, file.vehicle.safety.bench
    planning = SitePlanning(file.vehicle, state.datum, book.uploads, outside, holder, announce, own=own, bench=bench)
    desk.serve(planning.propose)
    staged = staged_plans(file, state, own, wires.link, planning, desk, announce, now=lambda: loop.state)
    port = LatePort(file.config.controller.port)
    stack.callback(port.close)
    recorder = book.recorder()
    if recorder is not None:
        stack.callback(recorder.close)
    journal = kept_ledger.keeper_in(stack, kept, book, say) if kept is not None else None
    keepers: tuple[Sink, ...] = tuple(keeper for keeper in (recorder, journal) if keeper is not None)
    link = ControllerLink(greeting(state))
    incidents = _incidents(file, book)
    sinks = (*keepers, wires.link, holder, book, incidents, *_telemetry(file, state, stack))
    loop = VehicleLoop(state, ControllerWire(port, link), (wires.shell, holder), sinks)
    return Vehicle(loop, port, link, wires, planning, book, recorder, announce, staged, incidents)


def _incidents(file: DriveFile, book: RunBook) -> IncidentWatch:
    """Return the watch for incidents, with the runs of earlier starts that were not sealed to their end."""
    settings, recorder = file.config.incident, file.config.recorder
    if recorder is None or not settings.automatic:
        return IncidentWatch(None, settings.after_s)
    return IncidentWatch(book.folder, settings.after_s, marked_in(file.beside(recorder.folder)))


async def serve(
    file: DriveFile,
    state: VehicleState,
    own: OwnSite | None,
    supervisor: realtime.Supervisor,
    kept: Kept | None = None,
    seal: Sealer | None = None,
) -> None:
    """Open everything, tick until cancelled, then close everything; meanwhile plan the own site if it has no plan."""
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        made = put_together(file, state, own, clock, stack, kept)
        loop, port, link, announce = made.loop, made.port, made.link, made.announce
        fifo = realtime.claim_fifo()
        realtime.freeze_heap()
        end_with_signals()
        async with asyncio.TaskGroup() as group:
            group.create_task(loop.run(clock))
            group.create_task(realtime.heart(clock, lambda: loop.state.tick, supervisor, say))
            wire, place = Waiting(), Waiting()
            coming = group.create_task(controller_comes(file, port, clock, announce, wire))
            opening = group.create_task(open_operator(file, made.wires.shell, stack, clock, place))
            await first_tries((coming, wire), (opening, place))
            stack.callback(lambda: say(last_words(link.report(clock.now_ns()))))
            say_up(file, state.datum, real_time=fifo)
            supervisor.tell("READY=1")
            stack.callback(supervisor.tell, "STOPPING=1")
            if own is not None and own.plan is None:
                made.planning.begin()
            for beside in (
                made.planning.run(),
                made.staged.run(),
                made.book.run(made.recorder, say),
                watch(clock, port, link, made.recorder, say),
                told_if_far(clock, state.datum, lambda: loop.state.wire.gnss, say, announce),
                keep(file, clock, lambda: loop.state, announce),
                *((made.incidents.run(clock, seal, made.book.now_text, announce),) if seal is not None else ()),
            ):
                group.create_task(beside)
            await opening
            group.create_task(made.wires.shell.run())


def end_with_signals() -> None:
    """Let SIGTERM and SIGINT cancel the calling task."""
    task = asyncio.current_task()
    assert task is not None
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, task.cancel)


def say_up(file: DriveFile, datum: LocalFrame, *, real_time: bool) -> None:
    """Print the line that says that the vehicle is ready; on a bench, print a large warning too."""
    place = file.config.operator
    if file.vehicle.safety.bench:
        sys.stderr.write(BENCH_BANNER)
    say(
        f"{file.config.vehicle_id} is up and DISARMED, configuration {config_hash(file.vehicle).hex()}, "
        f"for {place_text(datum.lat_deg, datum.lon_deg)}, "
        f"operators on {places_of(place, bench=file.vehicle.safety.bench)}, "
        f"{'real-time' if real_time else 'ordinary'} priority"
    )


async def controller_comes(file: DriveFile, port: LatePort, clock: Clock, tell: Say, waiting: Waiting) -> None:
    """Open the connection to the controller as soon as its port exists."""
    wire = file.config.controller
    port.attach(await until_there(lambda: open_controller(wire.port, wire.baud, clock, say), clock, tell, waiting))


async def keep(file: DriveFile, clock: Clock, state: Callable[[], VehicleState], tell: Say) -> None:
    """Write the state that must survive a restart whenever it changes, until cancelled."""
    path = latch_file(file)
    beside = path.with_suffix(".checks") if path is not None else None
    async with asyncio.TaskGroup() as group:
        group.create_task(latches.keep(path, clock, lambda: state().gate, tell))
        group.create_task(kept_checks.keep(beside, clock, lambda: state().checks, tell))
        place = path.with_suffix(".place") if path is not None else None
        group.create_task(kept_place.keep(place, clock, state, tell))


def greeting(state: VehicleState) -> ControllerHello:
    """Return this program's part of the handshake with the controller."""
    return ControllerHello(
        protocol_version=PROTOCOL_VERSION,
        firmware_version=SOFTWARE_VERSION,
        config_hash=state.gate.config_hash,
        watchdog_ms=WATCHDOG_MAX_MS,
        boot_count=0,
    )


async def open_operator(
    file: DriveFile, shell: LinkTransport, stack: contextlib.AsyncExitStack, clock: Clock, waiting: Waiting
) -> None:
    """Open the operators' socket as soon as its address is free and belongs to this computer.

    Raises:
        InputError: The socket cannot be opened, and waiting would not help.
    """
    place = file.config.operator

    async def attempt() -> None:
        try:
            await stack.enter_async_context(shell)
        except OSError as refusal:
            words = (
                f"operator {refusal.filename or f'{place.host}:{place.port}'}: "
                f"{(refusal.strerror or str(refusal)).lower()}; is another vehicle program running (`ss -ulnpt` names "
                "it), or is the address not of this computer?"
            )
            if refusal.errno in ADDRESS_MAY_COME:
                raise NotYetError(words, math.inf) from None
            raise InputError(words) from None

    await until_there(attempt, clock, say, waiting)


def _telemetry(file: DriveFile, state: VehicleState, stack: contextlib.AsyncExitStack) -> tuple[Sink, ...]:
    settings = file.config.telemetry
    if settings is None:
        return ()
    from vehicle.telemetry.publisher import TelemetryPublisher  # noqa: PLC0415

    publisher = TelemetryPublisher(file.vehicle, settings, datum=state.datum)
    publisher.start()
    stack.callback(publisher.stop, 2.0)
    return (publisher,)
