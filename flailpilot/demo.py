"""`flailpilot demo`: a simulated machine with the unchanged vehicle program and console, driven from a browser.

Two processes: this one runs the ticks of the simulator and of the vehicle program in real time, the other one serves
the page. They use the real operator link (UDP on loopback), signed with keys made for this run.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from flailpilot.children import child
from flailpilot.demo_cameras import cameras
from flailpilot.demo_sessions import Sessions, Wish
from flailpilot.demo_stack import CALLED_PORT, GROUND_STATION_PORT, Ready, make_ready
from flailpilot.demo_training import exercise_named, listed
from flailpilot.exit_status import DONE
from flailpilot.options import DemoConsole
from sim.air import air
from sim.exercises import EXERCISES
from sim.scenario import Scenario, site_path
from vehicle.config.load import CONFIGS_PATH, load_toml_model
from vehicle.contracts.errors import InputError
from vehicle.host.realtime import freeze_heap, new_loop
from vehicle.runtime.app import plain

HOST: Final = "127.0.0.1"
SPEED_MIN: Final = 0.1
SPEED_MAX: Final = 10.0
SCENARIO: Final = CONFIGS_PATH / "scenarios" / "small.toml"


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`port`: of the page. `speed`: simulated seconds per second. `state`: folder for keys, else a temporary one.

    `headless`: a whole mission in virtual time, with its files in `out`, instead of a console. The same happens if a
    browser is wanted and there is no display.
    """

    port: int = 8080
    speed: float = 1.0
    scenario: Path | None = None
    site: Path | None = None
    training: str = ""
    browser: bool = True
    headless: bool = False
    out: Path = Path("runs/demo")
    state: Path | None = None


def run(asked: DemoOptions) -> int:
    """Run until Ctrl-C.

    Raises:
        InputError: The port is in use, or the site cannot be planned.
    """
    if asked.training == "list":
        print("\n".join(listed()))
        return DONE
    _check(asked)
    if asked.headless or (asked.browser and not asked.training and not has_display()):
        return _headless(asked)
    with contextlib.suppress(KeyboardInterrupt):
        _run(asked)
    say("ended")
    return DONE


def _headless(asked: DemoOptions) -> int:
    from flailpilot.options import SimOptions
    from flailpilot.simulate import run as simulate

    if not asked.headless:
        say("no display: a whole mission in virtual time; `flailpilot demo --no-browser` serves the console instead")
    scenario = asked.scenario if asked.scenario is not None else SCENARIO
    return simulate(SimOptions(out=asked.out, scenario=scenario, site=asked.site, lines=True))


def _run(asked: DemoOptions) -> None:
    page_port = free_port(socket.SOCK_STREAM, asked.port, "page")
    scenario, site = _scenario(asked)
    with _folder(asked.state) as folder:
        say(f"planning {site.name} ...")
        ready = make_ready(scenario, site, folder, free_port(socket.SOCK_DGRAM, 0, "operator link"))
        plan = ready.plan
        say(f"planned: {plan.area_m2:.0f} m2 in {len(plan.segments)} segments, {plan.time_s / 60.0:.0f} min of work")
        with asyncio.Runner(loop_factory=new_loop) as runner, contextlib.suppress(asyncio.CancelledError), plain():
            runner.run(_serve(asked, ready, folder, page_port))


def _check(asked: DemoOptions) -> None:
    if not 0 <= asked.port <= 65535:
        raise InputError(f"--port {asked.port}: give 0 to 65535")
    exercise_named(asked.training)
    if not SPEED_MIN <= asked.speed <= SPEED_MAX:
        raise InputError(f"--speed {asked.speed:g}: give {SPEED_MIN:g} to {SPEED_MAX:g}")


def say(line: str) -> None:
    """Print one line for people."""
    print(f"demo: {line}", flush=True)


def free_port(kind: socket.SocketKind, port: int, what: str) -> int:
    """Return `port`, or any free port if it is 0; the port is free at this moment.

    Raises:
        InputError: The port is in use.
    """
    with socket.socket(socket.AF_INET, kind) as trial:
        if kind is socket.SOCK_STREAM:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as refusal:
            words = (refusal.strerror or str(refusal)).lower()
            raise InputError(f"{what} port {port}: {words}; choose another with --port N") from None
        return int(trial.getsockname()[1])


