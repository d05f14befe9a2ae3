"""`flailpilot doctor`: every check that a start of the vehicle program depends on, and what to do if one fails."""

import asyncio
import math
import os
import resource
import shutil
import sys
from pathlib import Path
from typing import Literal

import msgspec

from firmware_bridge.controller_adapter import ControllerWire
from firmware_bridge.handshake import PROTOCOL_VERSION, version_text
from firmware_bridge.link import ControllerLink, LinkReport
from firmware_bridge.types import ControllerFault, ControllerState, ControllerStatus
from firmware_bridge.udp_port import UdpPort
from flailpilot.exit_status import BAD_INPUT, DONE, FAILED
from vehicle.config.drive import DriveFile, load_drive
from vehicle.config.vehicle import config_hash
from vehicle.contracts.errors import InputError
from vehicle.contracts.units import NS_PER_S
from vehicle.control.state import VehicleState
from vehicle.host import realtime
from vehicle.host.clock import SYNCHRONISED, SystemClock, utc_now
from vehicle.operator_link.keystore import KeyStore
from vehicle.operator_link.stamp_store import StampStore
from vehicle.runtime import app
from vehicle.runtime.controller_port import open_controller

HANDSHAKE_S = 2.5
"""Time to wait for the controller: it answers a hello at once, and our hello is sent once a second."""
BROKER_S = 3.0
EARLIEST_YEAR = 2025

Result = Literal["ok", "warn", "fail"]


class Check(msgspec.Struct, frozen=True):
    """One line of the report; `do` says what to do if the check failed."""

    name: str
    result: Result
    found: str
    do: str = ""


def run(config: Path, *, as_json: bool) -> int:
    """Run and print all checks; exit status 1 if one failed, 2 if the configuration cannot be used at all."""
    try:
        file = load_drive(config)
    except InputError as refusal:
        _print((Check("configuration", "fail", str(refusal), "correct the file"),), as_json=as_json)
        return BAD_INPUT
    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        checks = runner.run(examine(file))
    _print(checks, as_json=as_json)
    return FAILED if any(check.result == "fail" for check in checks) else DONE


async def examine(file: DriveFile) -> tuple[Check, ...]:
    """Run all checks, in the order of a start."""
    quick = (configuration, site, keys, stamps, operator_socket, clock, priority, disk, evidence)
    checks = [check(file) for check in quick]
    checks += await controller(file)
    checks.append(await broker(file))
    return tuple(checks)


def configuration(file: DriveFile) -> Check:
    """Report that the configuration was read, and how many figures of the machine are unconfirmed."""
    machine = file.vehicle.machine
    found = f"{machine.name} with {machine.tool.kind}, hash {config_hash(file.vehicle).hex()}"
    if file.vehicle.safety.bench:
        return Check("configuration", "warn", f"{found}; BENCH", "set safety.bench = false on a real machine")
    if machine.unverified:
        return Check(
            "configuration",
            "warn",
            f"{found}; {len(machine.unverified)} figures unverified",
            "measure them on the machine and name the source in its profile",
        )
    return Check("configuration", "ok", found)


def site(file: DriveFile) -> Check:
    """Check that the site can be planned."""
    if file.config.site is None:
        return Check("site", "ok", "none: driven by stick, or a mission is uploaded")
    try:
        state: VehicleState = app.start_state(file)
    except InputError as refusal:
        return Check("site", "fail", str(refusal), "correct the site file")
    plan = state.mission.plan
    assert plan is not None, "a site was named"
    return Check("site", "ok", f"{plan.area_m2:,.0f} m2 in {plan.time_s / 3600.0:.1f} h, plan {plan.plan_hash[:12]}")


def keys(file: DriveFile) -> Check:
    """Check the consoles' keys."""
    name = file.config.keys_file
    create = "flailpilot keys create NAME --system-id N --store FILE"
    if name is None:
        if file.vehicle.safety.bench:
            return Check("keys", "ok", "none needed on a bench")
        return Check("keys", "fail", "keys_file is not set: no station could drive", f"{create}, then keys_file = FILE")
    path = file.beside(name)
    try:
        held = KeyStore(path).load()
    except InputError as refusal:
        return Check("keys", "fail", str(refusal), "see above")
    live = [key.name for key in held.keys if key.live]
    if not live:
        return Check("keys", "fail", f"{path}: no key in force", create.replace("FILE", str(path)))
    only = [f"{key.name} (STOP only)" for key in held.stop_only if key.live]
    return Check("keys", "ok", f"{len(live) + len(only)} in force: {', '.join(live + only)}")


