"""Every row of docs/FAILSAFE.md that a fault can bring about, left by what page and screen name, by nothing else."""

from pathlib import Path

import pytest

from campaign.faults import FAULTS
from firmware_bridge.types import OperatorEdge
from tests.campaign.cases import CASES, Case
from tests.campaign.scenes import SCENES
from tests.campaign.test_recovery import STAYS
from tests.campaign.test_table import strike
from tests.campaign.text_operator import EDGES, STOPPED, TextOperator
from tests.campaign.text_reader import Act, Row, acts_in, merged, page, reasons
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import Recovery

pytestmark = pytest.mark.long

PAGE = reasons()
ROOT = Path(__file__).parents[1]


HEALED_S = 20.0


def first_of_each() -> list[Case]:
    """The first case of each reason that stops: of the table of faults, and of those whose fault stays, healed here."""
    stays = [
        Case((), fault, strength, "work", (reason,), 0.0, Recovery.RESET, hold_s=HEALED_S)
        for fault, strength, reason in STAYS
    ]
    found: dict[tuple[str, ...], Case] = {}
    for case in (*CASES, *stays):
        seen = {reason for reasons_ in found for reason in reasons_}
        if case.stop_s is not None and case.reasons and not set(case.reasons) <= seen:
            found.setdefault(case.reasons, case)
    return list(found.values())


DRIVEN = first_of_each()
PART = DRIVEN[:12] + [pytest.param(case, marks=pytest.mark.slow) for case in DRIVEN[12:]]
"""Each is a simulated minute: what few changes can break is in `make test-full`."""
NAMES = [case.name for case in DRIVEN]


def stopped_first(person: TextOperator) -> None:
    person.press(OperatorEdge.STOP)
    assert person.until_mode((Mode.HOLD,), 5.0)


def lasting(person: TextOperator, fault: str, strength: float, seconds: float) -> None:
    FAULTS[fault].inject(person.drill, strength)
    person.run(seconds)
    FAULTS[fault].heal(person.drill)


def slid(person: TextOperator) -> None:
    stopped_first(person)
    lasting(person, "slides_braked", 0.4, 1.0)


def in_a_stop(person: TextOperator, fault: str, strength: float, seconds: float) -> None:
    """It is there before the stop, and lasts."""
    FAULTS[fault].inject(person.drill, strength)
    person.press(OperatorEdge.STOP)
    person.run(seconds)
    FAULTS[fault].heal(person.drill)


def ran_on(person: TextOperator) -> None:
    in_a_stop(person, "track_stuck", 0.3, 2.0)


def kept_turning(person: TextOperator) -> None:
    in_a_stop(person, "rotor_stuck_on", 40.0, 7.0)


def killed(person: TextOperator) -> None:
    lasting(person, "process_killed", 1.0, 2.0)


def unused(person: TextOperator) -> None:
    person.hands_off()
    person.run(62.0)


AFTER = {
    "moved_while_braked": ("manual", slid),
    "track_stuck": ("manual", ran_on),
    "rotor_not_stopping": ("work", kept_turning),
    "restarted_in_motion": ("work", killed),
    "arm_unused": ("manual", unused),
}
"""What no single fault in motion brings about: where it begins, and how."""
NOT_DRIVEN = {
    "rotor_stuck_on": "the engine is off 4 s before, by rotor_not_stopping: control/safety/test_checks.py",
    "runaway": "needs a machine that runs on for seconds: control/safety/test_gate_stops.py",
    "setpoint_mismatch": "no fault of the simulated controller: control/safety/test_gate_links.py",
    "handshake": "no operator leaves it, the controller is another one: campaign/test_scenes.py",
    "rotor_spin_up": "a rotor that does not come up: campaign/test_scenes.py",
    "boot_loop": "the program ends and begins again and again: campaign/test_borders.py",
    "config_envelope": "no operator leaves it, the program does not arm: control/safety/test_checks.py",
    "maintenance": "it is on from the start or not at all: campaign/test_borders.py",
    "controller_stopped": "a line that is late: campaign/test_line_delay.py",
    "line_delay": "a line that is late: campaign/test_line_delay.py",
    "ring_overlap": "a cause outside of the machine: campaign/test_rings.py",
    "fence": "campaign/test_borders.py",
    "position_drift": "the position is doubted first: campaign/test_recovery.py",
    "unprocessed_ground": "campaign/test_borders.py",
}
"""Rows that are not driven by the words alone here, and the test that comes nearest."""


def test_each_row_of_a_stop_is_driven_or_named() -> None:
    driven = {reason for case in DRIVEN for reason in case.reasons} | set(WAITS) | set(AFTER)
    assert {row.name for row in PAGE.values() if row.acts} - driven == set(NOT_DRIVEN)
    for name, words in NOT_DRIVEN.items():
        text = (ROOT / words.rpartition(" ")[2]).read_text(encoding="utf-8")
        assert name in text or name.upper() in text, words


