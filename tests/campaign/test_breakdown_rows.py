"""The rows of *Breakdown in the work area* and *By case* of docs/WORKING_DAY.md, each with its fault.

The operator does what row, steps and screen name. The end is what the row promises: driving again, backed out over the
own strip, or standing with rotor at rest, engine off and brakes closed, so that the recovery plan can begin.
"""

import math
import re

import pytest

from campaign import fault_scenario
from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from firmware_bridge.types import ObservationKind
from tests.campaign import scenes
from tests.campaign.test_engine_start import fitted
from tests.campaign.text_operator import EDGES, TextOperator
from tests.campaign.text_reader import Act, acts_in, page, table
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long

STEPS = {int(row[0]): row for row in table(page("WORKING_DAY"), "## Breakdown in the work area")}
BY_CASE = {row[0]: row for row in table(page("WORKING_DAY"), "### By case")}
TOW = page("WORKING_DAY").partition("### Tow")[2].partition("\n### ")[0]
STOPPED = (Mode.HOLD, Mode.ESTOP, Mode.FAULT)
STILL_M = 0.05
HELD_S = 12.0
"""START ENGINE: hold-to-run 3 s, the horn 5 s, and the starter."""


def broken(fault: str, strength: float, hold_s: float, *, heal: bool = True) -> TextOperator:
    """In the swath; the fault strikes, and the machine has stopped."""
    drill = scenes.work()
    person = TextOperator(drill)
    FAULTS[fault].inject(drill, strength)
    act = FAULTS[fault].act
    for _ in range(round(hold_s * 50.0)):
        if act is not None:
            act(drill, strength)
        person.run(0.02)
    if heal:
        FAULTS[fault].heal(drill)
    assert person.until_mode(STOPPED, 10.0), (drill.mode, drill.reasons)
    person.run(1.0)
    return person


def place(person: TextOperator) -> tuple[float, float]:
    return person.drill.world.tracks.east_m, person.drill.world.tracks.north_m


def ahead_m(person: TextOperator, before: tuple[float, float]) -> float:
    """How far ahead the machine went since, along its strip."""
    east, north = place(person)
    yaw = fault_scenario.YAW_RAD
    return (east - before[0]) * math.cos(yaw) + (north - before[1]) * math.sin(yaw)


def made_safe(person: TextOperator) -> None:
    """Steps 2 and 4 to 7: rotor at rest, engine off, brakes, cameras and the note; it stands where it stood."""
    drill = person.drill
    if drill.mode is not Mode.ESTOP:
        person.do(Act.ENGINE_OFF, STEPS[4][2])
    assert person.until_mode((Mode.ESTOP,), 2.0), "mode *E-stop, engine off*"
    person.do(Act.RESTS, "rotor stands")
    here = place(person)
    person.run(5.0)
    assert math.dist(here, place(person)) < STILL_M, STEPS[5][3]
    assert not drill.world.engine.running
    assert drill.world.controller.outputs.brake
    assert person.tell(ObservationKind.NOTE, text="engine stalled, tow") == "", STEPS[7][3]
    assert drill.mode is Mode.ESTOP


def test_every_case_of_the_page_is_driven_here() -> None:
    assert set(BY_CASE) == {
        "engine stalled", "track thrown", "stuck", "radio dead", "fire", "roll-over", "detonation under a track"
    }  # fmt: skip
    assert list(STEPS) == list(range(1, 12))


def test_stuck_two_tries_back_by_stick_lead_out() -> None:
    person = broken("tracks_dig", 0.9, 6.0)
    assert set(re.findall(r"`(\w+)`", BY_CASE["stuck"][1])) & set(person.drill.reasons), person.drill.reasons
    assert Act.BACK in acts_in(BY_CASE["stuck"][2])
    here = place(person)
    person.follow(person.shown)
    assert person.drive(-0.5)
    assert ahead_m(person, here) < -STILL_M, "never forwards"


def test_stuck_for_good_it_is_made_safe_and_towed_back_and_drives_again() -> None:
    person = broken("tracks_dig", 0.9, 6.0)
    drill, tracks = person.drill, person.drill.world.tracks
    person.follow(person.shown)
    tracks.slip_left_ratio = tracks.slip_right_ratio = 1.0
    for _ in range(2):
        assert not person.drive(-0.5, 5.0)
        person.run(1.0)
        if drill.mode in STOPPED:
            person.follow(person.shown)
    person.do(Act.STOP, STEPS[1][2])
    made_safe(person)
    here = place(person)
    tracks.slip_left_ratio = tracks.slip_right_ratio = 0.03
    FAULTS["slides_braked"].inject(drill, -0.3)
    person.run(6.0)
    FAULTS["slides_braked"].heal(drill)
    person.run(2.0)
    assert ahead_m(person, here) < -1.0
    assert "full check due" in TOW
    assert person.tell(ObservationKind.NOTE, text="transport") == ""
    assert "check_due" in drill.reasons
    person.follow(person.shown)
    assert drill.mode is Mode.MANUAL, (drill.mode, drill.reasons, person.done)
    assert person.drive(0.3), drill.reasons


def stalled(monkeypatch: pytest.MonkeyPatch) -> TextOperator:
    """By stick over its own strip, of a machine that can be started from a console; its engine stalls."""
    monkeypatch.setattr(fault_scenario, "load_machine", fitted)
    drill = FaultScenario().drive(Goal.MANUAL, 0.25, 0.0)
    assert drill.moves(15.0), drill.reasons
    drill.drive(Goal.STAND).run(20.0)  # the starter rests for 30 s after the start of the program
    person = TextOperator(drill)
    drill.world.engine.stall()
    assert person.until_mode(STOPPED, 10.0)
    person.run(4.0)
    return person


