import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from flailpilot.demo import SCENARIO, has_display, signed_port
from flailpilot.demo_stack import assemble, make_ready, own_key
from flailpilot.demo_training import second_console
from sim.exercises import EXERCISES
from sim.paced import PacedClock
from sim.scenario import Scenario, site_path
from sim.virtual_time import run_virtual
from tests.flailpilot.test_bad_input import flailpilot, refused
from vehicle.config.load import load_toml_model
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import TICK_NS
from vehicle.operator_link.keystore import KeyStore

pytestmark = pytest.mark.long


def test_a_taken_port_is_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refused("demo", "--no-browser", "--port", port) == (
            f"flailpilot: page port {port}: address already in use; choose another with --port N"
        )


@pytest.mark.parametrize("given", ["0", "0.01", "11", "nan", "fast"])
def test_a_speed_that_cannot_be_is_one_line(given):
    assert "--speed" in refused("demo", "--no-browser", "--speed", given)


def test_a_site_that_is_not_there_is_one_line(tmp_path: Path):
    assert "no such file" in refused("demo", "--no-browser", "--port", "0", "--site", tmp_path / "none.geojson")


def test_without_a_display_no_browser_is_opened(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("HEADLESS", raising=False)
    assert has_display()
    monkeypatch.setenv("HEADLESS", "1")
    assert not has_display()


def test_the_unchanged_vehicle_comes_up_disarmed_with_its_site_planned(tmp_path: Path):
    scenario = load_toml_model(SCENARIO, Scenario)
    ready = make_ready(scenario, site_path(scenario, SCENARIO), tmp_path, 14_999)
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
    assert ready.state.mission.plan is not None
    assert ready.state.mission.plan.plan_hash == ready.plan.plan_hash

    async def main(clock):
        with contextlib.suppress(asyncio.CancelledError):
            async with contextlib.AsyncExitStack() as closing:
                made = assemble(ready, PacedClock(clock), closing)
                for tick in range(1, 100):
                    made.machine.step(tick * TICK_NS)
                    made.vehicle.loop.step(tick * TICK_NS)
                return made

    made = run_virtual(main)
    state = made.vehicle.loop.state
    assert state.gate.mode is Mode.DISARMED
    assert made.vehicle.link.agreed
    assert state.wire.gnss is not None
    assert made.vehicle.loop.failures == {}
    truth = made.machine.world.truth()
    assert (truth.east_m, truth.north_m) == pytest.approx(ready.plan.segments[0].points_m[0], abs=0.02)


def test_a_second_demo_on_the_same_folder_goes_on_with_its_keys(tmp_path: Path):
    scenario = load_toml_model(SCENARIO, Scenario)
    first, second = (make_ready(scenario, site_path(scenario, SCENARIO), tmp_path, 14_999) for _ in range(2))
    assert (second.key, second.machine_id) == (first.key, first.machine_id)
    assert second_console(second) == second_console(first)
    store = KeyStore(tmp_path / "keys.json")
    assert [key.name for key in store.load().keys] == ["console", "second console"]


def test_a_key_that_was_revoked_or_belongs_to_another_station_is_not_used_again(tmp_path: Path):
    store = KeyStore(tmp_path / "keys.json")
    first = own_key(store, "console", 7)
    store.revoke("console")
    second = own_key(store, "console", 7)
    assert second.secret not in ("", first.secret)
    newer = store.rotate("console")
    assert own_key(store, "console", 7) == newer
    with pytest.raises(InputError, match="system id 7 belongs to console 'console'"):
        own_key(store, "another", 7)
    store.create("button", 8, stop_only=True)
    with pytest.raises(InputError, match="has a key already"):
        own_key(store, "button", 8)


def test_an_exercise_that_is_not_there_is_one_line_with_the_nearest():
    assert "did you mean rtk-loss?" in refused("demo", "--no-browser", "--port", "0", "--training", "rtk-los")


def test_exercises_are_listed():
    status, said, _ = flailpilot("demo", "--training", "list")
    assert status == 0
    assert [line.split()[0] for line in said.splitlines()] == list(EXERCISES)


def test_without_a_display_the_mission_is_driven_in_virtual_time(monkeypatch):
    asked = []
    monkeypatch.setenv("HEADLESS", "1")
    monkeypatch.setattr("flailpilot.simulate.run", lambda options: asked.append(options) or 0)
    status, said, _ = flailpilot("demo")
    assert status == 0
    assert "no display" in said
    assert asked[0].lines
    assert asked[0].out == Path("runs/demo")
    assert asked[0].scenario == SCENARIO


def test_the_line_for_stations_with_a_key_names_the_port(tmp_path: Path):
    line = signed_port(14612, tmp_path / "keys.json")
    assert f"127.0.0.1:14612; keys in {tmp_path / 'keys.json'}" in line
