"""The recording of every stop names its reason, the age of the operator's frame, how it is left, and its text."""

import re

import pytest

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from vehicle.contracts.messages import Event, Mode
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.control.events import RESET_RULES

LINE = re.compile(r"stop: (\w+); operator's frame (forgotten|[\d.]+ s old); left by (.+) \(([ANPH])\); (.+)")
STOPS = (
    # fault, what the operator wants, reason, age of the newest frame [s] at most
    ("radio_loss", Goal.MANUAL, "link_lost", 0.46),
    ("radio_loss", Goal.MISSION, "link_lost", 0.46),
    ("stop_pressed", Goal.MANUAL, "operator_stop", 0.2),
    ("fire", Goal.MISSION, "fire", 0.2),
    ("heading_lost", Goal.MISSION, "heading_lost", 0.2),
    ("encoder_dead", Goal.MANUAL, "track_sensor", 0.2),
    ("console_frozen", Goal.MANUAL, "console_frozen", 0.2),
    ("estop_pressed", Goal.MANUAL, "estop_console", 0.2),
)


class Kept:
    """Keeps the events."""

    name = "kept"

    def __init__(self) -> None:
        self.events: list[Event] = []

    def accept(self, record: TickRecord) -> None:
        self.events += record.outputs.events


@pytest.mark.long
@pytest.mark.parametrize(("fault", "goal", "reason", "age_max_s"), STOPS)
def test_the_line_of_a_stop(fault: str, goal: Goal, reason: str, age_max_s: float) -> None:
    kept = Kept()
    drill = FaultScenario(FaultScenarioSettings(seed=3), sinks=(kept,)).drive(goal, 0.25)
    assert drill.until((Mode.AUTO_WORK,) if goal is Goal.MISSION else (Mode.MANUAL,), 25.0)
    drill.run(6.0)
    before = drill.watch.stops
    FAULTS[fault].inject(drill, max(0.6, FAULTS[fault].low))
    drill.drive(Goal.REST) if goal is Goal.MISSION else drill.run(0.1)
    drill.run(2.0)
    lines = [event for event in kept.events if event.kind == "stop"]
    assert len(lines) == drill.watch.stops == before + 1
    found = LINE.fullmatch(lines[-1].text)
    assert found is not None, lines[-1].text
    name, age, left, letter, text = found.groups()
    rule = RULES[StopReason[name.upper()]]
    assert name == reason
    assert float(age.removesuffix(" s old")) <= age_max_s
    assert (letter, left, text) == (rule.recovery.value, RESET_RULES[letter], rule.text)


@pytest.mark.long
def test_a_wait_writes_no_line_of_a_stop_before_it_becomes_one() -> None:
    kept = Kept()
    drill = FaultScenario(FaultScenarioSettings(seed=3), sinks=(kept,)).drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    drill.run(6.0)
    before = drill.watch.stops
    FAULTS["gnss_float"].inject(drill, 1.0)
    drill.run(10.0)
    assert drill.mode is Mode.WAIT
    assert [event for event in kept.events if event.kind == "stop"] == []
    assert drill.until((Mode.HOLD,), 11.0)
    lines = [LINE.fullmatch(event.text) for event in kept.events if event.kind == "stop"]
    assert [line[1] for line in lines if line is not None] == ["position_float"]
    assert len(lines) == drill.watch.stops - before == 1


def test_every_reset_rule_has_its_words() -> None:
    assert set(RESET_RULES) == {rule.recovery.value for rule in RULES}
