"""A whole bench of real processes: the vehicle program, the C controller on a pty, the plant behind it, an operator.

Shared by `kill_trials.py`, `roundtrip.py` and the tests. Everything is waited for by condition.
"""

import asyncio
import contextlib
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from benchmarks.bench_session import SessionPort
from benchmarks.ports import free_port
from benchmarks.trials.real_machine import MachineSettings, RealMachine
from campaign.sim_operator import Goal, SimOperator
from firmware_bridge.udp_port import UdpPort
from sim.plant import Pose
from sim.sim_stack import start_pose
from vehicle.config.drive import DriveFile, load_drive
from vehicle.config.vehicle import config_hash
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan
from vehicle.contracts.stop_reasons import names
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import SystemClock
from vehicle.runtime.app import start_state

CLOCK = SystemClock()
PATIENCE_S = 120.0
STICK_PATIENCE_S = 6.0
"""Arming takes one second, the quick rotor two."""
NEUTRAL_FRAMES = 10
STATION_ID = 7
ROOT = Path(__file__).resolve().parents[1]
DATUM = LocalFrame(39.99, 46.93, 350.0)
# A rotor and an arm that need two seconds instead of ten: a trial stays short. Ramps as the host build has them.
QUICK = {
    "spin_up_s = 6.0": "spin_up_s = 2.0",
    "spin_down_s = 10.0": "spin_down_s = 3.0",
    "lift_rate_mps = 0.12": "lift_rate_mps = 0.3",
    "rotor_inertia_kgm2 = 10.0": "rotor_inertia_kgm2 = 5.0",
    "decel_mps2 = 0.8": "decel_mps2 = 1.0",
}


async def until(condition: Callable[[], bool], what: str | Callable[[], str], patience_s: float = PATIENCE_S) -> None:
    """Return as soon as it holds. `what` is asked, where it can be, when the time is over: it tells how it stands then.

    Raises:
        TimeoutError: it did not come.
    """
    deadline_ns = CLOCK.now_ns() + round(patience_s * NS_PER_S)
    while not condition():
        now_ns = CLOCK.now_ns()
        if now_ns > deadline_ns:
            raise TimeoutError(f"waited {patience_s:g} s for: {what if isinstance(what, str) else what()}")
        await CLOCK.sleep_until_ns(now_ns + 2_000_000)


def quick_machine(folder: Path) -> str:
    """A MEMATT with a fast spin-up, as a file of its own."""
    text = (ROOT / "configs/machines/mematt.toml").read_text()
    for slow, quick in QUICK.items():
        assert slow in text, slow
        text = text.replace(slow, quick)
    path = folder / "quick.toml"
    path.write_text(text)
    return path.name


def write_config(folder: Path, *, udp_port: int, extra: str = "", place: str = "") -> Path:
    """A vehicle configuration; `place` replaces its [datum] table, `extra` is put at its end."""
    place = place or f"[datum]\nlat_deg = {DATUM.lat_deg}\nlon_deg = {DATUM.lon_deg}\nalt_m = {DATUM.alt_m}\n"
    path = folder / "drive.toml"
    path.write_text(
        f'vehicle_id = "bench"\nmachine = "{quick_machine(folder)}"\n\n[mission]\nrequired_depth_m = 0.15\n\n'
        f"[safety]\nbench = true\ncontroller_timeout_s = 0.12\n\n{place}\n"
        f'[controller]\nport = "{folder / "controller"}"\n\n'
        f"[operator]\nport = {udp_port}\n\n{extra}"
    )
    return path