def has_display() -> bool:
    """Whether a browser can be displayed."""
    if os.environ.get("HEADLESS"):
        return False
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _scenario(asked: DemoOptions) -> tuple[Scenario, Path]:
    path = asked.scenario if asked.scenario is not None else SCENARIO
    scenario = load_toml_model(path, Scenario)
    site = asked.site if asked.site is not None else site_path(scenario, path)
    # in a demo, the checks that people make before a mission count as done
    return scenario.model_copy(update={"checks": "made"}), site


@contextlib.contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Yield the run's folder; a temporary one is deleted at the end."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="flailpilot-demo-") as made:
        yield Path(made)


async def _serve(asked: DemoOptions, ready: Ready, folder: Path, page_port: int) -> None:
    task = asyncio.current_task()
    assert task is not None
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
    async with contextlib.AsyncExitStack() as closing:
        sessions = Sessions(ready, exercise_named(asked.training), asked.speed, asked.out, _called_port())
        vehicle = (HOST, ready.file.config.operator.port)
        link_port = await closing.enter_async_context(air(vehicle, lambda: sessions.air_cut))
        freeze_heap()
        video_port = free_port(socket.SOCK_STREAM, 0, "cameras")
        film = await closing.enter_async_context(cameras(ready, folder, video_port, asked.speed))
        say(signed_port(link_port, ready.file.beside("keys.json")))
        async with asyncio.TaskGroup() as group:
            group.create_task(sessions.run(say, film))
            group.create_task(_page(asked, ready, folder, Ports(page_port, link_port, video_port), sessions))


def signed_port(port: int, keys: Path) -> str:
    """Return the line that says where a station with a key reaches this vehicle."""
    return f"a station with a key (`observe`, `stop`, `console`) reaches it on UDP {HOST}:{port}; keys in {keys}"


class Ports(msgspec.Struct, frozen=True):
    """Ports of the page, of the operator link as the console uses it, and of the cameras."""

    page: int
    link: int
    video: int


def _called_port() -> int:
    """Return the port that unsigned ground stations call: the usual one where it is free."""
    try:
        called = free_port(socket.SOCK_DGRAM, CALLED_PORT, "ground station")
    except InputError:
        called = free_port(socket.SOCK_DGRAM, 0, "ground station")
    say(f"QGroundControl and MAVProxy find it on UDP {GROUND_STATION_PORT}, or call UDP {called} (no key)")
    return called


async def _page(asked: DemoOptions, ready: Ready, folder: Path, ports: Ports, sessions: Sessions) -> None:
    settings = DemoConsole(
        state_folder=str(folder),
        name=ready.scenario.name,
        host=HOST,
        port=ports.link,
        system_id=ready.key.system_id,
        secret=ready.key.secret,
        machine_id=ready.machine_id,
        page_port=ports.page,
        token=secrets.token_urlsafe(24),
        speed=asked.speed,
        exercises=tuple(EXERCISES),
        video_port=ports.video,
    )
    path = folder / "console.json"
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(settings))
    async with child("flailpilot", "demo-console", str(path)) as server:
        assert server.stdout is not None
        url = (await server.stdout.readline()).decode().strip().replace(HOST, "localhost")
        if url:
            say(f"open {url}")
            if asked.browser and has_display():
                await asyncio.to_thread(webbrowser.open, url)
        await _wishes(server, sessions)
        status = await server.wait()
    raise InputError(f"the console's server ended (status {status}); see the line above")


async def _wishes(server: asyncio.subprocess.Process, sessions: Sessions) -> None:
    """Tell the page's server what runs, and pass on what its page asks for, until it ends."""
    assert server.stdin is not None
    assert server.stdout is not None
    stdin = server.stdin
    sessions.told = lambda state: stdin.write(msgspec.json.encode(state) + b"\n")
    sessions.told(sessions.state)
    while line := await server.stdout.readline():
        sessions.wish(msgspec.json.decode(line, type=Wish))
