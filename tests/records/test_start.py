"""What a run starts from comes back out of its recording whole, or is refused in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import zstandard

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings, swath_plan
from campaign.sim_operator import Goal
from firmware_bridge.flail_adapter import FlailAdapter
from tests import builders
from vehicle.config.vehicle import config_hash
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.checks.room import all_made
from vehicle.control.plan_assignment import assign_plan
from vehicle.control.state import VehicleState
from vehicle.records import reader, start
from vehicle.records.writer import McapRecorder
from vehicle.runtime import latches

RING = ((-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0))
EVERY_REASON = sum(1 << reason for reason in StopReason)


def restored() -> VehicleState:
    """A vehicle whose last run ended in motion and with every reason latched, with a plan and a boundary."""
    state = builders.vehicle_state()
    plan = msgspec.structs.replace(swath_plan(state.config.machine), unproven_m=(RING,))
    state = assign_plan(state, plan, (RING,))
    kept = msgspec.structs.replace(state.gate, latched=EVERY_REASON, mode=Mode.MANUAL)
    gate = latches.restored(state.gate, latches.encode(kept))
    return msgspec.structs.replace(state, gate=gate, checks=all_made(), session_id=2**62)


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    state = restored()
    recorder = McapRecorder(tmp_path / "run.mcap", {})
    recorder.begin(state, FlailAdapter())
    recorder.close()
    again = start.state_of(reader.read(tmp_path / "run.mcap", ()).attachments)
    assert start.state_hash(again) == start.state_hash(state)
    assert again.gate.latched == EVERY_REASON
    assert again.mission.plan == state.mission.plan
    assert np.array_equal(again.mission.unproven_m, state.mission.unproven_m)
    assert config_hash(again.config) == config_hash(state.config)


def test_it_is_on_the_disk_before_the_first_tick_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    recorder = McapRecorder(path, {})
    recorder.begin(restored(), FlailAdapter())
    torn = reader.read(path, ())
    assert not torn.whole
    assert start.state_of(torn.attachments).session_id == 2**62
    recorder.close()


@pytest.mark.long
def test_a_ledger_with_ground_in_it_comes_back() -> None:
    drill = FaultScenario(FaultScenarioSettings(seed=2)).drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    drill.run(60.0)
    state = drill.state
    packed = [content for tiles in state.ledger.tiles.values() for content in tiles.values()]
    assert any(isinstance(content, np.ndarray) for content in packed)
    begun = msgspec.structs.replace(builders.vehicle_state(builders.config()), ledger=state.ledger, datum=state.datum)
    again = start.state_of(start.attachments_of(begun, "{}"))
    assert start.state_hash(again) == start.state_hash(begun)
    assert again.ledger.credited_m2 == state.ledger.credited_m2 > 0.0


def test_two_states_that_differ_in_one_bit_differ_in_their_hash() -> None:
    state = restored()
    changed = [
        msgspec.structs.replace(state, gate=msgspec.structs.replace(state.gate, shown=state.gate.shown ^ 1 << 70)),
        msgspec.structs.replace(state, flail=msgspec.structs.replace(state.flail, led_ratio=0.5000000000000001)),
        assign_plan(state, None),
    ]
    assert len({start.state_hash(one) for one in (state, *changed)}) == 4


def test_what_cannot_be_started_from_is_refused() -> None:
    found = start.attachments_of(restored(), "{}")
    with pytest.raises(InputError, match="before format 3"):
        start.state_of({})
    with pytest.raises(InputError, match="cannot be read"):
        start.state_of(found | {start.STATE: found[start.STATE][:-9]})
    kept = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(found[start.STATE]))
    other = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(kept | {"session_id": 7}))
    with pytest.raises(InputError, match="another one to this program"):
        start.state_of(found | {start.STATE: other})


def of_another_build(found: dict[str, bytes], change: Callable[[dict[str, Any]], object]) -> dict[str, bytes]:
    """The attachments of a build whose state had other fields."""
    kept = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(found[start.STATE]))
    change(kept)
    kept["hash"] = b""
    kept["hash"] = start._hash(msgspec.json.decode(found[start.PLAN], type=Plan), kept)
    return found | {start.STATE: zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(kept))}


def test_a_state_of_a_build_that_had_fewer_fields_is_taken_with_their_defaults() -> None:
    found = start.attachments_of(restored(), "{}")
    older = of_another_build(found, lambda kept: (kept.pop("job_left"), kept["gate"].pop("reset_sequence")))
    assert start.state_hash(start.state_of(older)) == start.state_hash(restored())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda kept: kept.update(new=1), "state.new"),
        (lambda kept: kept["gate"].update(new=1), "state.gate.new"),
        (lambda kept: kept["gate"].update(latched=1), "state.gate.latched"),
        (lambda kept: kept["estimate"]["drift"].update(ticks=1, new=None), "state.estimate.drift.new"),
    ],
)
def test_a_state_with_a_field_that_means_nothing_here_is_refused_by_its_name(
    change: Callable[[dict[str, Any]], object], field: str
) -> None:
    found = start.attachments_of(restored(), "{}")
    with pytest.raises(InputError, match=rf"\({field}\); replay it with the program that recorded it"):
        start.state_of(of_another_build(found, change))