def stamps(file: DriveFile) -> Check:
    """Check the file of reserved stamps beside the keys; it is made with the first start."""
    if file.config.keys_file is None:
        return Check("stamps", "ok", "none needed without keys")
    path = file.beside(file.config.keys_file).with_suffix(".marks")
    present = path if path.exists() else path.parent
    if not os.access(present, os.R_OK | os.W_OK):
        return Check("stamps", "fail", f"{path}: cannot be read and written", f"sudo chown $USER {present}")
    if present is path:
        try:
            StampStore(path)
        except (InputError, OSError) as refusal:
            return Check("stamps", "fail", str(refusal), "see above")
    return Check("stamps", "ok", f"{path}")


def operator_socket(file: DriveFile) -> Check:
    """Check that the operators' address is free."""
    place = file.config.operator
    where = f"UDP {place.host}:{place.port}"
    try:
        UdpPort.bind(place.host, place.port).close()
    except OSError as refusal:
        return Check(
            "operator socket",
            "fail",
            f"{where}: {(refusal.strerror or str(refusal)).lower()}",
            "stop the other program (`ss -ulnp` names it; the service: systemctl stop flailpilot), or give an address "
            "of this computer",
        )
    return Check("operator socket", "ok", where)


def clock(_file: DriveFile) -> Check:
    """Check the wall clock, which names recordings and reports; control does not use it."""
    now = utc_now()
    if now.year < EARLIEST_YEAR:
        return Check(
            "clock", "fail", f"{now:%Y-%m-%d %H:%M} UTC", "set it: timedatectl set-ntp true, or a GNSS time source"
        )
    if SYNCHRONISED.parent.exists() and not SYNCHRONISED.exists():
        return Check("clock", "warn", f"{now:%Y-%m-%d %H:%M} UTC, not synchronised", "timedatectl set-ntp true")
    return Check("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")


def priority(_file: DriveFile) -> Check:
    """Check whether this user may run with real-time priority."""
    soft, _ = resource.getrlimit(resource.RLIMIT_RTPRIO)
    if os.geteuid() == 0 or soft == resource.RLIM_INFINITY or soft >= realtime.FIFO_PRIORITY:
        return Check("priority", "ok", "real-time priority allowed")
    return Check(
        "priority",
        "warn",
        f"real-time priority up to {soft}, {realtime.FIFO_PRIORITY} wanted: ticks will be late on a busy computer",
        "use configs/systemd/flailpilot.service, or LimitRTPRIO=60 in your own unit",
    )


def disk(file: DriveFile) -> Check:
    """Check the disk space for recordings."""
    settings = file.config.recorder
    if settings is None:
        return Check(
            "disk", "warn", "no [recorder]: stops and processed ground are not recorded", "add a [recorder] table"
        )
    folder = file.beside(settings.folder)
    present = next(place for place in (folder, *folder.resolve().parents) if place.is_dir())
    if not os.access(present, os.W_OK):
        return Check("disk", "fail", f"{folder}: cannot be written", f"sudo chown $USER {present}")
    free_mb = shutil.disk_usage(present).free // 1_000_000
    if free_mb < settings.free_min_mb:
        return Check(
            "disk", "fail", f"{folder}: {free_mb} MB free, {settings.free_min_mb} wanted", "move old recordings away"
        )
    return Check("disk", "ok", f"{folder}: {free_mb:,} MB free")


def evidence(file: DriveFile) -> Check:
    """Check where the evidence of an incident is sealed, and the second medium for it."""
    settings = file.config.incident
    if file.config.recorder is None or not settings.automatic:
        return Check(
            "incident", "warn", "nothing is sealed by itself after an incident", "add [recorder]; [incident] automatic"
        )
    if settings.copy_to is None:
        return Check("incident", "ok", "sealed beside the recordings; copy_to names no second medium")
    medium = file.beside(settings.copy_to)
    if not medium.is_dir() or not os.access(medium, os.W_OK):
        return Check("incident", "fail", f"{medium}: is no folder that can be written", "mount the second medium")
    recordings = file.beside(file.config.recorder.folder).resolve()
    present = next(place for place in (recordings, *recordings.parents) if place.is_dir())
    if present.stat().st_dev == medium.stat().st_dev:
        return Check("incident", "warn", f"{medium}: is on the disk of the recordings", "name another disk: copy_to")
    return Check("incident", "ok", f"sealed beside the recordings and in {medium}")


