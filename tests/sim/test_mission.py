"""The main job: a whole lane-coverage mission on the example site, and the same bytes when it is driven again."""

import hashlib
from pathlib import Path

import msgspec
import pytest
from mcap.reader import make_reader

from campaign.outcome import RunFiles, job_facts, summary_of
from campaign.run import Outcome, run_mission
from sim.scenario import Scenario
from vehicle.config.load import load_machine, load_toml_model
from vehicle.config.vehicle import footprint
from vehicle.contracts.messages import Mode
from vehicle.control.checks.room import planned_bound_m
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.site.site import load_site
from vehicle.records.writer import McapRecorder, TickRecord
from vehicle.runtime.loop import Inbox

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "configs/scenarios/example.toml"


def drive(folder: Path, **changes: object) -> tuple[RunFiles, Outcome]:
    scenario = load_toml_model(SCENARIO, Scenario).model_copy(update=changes)
    machine = load_machine(scenario.machine)
    site = load_site(ROOT / "configs/sites/example.geojson")
    plan = plan_site(site, footprint(machine), PlanSettings(side_slope_rad=0.0873, bound_m=planned_bound_m(machine)))
    outcome = run_mission(scenario, machine, site, plan, McapRecorder(folder / "run.mcap", {}))
    return RunFiles(out_dir=folder, scenario=scenario, site=site, plan=plan, outcome=outcome), outcome


@pytest.mark.slow
def test_the_example_site_is_processed_whole(tmp_path: Path) -> None:
    files, outcome = drive(tmp_path)
    summary = summary_of(files, job_facts(files).found, wall_s=1.0)
    assert outcome.finished
    assert summary.missed_m2 == 0.0, summary.missed
    assert summary.false_credit_m2 == 0.0
    assert summary.invariant_violations == []
    assert summary.ok
    assert summary.processed_m2 == pytest.approx(summary.area_m2 - summary.untreatable_m2, abs=1.0)
    assert summary.untreatable_m2 < 0.01 * summary.area_m2
    assert outcome.state.gate.mode is Mode.DISARMED
    # on healthy ground with a healthy machine only the radio may stop it
    assert {stop.reasons[0] for stop in outcome.stops} <= {"link_lost", "link_flapping"}
    assert len(outcome.stops) <= 6


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for number, seed in enumerate((5, 5, 6)):
        folder = tmp_path / str(number)
        folder.mkdir()
        drive(folder, seed=seed, sim_max_s=30.0)
        digests.append(hashlib.sha256((folder / "run.mcap").read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_the_recording_holds_what_the_tick_needs_to_be_run_again(tmp_path: Path) -> None:
    drive(tmp_path, sim_max_s=20.0)
    decoder, inbox, ticks, seen = msgspec.msgpack.Decoder(TickRecord), Inbox(), 0, 0
    with (tmp_path / "run.mcap").open("rb") as stream:
        for _, channel, message in make_reader(stream).iter_messages():
            if channel.topic == "/tick":
                record = decoder.decode(message.data)
                ticks += 1
                assert record.tick == ticks
                inputs = inbox.inputs(record.controller_in, record.operator_in, record.overrun, record.recording)
                seen += inputs.status is not None
    assert ticks == 1000
    assert seen > 900
