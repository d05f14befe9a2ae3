"""Builds the unchanged vehicle program for a simulated machine, in real time.

`put_together` of `vehicle.runtime.app` builds sources, sinks, loop and operator link. Only the connection to the
controller is replaced by the simulator, and the clock follows real time. Keys, stamps and latches are in a folder made
for this run.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from sim.live import LiveMachine, MachineLine, live_machine
from sim.paced import PacedClock, SpeedWatch, run_paced
from sim.scenario import Scenario
from sim.sim_stack import checks_of, estimate_of
from vehicle.config.drive import ControllerConfig, DriveConfig, DriveFile, OperatorConfig, SiteConfig
from vehicle.config.load import assemble_vehicle, load_machine
from vehicle.config.vehicle import SafetyConfig, config_hash
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan
from vehicle.control.state import VehicleState
from vehicle.host.clock import SystemClock, utc_now
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.keystore import ConsoleKey, KeyStore
from vehicle.operator_link.transport import Udp
from vehicle.runtime.app import Vehicle, fresh_state, keep, put_together
from vehicle.runtime.own_site import OwnSite, own_site, planned_at_once

CONSOLE_ID: Final = 7
GROUND_STATION_PORT: Final = 14550
"""Where QGroundControl and MAVProxy listen on this computer."""
CALLED_PORT: Final = 14555
"""Port that they can call, if they do not listen."""

Say = Callable[[str], None]


DETONATION_WAIT_S = 60.0
"""Whoever trains waits out a minute, the shortest that a task may say."""


class Ready(msgspec.Struct, frozen=True):
    """Everything known before the run: files in memory, the first state of the vehicle, its plan."""

    scenario: Scenario
    file: DriveFile
    own: OwnSite
    plan: Plan
    state: VehicleState
    key: ConsoleKey
    machine_id: str


def own_key(store: KeyStore, name: str, system_id: int) -> ConsoleKey:
    """Return the key that an earlier demo on this folder made for this console, or make one.

    Raises:
        InputError: The name or the number belongs to another station, or the store cannot be read.
    """
    made = [key for key in store.load().keys if key.live and (key.name, key.system_id) == (name, system_id)]
    return made[-1] if made else store.create(name, system_id)


def make_ready(scenario: Scenario, site: Path, folder: Path, operator_port: int) -> Ready:
    """Make keys or take those of the folder, plan the site, and return the vehicle disarmed at the start of its plan.

    Raises:
        InputError: The site cannot be read or planned.
    """
    machine = load_machine(scenario.machine)
    store = KeyStore(folder / "keys.json")
    key = own_key(store, "console", CONSOLE_ID)
    config = DriveConfig(
        vehicle_id=scenario.name,
        machine=scenario.machine,
        mission=scenario.mission,
        safety=SafetyConfig(detonation_wait_s=DETONATION_WAIT_S),
        site=SiteConfig(file=str(site.resolve()), outside=scenario.plan.outside),
        controller=ControllerConfig(port="simulator"),
        operator=OperatorConfig(port=operator_port, upload_outside="safe"),
        keys_file=store.path.name,
    )
    vehicle = assemble_vehicle(site, scenario.name, machine, scenario.mission, config.safety)
    file = DriveFile(folder / "drive.toml", config, vehicle)
    own = own_site(file)
    assert own is not None, "the configuration names a site"
    plan = planned_at_once(own, vehicle)
    if not plan.segments:
        raise InputError(f"{site}: {machine.name} cannot work any of it")
    return Ready(scenario, file, own, plan, _state_of(scenario, file, own, plan), key, store.load().machine_id)


def again(ready: Ready, scenario: Scenario) -> Ready:
    """Return the same vehicle as after a restart of its program: in a new session, on the ground of this scenario."""
    state = _state_of(scenario, ready.file, ready.own, ready.plan)
    return msgspec.structs.replace(ready, scenario=scenario, state=state)


def _state_of(scenario: Scenario, file: DriveFile, own: OwnSite, plan: Plan) -> VehicleState:
    state = fresh_state(file, own, plan)
    made = msgspec.structs.replace(checks_of(scenario), people=state.checks.people)
    return msgspec.structs.replace(state, checks=made, estimate=estimate_of(scenario))


class Stack(msgspec.Struct, frozen=True):
    """A simulated machine and its vehicle program; both tick in `run_stack`."""

    ready: Ready
    clock: PacedClock
    machine: LiveMachine
    vehicle: Vehicle


def assemble(
    ready: Ready, clock: PacedClock, stack: contextlib.AsyncExitStack, bank_ahead_m: float | None = None
) -> Stack:
    """Build all parts of one run without starting them; `stack` closes them."""
    vehicle = put_together(ready.file, ready.state, ready.own, clock, stack)
    config = ready.file.vehicle
    machine = live_machine(ready.scenario, config.machine, ready.plan, config_hash(config), bank_ahead_m)
    if clock.speed == 1.0:  # else its time is not that of the people who tell when they measured
        machine.world.gnss.utc_zero_us = round(utc_now().timestamp() * 1e6) - clock.now_ns() // 1000
    vehicle.port.attach(MachineLine(machine.line, clock.now_ns))  # the simulator's end acts as the controller
    return Stack(ready, clock, machine, vehicle)


def invite_ground_station(stack: Stack, port: int, called_port: int) -> None:
    """Open an unsigned loopback port for unmodified ground stations beside the signed one; only in this simulation."""
    channel = Channel(name="ground station", unsigned=True, link_id=3)
    wire = Udp(channel=channel, host="127.0.0.1", port=called_port, stations=(("127.0.0.1", port, 255),))
    stack.vehicle.wires.shell.add(wire)


async def run_stack(stack: Stack, say: Say, also: Callable[[int], None] = lambda _: None) -> None:
    """Tick in real time until cancelled; `also` is called with each tick's time [ns] before the vehicle ticks."""
    made, clock = stack.vehicle, stack.clock
    real = SystemClock()

    watch = SpeedWatch(clock, real, made.announce)  # shown here and on every station

    def step(nominal_ns: int, now_ns: int) -> None:
        stack.machine.step(nominal_ns)
        also(nominal_ns)
        made.loop.step(now_ns)
        watch.look()

    async with made.wires.shell, asyncio.TaskGroup() as group:
        group.create_task(run_paced(clock, step, lambda: True))
        for beside in (
            made.planning.run(),
            made.staged.run(),
            made.book.run(made.recorder, say),
            keep(stack.ready.file, clock, lambda: made.loop.state, made.announce),
            made.wires.shell.run(),
        ):
            group.create_task(beside)
