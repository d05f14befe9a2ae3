"""The texts of ground stations against the table of reasons in force."""

import ast
import re
from pathlib import Path

import pytest

import vehicle.operator_link
from tests.control.safety.test_stop_reasons import TO_THE_MACHINE
from vehicle.contracts.stop_codes import Level, Rule, StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.control.safety import masks
from vehicle.operator_link.words import OBSTACLES, PASSING, PREFIX_MAX, TEXT_MAX, WAITS, station_text, waiting_text

NO_BUTTONS = ("RESET", "ACKNOWLEDGE", "TAKE", "RECOVERY", "ATTENTION", "START")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_station_shows_it_whole_and_can_do_what_it_says(rule: Rule) -> None:
    words = station_text(rule.name)
    assert len(words) <= TEXT_MAX - PREFIX_MAX
    assert words.isascii()
    assert not any(button in words for button in NO_BUTTONS), words
    if rule.level >= Level.STOP:
        assert "." in words  # the cause, then what to do
        assert words.split(".", maxsplit=1)[1].strip()


def test_what_a_mission_waits_for_is_its_cause_alone() -> None:
    for name in WAITS:
        words = waiting_text(name)
        assert len(words) <= TEXT_MAX
        assert "isarm" not in words
    assert waiting_text("video_stale") == "WAIT: Picture too old"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_station_sends_nobody_to_the_machine(rule: Rule) -> None:
    words = station_text(rule.name).replace("Nobody walks to it", "")
    assert not [phrase for phrase in TO_THE_MACHINE if re.search(rf"\b{phrase}\b", words, re.IGNORECASE)], words


LEFT_BEHIND = {
    "link_lost", "link_flapping", "console_frozen", "console_battery_empty", "video_stale", "lease_released",
    "operator_stop", "arm_unused", "controller_stopped", "restarted_in_motion",
}  # fmt: skip
"""Of what stops by stick, all that is the former console's, or was of the drive that ended."""


def test_what_stands_against_arming_is_what_the_gate_refuses_to_arm_with() -> None:
    refused = {RULES[code].name for code in StopReason if masks.HALT_MASK >> code & 1}
    assert refused - OBSTACLES == LEFT_BEHIND
    assert refused >= OBSTACLES


def test_what_does_not_stop_by_stick_does_not_forbid_to_arm() -> None:
    assert not OBSTACLES & {rule.name for rule in RULES if rule.level < Level.STOP}
    assert not OBSTACLES & PASSING


ROOM = Path(next(iter(vehicle.operator_link.__path__)))


@pytest.mark.parametrize("name", ["acts.py", "about.py", "services.py", "requests.py", "link.py", "commands.py"])
def test_what_is_written_in_the_room_itself_is_shown_whole(name: str) -> None:
    """Constant parts, and four characters for each figure in between."""
    found = 0
    for node in ast.walk(ast.parse((ROOM / name).read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "text"):
            continue
        first = node.args[0]
        parts = first.values if isinstance(first, ast.JoinedStr) else [first]
        words = [part.value if isinstance(part, ast.Constant) else "1234" for part in parts]
        found += 1
        assert len("".join(map(str, words))) <= TEXT_MAX, words
    assert found or name == "about.py"
