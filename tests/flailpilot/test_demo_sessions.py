"""Sessions of a demo: each begins disarmed at the start of the plan; what runs is told, and the sheet is kept."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from console.server.training import Training
from flailpilot.demo import HOST, SCENARIO, free_port
from flailpilot.demo_sessions import Sessions, Wish
from flailpilot.demo_stack import again, make_ready
from flailpilot.demo_training import exercise_named, with_exercise
from sim.live import LiveMachine
from sim.scenario import Scenario, site_path
from vehicle.config.load import load_toml_model
from vehicle.contracts.messages import Mode
from vehicle.host.clock import SystemClock

pytestmark = [pytest.mark.real, pytest.mark.long]
CLOCK = SystemClock()
PATIENCE_S = 240.0


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_toml_model(SCENARIO, Scenario)


def rig(folder: Path, scenario: Scenario, first: str = "") -> Sessions:
    port = free_port(socket.SOCK_DGRAM, 0, "operator link")
    ready = make_ready(scenario, site_path(scenario, SCENARIO), folder, port)
    called = free_port(socket.SOCK_DGRAM, 0, "ground station")
    return Sessions(ready, exercise_named(first), 1.0, folder / "out", called)


def test_a_session_begins_anew_on_the_ground_of_its_exercise(tmp_path: Path, scenario: Scenario) -> None:
    ready = make_ready(scenario, site_path(scenario, SCENARIO), tmp_path, 14_999)
    hard = again(ready, with_exercise(ready.scenario, exercise_named("hard-soil")))
    assert hard.state.session_id != ready.state.session_id
    assert hard.state.gate.mode is Mode.BOOT
    assert hard.plan.plan_hash == ready.plan.plan_hash
    assert (hard.key, hard.machine_id) == (ready.key, ready.machine_id)
    assert hard.scenario.ground.soil_energy_mj_per_m3 == 4.0
    assert ready.scenario.ground.soil_energy_mj_per_m3 != 4.0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await CLOCK.sleep_until_ns(CLOCK.now_ns() + 20_000_000)


def test_exercises_are_begun_and_left_one_after_the_other(tmp_path: Path, scenario: Scenario) -> None:
    """Each on a machine of its own; the vehicle's time never falls, so that pictures stay in order."""
    told: list[Training] = []
    machines: list[LiveMachine] = []
    times: list[int] = []

    def film(machine: LiveMachine, now_ns: int) -> None:
        if not machines or machines[-1] is not machine:
            machines.append(machine)
        times.append(now_ns)

    async def main() -> None:
        sessions = rig(tmp_path, scenario)
        sessions.told = told.append
        running = asyncio.ensure_future(sessions.run(lambda _: None, film))
        try:
            await until(lambda: len(times) > 20)
            assert not sessions.air_cut
            sessions.wish(Wish(begin="link-loss", hints=False))
            assert sessions.state.changing
            await until(lambda: sessions.state.running == "link-loss" and sessions.state.steps == 4)
            assert (sessions.state.hint, sessions.state.hints) == ("", False)
            sessions.wish(Wish(begin="slope"))
            await until(lambda: sessions.state.running == "slope" and not sessions.state.changing)
            assert sessions.state.hint == "take the machine, then ARM twice"
            assert sessions.state.result_of == "link-loss", "the last sheet stays until there is another"
            sessions.wish(Wish())
            await until(lambda: sessions.state.running == "" and not sessions.state.changing)
            assert sessions.state.result[0].startswith("slope: broken off after")
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    asyncio.run(main())
    assert len(machines) == 4
    assert times == sorted(times)
    assert len({path.name.rpartition("-")[0] for path in (tmp_path / "out").glob("*.json")}) == 2
    assert told[-1].running == ""


def test_what_fails_in_a_session_ends_the_demo(tmp_path: Path, scenario: Scenario) -> None:
    def film(_: LiveMachine, __: int) -> None:
        raise OSError("no more pictures")

    async def main() -> None:
        sessions = rig(tmp_path, scenario)
        await sessions.run(lambda _: None, film)

    with pytest.raises(BaseExceptionGroup) as found:
        asyncio.run(asyncio.wait_for(main(), PATIENCE_S))
    assert found.value.subgroup(OSError) is not None


def test_the_demo_listens_on_this_computer_alone() -> None:
    assert HOST == "127.0.0.1"
