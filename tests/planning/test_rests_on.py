"""A plan names the records by which ground bears; no vehicle drives on ground of another that it did not take over."""

import msgspec
import pytest

from campaign.fault_scenario import swath_plan
from tests.builders import config
from vehicle.config.load import load_machine
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan, PlanAssignment, RecordSeal, rests_on_untaken
from vehicle.control import plan_assignment
from vehicle.control.state import GateState, VehicleState
from vehicle.planning.coverage.closing import plan_hash_of, resting_on
from vehicle.records.start import attachments_of, state_of

PLAN = swath_plan(load_machine("memat"))
FROM_A, FROM_B = RecordSeal(vehicle_id="A", seal="a" * 32), RecordSeal(vehicle_id="test", seal="b" * 32)


def state(**changes: object) -> VehicleState:
    made = VehicleState(config=config(), datum=PLAN.datum, gate=GateState(mode=Mode.DISARMED))
    return msgspec.structs.replace(made, **changes)


def test_a_plan_that_rests_on_nothing_is_byte_for_byte_as_before() -> None:
    assert b"rests_on" not in msgspec.json.encode(PLAN)
    assert resting_on(PLAN, ()) is PLAN
    assert rests_on_untaken(PLAN, "test", ()) == ""


def test_the_records_are_part_of_the_name() -> None:
    one, other = resting_on(PLAN, (FROM_A,)), resting_on(PLAN, (FROM_A, FROM_B))
    assert len({PLAN.plan_hash, one.plan_hash, other.plan_hash}) == 3
    assert plan_hash_of(one) == one.plan_hash
    again = msgspec.json.decode(msgspec.json.encode(other), type=Plan)
    assert again == other
    bare = msgspec.structs.replace(one, rests_on=())
    assert plan_hash_of(bare) != one.plan_hash, "what was taken out is noticed"


@pytest.mark.parametrize(
    ("records", "taken", "told"),
    [
        ((FROM_B,), (), ""),
        ((FROM_A,), ("a" * 32,), ""),
        ((FROM_B, FROM_A), ("c" * 32, "a" * 32), ""),
        ((FROM_A,), (), "ground of A"),
        ((FROM_B, FROM_A), ("b" * 32,), "ground of A"),
    ],
)
def test_ground_of_another_vehicle_wants_its_record(
    records: tuple[RecordSeal, ...], taken: tuple[str, ...], told: str
) -> None:
    plan = resting_on(PLAN, records)
    found = rests_on_untaken(plan, "test", taken)
    assert told in found
    assert bool(found) is bool(told)
    after, events = plan_assignment.step(state(taken_over=taken), PlanAssignment(plan=plan), 1)
    assert (after.mission.plan is plan) is not bool(told)
    assert any("plan refused" in event.text for event in events) is bool(told)


def test_what_was_taken_over_is_in_a_recordings_start() -> None:
    kept = state(taken_over=("a" * 32,))
    assert state_of(attachments_of(kept, "{}")).taken_over == ("a" * 32,)
