"""The texts of ground stations against the table of reasons in force."""

import ast
import re
from pathlib import Path

import pytest

import vehicle.operator_link
from tests.safety.test_stop_reasons import TO_THE_MACHINE
from vehicle.contracts.stop_reasons import RULES, Level, Recovery, text
from vehicle.operator_link.vehicle_view import CLEARED_BY_ARMING, WARNINGS
from vehicle.operator_link.words import (
    PASSING,
    PREFIX_MAX,
    RETREAT,
    STATION_TEXTS,
    TEXT_MAX,
    WANT_ACKNOWLEDGE,
    station_text,
)

NO_BUTTONS = ("RESET", "ACKNOWLEDGE", "TAKE", "RECOVERY", "ATTENTION", "START")


def test_every_reason_has_a_text_and_no_text_is_of_none() -> None:
    assert set(STATION_TEXTS) == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_station_shows_it_whole_and_can_do_what_it_says(rule) -> None:  # type: ignore[no-untyped-def]
    words = station_text(rule.name, text)
    assert len(words) <= TEXT_MAX - PREFIX_MAX
    assert words.isascii()
    assert not any(button in words for button in NO_BUTTONS), words
    if rule.level >= Level.STOP:
        assert "." in words  # the cause, then what to do
        assert words.split(".", maxsplit=1)[1].strip()


@pytest.mark.parametrize("name", sorted(STATION_TEXTS))
def test_a_station_sends_nobody_to_the_machine(name: str) -> None:
    words = STATION_TEXTS[name].replace("Nobody walks to it", "")
    assert not [phrase for phrase in TO_THE_MACHINE if re.search(rf"\b{phrase}\b", words, re.IGNORECASE)], words


def test_what_passes_and_what_waits_is_that_of_the_table() -> None:
    assert {rule.name for rule in RULES if rule.recovery is Recovery.CLEARS} == PASSING
    assert {rule.name for rule in RULES if rule.recovery is Recovery.ACKNOWLEDGE} == WANT_ACKNOWLEDGE
    assert {rule.name for rule in RULES if rule.retreat} == RETREAT


def test_what_does_not_stop_by_hand_does_not_forbid_to_arm() -> None:
    assert {rule.name for rule in RULES if rule.level < Level.STOP} <= CLEARED_BY_ARMING | WARNINGS


def test_a_reason_that_is_not_in_the_table_is_cut_not_lost() -> None:
    assert station_text("new", lambda _: "Something quite new. RESET, ARM.") == "Something quite new"
    assert len(station_text("new", lambda _: "long " * 40)) <= TEXT_MAX - PREFIX_MAX


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