async def controller(file: DriveFile) -> list[Check]:
    """Check port, handshake and state of the low-level controller."""
    clock_ = SystemClock()
    wire = file.config.controller
    try:
        port = await open_controller(wire.port, wire.baud, clock_, app.say)
    except InputError as refusal:
        return [Check("controller port", "fail", str(refusal), "see above")]
    try:
        link = ControllerLink(app.greeting(app.start_state(_by_stick(file))))
        status = await _converse(ControllerWire(port, link), link, clock_)
    finally:
        port.close()
    report = link.report(clock_.now_ns())
    return [Check("controller port", "ok", f"{wire.port} at {wire.baud} baud"), _handshake(report), _state(status)]


def _by_stick(file: DriveFile) -> DriveFile:
    """Return the vehicle without its site, because a handshake needs no plan."""
    from vehicle.config.drive import DatumConfig

    return msgspec.structs.replace(
        file, config=file.config.model_copy(update={"site": None, "datum": DatumConfig(lat_deg=0.0, lon_deg=0.0)})
    )


async def _converse(wire: ControllerWire, link: ControllerLink, clock_: SystemClock) -> ControllerStatus | None:
    """Send hellos until an answer and a status came, or time is up. No command is sent, so nothing can move."""
    status: ControllerStatus | None = None
    until_ns = clock_.now_ns() + round(HANDSHAKE_S * NS_PER_S)
    while (now_ns := clock_.now_ns()) < until_ns:
        _, heard = wire.receive(now_ns)
        status = heard.status if heard.status is not None else status
        if status is not None and link.report(now_ns).hello is not None:
            break
        wire.send(link.due(now_ns))
        await clock_.sleep_until_ns(now_ns + 10_000_000)
    return status


def _handshake(report: LinkReport) -> Check:
    hello = report.hello
    if hello is None:
        return Check("handshake", "fail", "no answer to our hello", "power the controller; update its firmware")
    if report.differences:
        ours = PROTOCOL_VERSION
        return Check("handshake", "fail", "; ".join(report.differences), f"see above; we speak protocol {ours}")
    found = f"firmware {version_text(hello.firmware_version)}, watchdog {hello.watchdog_ms} ms, boot {hello.boot_count}"
    return Check("handshake", "ok", f"{found}, hash {hello.config_hash.hex()}")


def _state(status: ControllerStatus | None) -> Check:
    if status is None:
        return Check("controller", "fail", "no status", "power the controller; update its firmware")
    names = [fault.name or str(int(fault)) for fault in ControllerFault if status.fault_bits & fault]
    volt = f"{status.supply_voltage_v:.1f} V" if math.isfinite(status.supply_voltage_v) else "unknown"
    found = f"{ControllerState(status.state).name}, supply {volt}"
    if names:
        return Check(
            "controller", "fail", f"{found}, faults: {', '.join(names)}", "remove the cause, then reset at the machine"
        )
    if status.state is ControllerState.ESTOP:
        return Check("controller", "warn", found, "close the emergency stop chain, then reset at the machine")
    return Check("controller", "ok", found)


async def broker(file: DriveFile) -> Check:
    """Check one connection to the broker with the vehicle's login, under another client name."""
    settings = file.config.telemetry
    if settings is None:
        return Check("broker", "ok", "no [telemetry]: nothing is published")
    import aiomqtt

    from vehicle.telemetry.broker_client import connect

    where = f"{settings.host}:{settings.port}"
    will = aiomqtt.Will(f"flailpilot/{file.config.vehicle_id}/doctor", b"", qos=0, retain=False)
    try:
        client = connect(settings, f"flailpilot-doctor-{os.getpid()}", will)
        try:
            async with asyncio.timeout(BROKER_S), client:
                pass
        finally:
            client.abandon()
    except (aiomqtt.MqttError, OSError, ValueError, TimeoutError) as refusal:
        reason = str(refusal) or "no answer"
        return Check(
            "broker",
            "fail",
            f"{where}: {reason}",
            "start the broker; check host, port, login, certificates. Driving works without",
        )
    return Check("broker", "ok", where)


COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def _print(checks: tuple[Check, ...], *, as_json: bool) -> None:
    if as_json:
        failed = sum(check.result == "fail" for check in checks)
        sys.stdout.write(msgspec.json.encode({"ok": failed == 0, "checks": checks}).decode() + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for check in checks:
        console.print(Text.assemble((f"{check.result:4s} ", COLOURS[check.result]), f"{check.name}: {check.found}"))
        if check.result != "ok" and check.do:
            console.print(Text(f"     -> {check.do}"))
