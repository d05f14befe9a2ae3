"""The page of all stops is written from the table of reasons, and says what the vehicle really asks for."""

import re

import pytest

from tests.console import failsafe_page
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import Level, Recovery, Rule
from vehicle.contracts.stop_reasons import RULES, named
from vehicle.control.safety.modes import Act, Class, Motion, SafetyState, Situation, Want, step


def test_the_page_is_up_to_date() -> None:
    assert failsafe_page.PAGE.read_text(encoding="utf-8") == failsafe_page.page(), failsafe_page.COMMAND


def test_every_reason_stands_in_one_section() -> None:
    shown = re.findall(r"^\| `(\w+)` \(\d+\)", failsafe_page.page(), re.MULTILINE)
    assert sorted(shown) == sorted(rule.name for rule in RULES)


def test_no_line_breaks_its_table() -> None:
    for line in failsafe_page.page().splitlines():
        if line.startswith("| `"):
            assert line.count(" | ") == 3, line


LEADS_OUT = [rule for rule in RULES if rule.level >= Level.STOP and rule.recovery is not Recovery.CLEARS]
PRESSED = {"RESET": Act.RESET, "ARM": Act.ARM, "RECOVERY": Act.RECOVERY, "RELEASE E-STOP": Act.RELEASE_ESTOP}


def driven(mode: Mode, steps: list[str], worst: Class) -> Mode:
    """Where the vehicle's own machine of modes is after these steps of the page, from a stop, hands off."""
    state = SafetyState(mode=mode, held=True, neutral_seen=True, estop_latched=mode is Mode.ESTOP, reset_due=True)
    seen = Situation(
        live=True, act=Act.NONE, neutral=True, hold=False, worst=worst, retreat=True, estop=False,
        motion=Motion.STANDING, at_speed=False, rotor_stopped=True, want=Want.REST, wait_over=False,
    )  # fmt: skip
    if "RELEASE E-STOP" not in steps:
        state = SafetyState(mode=mode, held=True, neutral_seen=True, estop_latched=False, reset_due=True)
    for name in steps:
        act = PRESSED.get(name, Act.NONE)
        state, _ = step(state, Situation(**{f: getattr(seen, f) for f in Situation.__struct_fields__} | {"act": act}))
    return state.mode


def ways(rule: Rule) -> tuple[list[str], list[str]]:
    """Steps of a reason that drive again, and those that drive out."""
    again, _, out = failsafe_page.drive_again(rule).partition("; to drive out: ")
    return again.split(", "), out.split(", ") if out else []


@pytest.mark.parametrize("rule", LEADS_OUT, ids=lambda rule: rule.name)
def test_the_steps_lead_to_motion_and_one_less_does_not(rule: Rule) -> None:
    stopped = {Level.STOP: Mode.HOLD, Level.FAULT: Mode.FAULT, Level.ESTOP: Mode.ESTOP}[rule.level]
    if rule.name in failsafe_page.AT_A_START:
        stopped = Mode.DISARMED
    again, out = ways(rule)
    assert driven(stopped, again, Class.OK) is Mode.MANUAL
    assert driven(stopped, again[:-1], Class.OK) is not Mode.MANUAL
    assert ("ACKNOWLEDGE" in again) is (rule.recovery is Recovery.ACKNOWLEDGE)
    assert bool(out) is rule.retreat
    if out:
        assert driven(stopped, out, Class.STOP) is Mode.RECOVERY
        assert driven(stopped, out[:-1], Class.STOP) is not Mode.RECOVERY


def test_who_goes_to_the_machine_is_never_the_operator() -> None:
    assert failsafe_page.drive_again(named("fire")).startswith("recovery plan, ")
