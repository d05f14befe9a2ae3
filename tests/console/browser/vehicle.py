"""The simulated machine and the unchanged vehicle program of `flailpilot demo`, as a process that a test asks.

`python -m tests.console.browser.vehicle FOLDER` answers each line of JSON on stdin with one on stdout; the first line
tells where it is. Between it and consoles lies an air that loses what a test wants lost.
"""

import asyncio
import base64
import contextlib
import random
import sys
from collections import deque
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.ports import free_port
from console.server.ground_classes import classes
from flailpilot.demo import SCENARIO
from flailpilot.demo_cameras import fed, seen_of
from flailpilot.demo_stack import Stack, assemble, make_ready, run_stack
from sim.air import air
from sim.camera_feed import PERIOD_TICKS, packed
from sim.paced import PacedClock
from sim.scenario import Scenario, site_path
from vehicle.config.load import load_toml_model
from vehicle.contracts.stop_reasons import names
from vehicle.contracts.units import TICK_NS
from vehicle.control.ground import raster
from vehicle.control.ledger import withdrawal
from vehicle.host.clock import SystemClock
from vehicle.host.realtime import new_loop
from vehicle.operator_link.keystore import KeyStore

CLOCK = SystemClock()
DRAWN = random.Random(1)
SECOND_ID = 8
KEPT = 60_000
"""Changes of the set-point that are remembered."""


class Watch(msgspec.Struct):
    """What a test may ask: every change of the controller's set-point, with the time of the whole computer [ns]."""

    stack: Stack
    loss_ratio: float = 0.0
    pictures: bool = True
    ticks: int = 0
    changes: deque[tuple[int, float, float]] = msgspec.field(default_factory=lambda: deque(maxlen=KEPT))

    def tick(self, now_ns: int) -> None:
        """After the machine's step, before the vehicle's."""
        del now_ns
        self.ticks += 1
        left, right = self.stack.machine.world.controller.setpoint_mps
        if not self.changes or self.changes[-1][1:] != (left, right):
            self.changes.append((CLOCK.now_ns(), left, right))

    def lost(self) -> bool:
        """This datagram."""
        return DRAWN.random() < self.loss_ratio


def answer(watch: Watch, asked: dict[str, Any]) -> dict[str, Any]:
    """One question; names of commands are those of `Vehicle` in `stack.py`."""
    match asked["do"]:
        case "look":
            return _look(watch)
        case "loss":
            watch.loss_ratio = float(asked["ratio"])
        case "pictures":
            watch.pictures = bool(asked["on"])
        case "setpoints":
            return {"changes": [list(one) for one in watch.changes if one[0] >= int(asked["from_ns"])]}
        case "ground":
            return _ground(watch)
        case "contact":
            setattr(watch.stack.machine.world.controller, str(asked["name"]), bool(asked["on"]))
        case "reset_at_machine":
            watch.stack.machine.world.controller.reset_at_machine()
        case "tilt":
            watch.stack.machine.world.tracks.roll_rad = float(asked["rad"])
    return {}


def _look(watch: Watch) -> dict[str, Any]:
    stack = watch.stack
    truth, state = stack.machine.world.truth(), stack.vehicle.loop.state
    left, right = stack.machine.world.controller.setpoint_mps
    return {
        "now_ns": CLOCK.now_ns(),
        "tick": watch.ticks,
        "mode": state.gate.mode.name,
        "e": truth.east_m,
        "n": truth.north_m,
        "yaw": truth.yaw_rad,
        "speed": truth.speed_mps,
        "setpoint": [left, right],
        "rotor": truth.rotor_radps,
        "lost_ms": stack.clock.late.lost_ns / 1e6,
        "stroke": withdrawal.newest(state.ledger),
        "reasons": list(names(state.gate.active | state.gate.latched | state.gate.shown)),
        "holder": state.gate.holder,
    }


def _ground(watch: Watch) -> dict[str, Any]:
    """Class bytes of all tiles of the vehicle's own record."""
    ledger = watch.stack.vehicle.loop.state.ledger
    found = {}
    for block in ledger.tiles.values():
        for key in block:
            cells = classes(raster.find(ledger.tiles, key), ledger.firm, ledger.unclosed)
            found[f"{key[0]},{key[1]}"] = base64.b64encode(cells.tobytes()).decode()
    return {"tiles": found, "stroke": withdrawal.newest(ledger)}


async def _commands(watch: Watch) -> None:
    """Until stdin ends."""
    heard = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(heard), sys.stdin)
    while line := await heard.readline():
        _tell(answer(watch, msgspec.json.decode(line)))


def _tell(words: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(words).decode() + "\n")
    sys.stdout.flush()


async def _run(folder: Path, speed: float, *, seen: bool) -> None:
    scenario = load_toml_model(SCENARIO, Scenario)
    site = site_path(scenario, SCENARIO)
    scenario = scenario.model_copy(update={"checks": "made"})
    ready = make_ready(scenario, site, folder, free_port())
    second = KeyStore(folder / "keys.json").create("second console", SECOND_ID)
    async with contextlib.AsyncExitStack() as closing:
        clock = PacedClock(SystemClock(), speed)
        stack = assemble(ready, clock, closing)
        watch = Watch(stack)
        vehicle = ("127.0.0.1", ready.file.config.operator.port)
        port = await closing.enter_async_context(air(vehicle, watch.lost))
        tell, video_port = _nobody, None
        if seen:
            tell, video_port = await _cameras(stack, watch, folder, closing, speed)

        def each_tick(now_ns: int) -> None:
            watch.tick(now_ns)
            tell(now_ns)

        running = asyncio.ensure_future(run_stack(stack, _words, each_tick))
        _tell(
            {
                "port": port,
                "name": scenario.name,
                "machine_id": ready.machine_id,
                "keys": {str(one.system_id): one.secret for one in (ready.key, second)},
                "first_id": ready.key.system_id,
                "video_port": video_port,
            }
        )
        await asyncio.wait([running, asyncio.ensure_future(_commands(watch))], return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _cameras(
    stack: Stack, watch: Watch, folder: Path, closing: contextlib.AsyncExitStack, speed: float
) -> tuple[Any, int]:
    """The cameras' process; what tells it the state, unless a test holds the picture."""
    port = free_port()
    stdin = await closing.enter_async_context(fed(stack.ready, folder, port, speed))

    def tell(now_ns: int) -> None:
        if now_ns // TICK_NS % PERIOD_TICKS == 0 and watch.pictures and not stdin.is_closing():
            stdin.write(packed(seen_of(stack.machine, now_ns)))

    return tell, port


def _words(line: str) -> None:
    sys.stderr.write(line + "\n")


def _nobody(now_ns: int) -> None:
    """No camera."""
    del now_ns


def main(folder: Path, speed: float, *, seen: bool) -> None:
    """Run until stdin ends; `seen`: with cameras, which cost a third of a processor."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_run(folder, speed, seen=seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), seen="cameras" in sys.argv[3:])