@pytest.mark.slow
@pytest.mark.parametrize("name", AFTER)
def test_a_row_that_comes_after_a_stop_leads_back_to_driving(name: str) -> None:
    scene, plant = AFTER[name]
    drill = SCENES[scene]()
    person = TextOperator(drill)
    plant(person)
    person.run(1.0)
    rows = person.shown
    assert name in {row.name for row in rows}, rows
    person.follow(rows)
    assert person.drive(-0.3), (drill.mode, drill.reasons, person.done)


def allowed(rows: tuple[Row, ...]) -> set[Act]:
    """All that page and screen name for these rows, and TAKE, which the page names for all stops."""
    return {Act.TAKE, Act.START, *(act for row in rows for act in (*row.acts, *row.out, *acts_in(row.says)))}


@pytest.mark.parametrize("case", PART, ids=NAMES)
def test_a_row_leads_back_to_driving(case: Case) -> None:
    drill = SCENES[case.scene]()
    strike(drill, FAULTS[case.fault], case)
    person = TextOperator(drill)
    person.run(1.0)
    if drill.mode is Mode.WAIT:  # *if nobody does so in time, it is a stop*
        assert person.until_mode(STOPPED, 25.0)
        person.run(1.0)
    assert drill.mode in STOPPED, drill.mode
    rows = person.shown
    assert {row.name for row in rows} & set(case.reasons) or drill.mode is not Mode.FAULT, rows
    person.follow(rows)
    words = " ".join(row.says for row in rows)
    named = acts_in(words)
    if drill.mode is Mode.READY:
        raise AssertionError(f"{[row.name for row in rows]}: {merged(rows)} ends in READY; {drill.reasons}")
    goes_on = any(row.by_stick for row in rows)
    by_stick = case.scene != "work" or goes_on or Act.BY_STICK in named or Act.BACK in named
    moved = person.drive(-0.3 if Act.BACK in named or case.scene == "work" else 0.25) if by_stick else person.start()
    assert moved, (drill.mode, drill.reasons, person.done)
    assert {act for act, _ in person.done} <= allowed(rows)
    pressed = [EDGES[act] for act, _ in person.done if act in EDGES]
    for edge in set(EDGES.values()) - {EDGES[Act.START]}:
        assert person.heard[edge] == pressed.count(edge), (edge, person.done)


WAITS = {
    "position_float": ("gnss_float", 1.0, 2.0),
    "position_unproven": ("gnss_float", 1.0, 2.0),
    "video_stale": ("video_late", 600.0, 2.0),
    "shock_small": ("small_shock", 12.0, 0.2),
    "attention": ("", 0.0, 0.0),
}
"""Reason, and the fault that makes a mission wait for it; for `attention` nobody does anything."""
ASKED_MOST_S = 115.0
GO_ON = page("FAILSAFE").partition("**WAIT is no stop.**")[2].partition("\n\n")[0]


def test_every_row_of_a_wait_is_driven() -> None:
    assert {row.name for row in PAGE.values() if row.waits} == set(WAITS)


@pytest.mark.parametrize("name", [name for name in WAITS if name != "position_unproven"])
def test_a_wait_goes_on_by_what_page_and_screen_name(name: str) -> None:
    drill = SCENES["work"]()
    person = TextOperator(drill)
    fault, strength, hold_s = WAITS[name]
    if fault:
        FAULTS[fault].inject(drill, strength)
        person.run(hold_s)
        FAULTS[fault].heal(drill)
    assert person.until_mode((Mode.WAIT,), ASKED_MOST_S), (drill.mode, drill.reasons)
    person.run(2.0)
    if Act.PICTURE_GOOD in acts_in(PAGE[name].says):
        person.do(Act.PICTURE_GOOD, PAGE[name].says)
        person.run(1.5)
    assert Act.START in acts_in(GO_ON)
    assert person.start(), (drill.mode, drill.reasons)
    for act in (Act.RESET, Act.ARM, Act.ACKNOWLEDGE):
        assert person.heard[EDGES[act]] == 0, "*without RESET and ARM*"


def test_a_wait_that_nobody_answers_is_left_as_a_stop() -> None:
    drill = SCENES["work"]()
    person = TextOperator(drill)
    FAULTS["video_late"].inject(drill, 600.0)
    assert person.until_mode((Mode.WAIT,), 5.0)
    assert not person.until_mode(STOPPED, 18.0)
    assert person.until_mode(STOPPED, 5.0)
    FAULTS["video_late"].heal(drill)
    person.run(1.0)
    person.follow(person.shown)
    assert person.start(), (drill.mode, drill.reasons)