def test_engine_stalled_is_started_from_the_console_and_backed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    person, cell = stalled(monkeypatch), BY_CASE["engine stalled"][2]
    inside = cell.partition("(")[2].partition(")")[0]
    for act in acts_in(inside):
        if act is Act.START_ENGINE:
            started(person, inside)
        else:
            person.do(act, inside)
    assert person.drill.engine_starts == 0, "nobody at the machine"
    here = place(person)
    assert Act.BACK in acts_in(cell) or "Back out by stick" in cell
    assert person.drive(-0.5), (person.drill.mode, person.drill.reasons)
    assert ahead_m(person, here) < 0.0


def test_engine_stalled_is_started_by_the_makers_remote_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    person, cell = stalled(monkeypatch), BY_CASE["engine stalled"][2]
    after = cell.partition("remote starter")[2].partition(".")[0]
    person.drill.world.engine.start()
    person.run(3.0)
    for act in acts_in(after):
        person.do(act, after)
    assert person.drive(-0.5), (person.drill.mode, person.drill.reasons)


def test_after_engine_off_the_console_starts_the_engine_and_it_drives_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Step 5 of docs/FAILSAFE.md, for a reason that does not bar an engine start."""
    monkeypatch.setattr(fault_scenario, "load_machine", fitted)
    drill = FaultScenario().drive(Goal.MANUAL, 0.25, 0.0)
    assert drill.moves(15.0), drill.reasons
    drill.drive(Goal.STAND).run(20.0)
    person = TextOperator(drill)
    person.do(Act.ENGINE_OFF, STEPS[4][2])
    person.run(15.0)
    step = page("FAILSAFE").partition("5. Only after")[2].partition("6. ARM")[0]
    (row,) = person.shown
    for act in row.acts[: row.acts.index(Act.RESET) + 1]:
        person.do(act, row.again)
    assert drill.mode is Mode.DISARMED
    assert acts_in(step)[1:3] == (Act.START_ENGINE, Act.START_ENGINE), "after RESET: the button, and its key"
    started(person, step)
    person.do(Act.RESET, step)
    for act in (act for act in row.acts if act is Act.ARM):
        person.do(act, row.again)
    assert person.drive(0.3), (drill.mode, drill.reasons)
    assert drill.engine_starts == 0, "nobody at the machine"


def started(person: TextOperator, words: str) -> None:
    """START ENGINE, then hold-to-run pressed and kept pressed."""
    person.do(Act.START_ENGINE, words)
    person.hands.hold_stuck = True
    person.run(HELD_S)
    person.hands_off()
    person.run(0.5)
    assert person.drill.world.engine.running


def test_engine_stalled_for_good_is_made_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    made_safe(stalled(monkeypatch))


def test_track_thrown_nobody_tries_to_drive() -> None:
    person = broken("tracks_dig", 0.9, 6.0, heal=False)
    assert "no try to drive" in BY_CASE["track thrown"][2]
    made_safe(person)
    assert EDGES[Act.RESET] not in {edge for edge, count in person.heard.items() if count}


def test_a_dead_radio_that_comes_back_leads_back_over_the_own_strip() -> None:
    person, cell = broken("radio_loss", 1.0, 5.0), BY_CASE["radio dead"][2]
    here = place(person)
    for act in acts_in(cell.partition("figures, then")[2].partition(", without an ARM")[0]):
        person.do(act, cell)
    assert person.drill.mode is Mode.RECOVERY, "a text that names an act which does nothing"
    assert person.drive(-0.5), (person.drill.mode, person.drill.reasons, person.done)
    assert ahead_m(person, here) < 0.0


def test_a_radio_that_stays_dead_leaves_a_machine_that_the_radio_e_stop_makes_safe() -> None:
    drill = scenes.work()
    person = TextOperator(drill)
    FAULTS["radio_loss"].inject(drill, 1.0)
    person.run(4.0)
    assert drill.mode in STOPPED
    assert drill.world.engine.running, "engine at idle"
    assert "radio e-stop" in BY_CASE["radio dead"][2]
    drill.world.controller.estop_chain_open = True
    person.run(20.0)
    assert not drill.world.engine.running
    assert abs(drill.world.truth().rotor_radps) < 0.1
    here = place(person)
    person.run(3.0)
    assert math.dist(here, place(person)) < STILL_M


@pytest.mark.parametrize(("case", "fault", "strength"), [("fire", "fire", 1.0), ("roll-over", "rolled_over", 1.3)])
def test_fire_and_roll_over_stand_with_the_engine_off_until_the_recovery_plan(
    case: str, fault: str, strength: float
) -> None:
    person = broken(fault, strength, 2.0)
    assert "engine is cut already" in BY_CASE[case][2]
    made_safe(person)
    assert EDGES[Act.ENGINE_OFF] not in {edge for edge, count in person.heard.items() if count}
    for act in (Act.RELEASE_ESTOP, Act.ACKNOWLEDGE, Act.RESET):
        person.press(EDGES[act])  # a probe: no text names these here, and none of them leads on
    assert person.drill.mode is Mode.ESTOP
    person.follow(person.shown)
    assert person.drill.mode is Mode.MANUAL, (person.drill.reasons, person.done)


def test_a_detonation_under_a_track_is_made_safe() -> None:
    person = broken("detonation", 1.0, 0.3)
    assert "as *track thrown*" in BY_CASE["detonation under a track"][2]
    made_safe(person)