def write_site(folder: Path, width_m: float, length_m: float) -> str:
    """A rectangle whose long side lies off every axis, safe ground around it; gives its [site] table."""
    yaw = 0.3
    corners = ((0.0, 0.0), (length_m, 0.0), (length_m, width_m), (0.0, width_m), (0.0, 0.0))
    turned = [(x * math.cos(yaw) - y * math.sin(yaw), x * math.sin(yaw) + y * math.cos(yaw)) for x, y in corners]
    ring = [list(lonlat) for lonlat in DATUM.lonlat_from_enu_array([list(corner) for corner in turned]).tolist()]
    feature = {
        "type": "Feature",
        "properties": {"role": "work_area"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    site = {"type": "FeatureCollection", "outside": "safe", "features": [feature]}
    (folder / "site.geojson").write_text(json.dumps(site))
    return '[site]\nfile = "site.geojson"\n'


class Bench:
    """One machine, one vehicle program, one operator. Only processes started here are ended here."""

    def __init__(self, folder: Path, file: DriveFile, machine: RealMachine, plan: Plan | None) -> None:
        self.folder, self.file, self.machine, self.plan = folder, file, machine, plan
        self.port = SessionPort(UdpPort.connect("127.0.0.1", file.config.operator.port), STATION_ID)
        self.hands = SimOperator(self.port, STATION_ID)
        self.vehicle: subprocess.Popen[bytes] | None = None
        self.started_ns = 0
        self.log = folder / "vehicle.log"

    @property
    def mode(self) -> Mode:
        """As the operator sees it."""
        return self.hands.mode

    def start_vehicle(self) -> None:
        """`flailpilot drive` as a process of its own."""
        self.started_ns = CLOCK.now_ns()
        self.port.forget()
        self.hands.seen = None
        command = [sys.executable, "-m", "flailpilot", "drive", str(self.file.path)]
        with self.log.open("ab") as log:
            self.vehicle = subprocess.Popen(command, stderr=log, stdout=log, cwd=ROOT)  # noqa: S603

    def signal_vehicle(self, number: signal.Signals) -> int:
        """Send; gives the moment at which it was sent [ns]."""
        assert self.vehicle is not None
        now_ns = CLOCK.now_ns()
        self.vehicle.send_signal(number)
        if number is signal.SIGKILL:
            self.vehicle.wait()
            self.vehicle = None
        return now_ns

    @property
    def reasons(self) -> tuple[str, ...]:
        """What the operator's screen names."""
        return (
            names(self.hands.seen.reasons | self.hands.seen.reasons_high << 64) if self.hands.seen is not None else ()
        )

    def diagnosis(self) -> str:
        """Where everything stands, for whoever reads of a failure."""
        ended = self.vehicle.poll() if self.vehicle is not None else "not started"
        said = self.log.read_text()[-400:] if self.log.exists() else ""
        return (
            f"mode {self.mode.name}, reasons {self.reasons}, session {bool(self.port.session_id)}, vehicle {ended}, "
            f"outputs {tuple(self.machine.outputs)}, it said: {said}"
        )

    def signal_controller(self) -> None:
        """`kill -9` of the controller; `machine.kill` then tidies up."""
        assert self.machine.process is not None
        self.machine.process.kill()

    async def operate(self) -> None:
        """The operator's console, until cancelled."""
        while True:
            now_ns = CLOCK.now_ns()
            self.hands.step(now_ns)
            await CLOCK.sleep_until_ns(now_ns + 10_000_000)

    async def heard(self) -> None:
        """The vehicle speaks, in a session of its own."""
        await until(lambda: self.port.heard_ns is not None, "the vehicle's first report")

    async def planned(self) -> None:
        """The vehicle holds a plan of its site; one that is ready only while it is armed is not taken."""
        hands = self.hands
        await until(
            lambda: hands.seen is not None and hands.seen.segment_count > 0,
            lambda: f"a plan; {self.diagnosis()}",
        )

    async def in_motion(self) -> None:
        """Driven by stick, rotor on, belts and rotor driven by the controller, machine moving.

        Where nothing follows the stick, the operator centres it and begins again: a gap in the frames, which a busy
        computer makes, asks for neutral sticks anew.
        """
        hands, machine = self.hands, self.machine
        deadline_ns = CLOCK.now_ns() + round(PATIENCE_S * NS_PER_S)

        def moves() -> bool:
            return self.mode is Mode.MANUAL and machine.outputs.rotor_radps > 5.0 and machine.speed_mps > 0.15

        while True:
            hands.goal, hands.drive, hands.rotor = Goal.MANUAL, 1.0, True
            try:
                return await until(moves, "motion with the rotor on", STICK_PATIENCE_S)
            except TimeoutError:
                if CLOCK.now_ns() > deadline_ns:
                    raise
            hands.drive, hands.rotor, sent = 0.0, False, len(hands.created_ns)
            await until(lambda sent=sent: len(hands.created_ns) >= sent + NEUTRAL_FRAMES, "neutral sticks")  # type: ignore[misc]

    async def at_rest(self) -> None:
        """Hands off, and nothing turns or rolls any more."""
        self.hands.goal, self.hands.rotor = Goal.REST, False
        plants = self.machine.plants
        await until(lambda: plants.tracks.standing and plants.flail.rotor_radps < 1.0, "standstill of tracks and rotor")

    def end(self) -> None:
        """Whatever still runs of what was started here."""
        if self.vehicle is not None:
            self.vehicle.kill()
            self.vehicle.wait()
        self.port.close()


@contextlib.asynccontextmanager
async def bench(folder: Path, *, extra: str = "", place: str = "") -> AsyncIterator[Bench]:
    """A bench whose controller, plant and operator run; the vehicle program is started by whoever uses it."""
    async with bench_of(
        folder, load_drive(write_config(folder, udp_port=free_port(), extra=extra, place=place))
    ) as made:
        yield made


@contextlib.asynccontextmanager
async def bench_of(folder: Path, file: DriveFile) -> AsyncIterator[Bench]:
    """The same for a configuration that was written already."""
    state = start_state(file)
    plan = state.mission.plan
    settings = MachineSettings(
        machine=file.vehicle.machine,
        config_hash=config_hash(file.vehicle),
        port_link=folder / "controller",
        datum=state.datum,
        start=start_pose(plan) if plan is not None else Pose(0.0, 0.0, 0.3),
    )
    machine = RealMachine(settings, CLOCK)
    made = Bench(folder, file, machine, plan)
    tasks: list[asyncio.Task[None]] = []
    try:
        await machine.start()
        tasks += [asyncio.create_task(machine.run()), asyncio.create_task(made.operate())]
        yield made
    finally:
        made.end()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await machine.kill()


def above_others(pid: int, priority: int = 20) -> bool:
    """Run a process before all ordinary work, where the system allows it."""
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(priority))
    except OSError:
        return False
    return True
