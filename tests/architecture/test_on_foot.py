"""No page, reason or text of the console sends a person to the machine, or onto ground that only the machine worked."""

import ast
import json
from pathlib import Path

import pytest

from tests.architecture.on_foot import Said, said_in, sends, sentences
from vehicle.contracts.stop_reasons import RULES

ROOT = Path(__file__).parents[2]
PAGES = ("OPERATION", "WORKING_DAY", "OPERATOR", "FAILSAFE", "QUESTIONS", "WHAT_THIS_IS_NOT")
FALSE_ALARMS = {
    "segments in order, after RFC 7946: lines of the body origin, a point for a turn on the spot": "a machine",
    "Drive 12 m straight, stand, turn round on the spot, stand, drive back on the same line, stand.": "by the machine",
    "After a detonation the place under the tool is marked on the map at once, and the field of the reason asks you "
    "two things: what it was (anti-personnel, anti-tank, unclear), and what the camera shows of hammers and rotor.": (
        "looked at by camera"
    ),
    "- A recording that was cut off or damaged, and a journal whose end was torn, are read up to there.": "of a file",
    "CODE (a run's folder) checks that chain, runs the recording again, and compares what it makes with the journal, "
    "byte for byte: exit status 0 if the record is what the recording makes, 1 if not, with the number and byte of the "
    "first record that differs.": "a chain of hashes",
    "No mission starts there.": "the mission starts",
    "In a swath the machine then raises the tool, backs off over its own strip, starts the rotor, lowers the tool, and "
    "goes on with some overlap, so that the record has no gap.": "the machine does it",
    'Where somebody has to work at the machine, the text says "Nobody walks to it': "says what the text is then",
    "Where somebody has to work at the machine, the team leader starts the recovery plan": "says who decides then",
    "the machine stands on its tracks, and fluids and mast are examined": "in the table of what is done by then",
    "a reason to walk to a machine": "in the column of what this software is not",
    "it measures the machine, never what lies in the ground.": "the software measures",
    "What is done at the machine, once people may stand beside it: the table of OPERATION.md, When it stops": (
        "after the access lane of the step before"
    ),
    "Brakes that can only be released at the machine mean step 9.": "step 9 is the access lane",
    "water stands in the ruts": "water stands",
    "In every stop the brakes are closed, and without engine and pressure they stay closed.": "a state",
    "What must be done before somebody works at the rotor?": "a question, answered with the parking bay",
    "Can a console start the engine?": "a question, answered with no",
    "All at once the brakes close, without a ramp, and rotor drive and engine are switched off.": "by the controller",
    "E-stop pressed on the machine.": "says what has happened",
    "A machine figure marked CODE must be measured on the machine first": "before any field, in the workshop",
    "Make one at the machine: flailpilot keys create.": "before work, on the vehicle's computer",
    "At the machine: the team leader decides who goes": "says who decides",
    "Start the vehicle's program, or correct the port (Setup).": "a program on a desk",
    "Switch on the radio bridge or WLAN, check its cable and this computer's address.": "at the operator's computer",
    "Check cable, radio bridge and address (Setup).": "at the operator's computer",
    "Check antenna and cable, raise the antenna": "at the operator's post",
}  # fmt: skip
"""Sentences that are found and send nobody, with the reason."""


def refusals_of_checks() -> list[str]:
    """What the vehicle answers to an observation that it refuses: all texts of those files that a person could read."""
    files = (
        ROOT / f"vehicle/control/checks/{name}.py" for name in ("judge", "notes", "full_check", "machine_check", "room")
    )
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    texts = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in docs]
    return [node.value for node in texts if isinstance(node.value, str) and " " in node.value]


def everything() -> dict[str, list[Said]]:
    """All sentences that operators and team leaders read, by source."""
    found = {name: list(sentences((ROOT / f"docs/{name}.md").read_text("utf-8"))) for name in PAGES}
    found["reasons"] = [one for rule in RULES for text in (rule.text, rule.station_text) for one in said_in(text)]
    words = json.loads((ROOT / "console/page/text/en/page.json").read_text("utf-8"))
    found["console"] = [one for text in words.values() for one in said_in(str(text))]
    found["refused checks"] = [one for text in refusals_of_checks() for one in said_in(text)]
    return found


EVERYTHING = everything()


@pytest.mark.parametrize("source", EVERYTHING)
def test_no_sentence_sends_a_person_to_the_machine_or_onto_worked_ground(source: str) -> None:
    assert [one.words for one in EVERYTHING[source] if sends(one) and one.words not in FALSE_ALARMS] == []


def test_every_false_alarm_is_still_one() -> None:
    found = {one.words for rows in EVERYTHING.values() for one in rows if sends(one)}
    assert set(FALSE_ALARMS) - found == set(), "take them off the list"


def test_pages_are_read_whole() -> None:
    assert {name: len(rows) > 10 for name, rows in EVERYTHING.items()} == dict.fromkeys(EVERYTHING, True)


PLANTED = (
    "Walk to the machine and release the button there.",
    "Go to the machine.",
    "The mechanic goes to it with a new hose.",
    "When the rotor stands, the team leader walks to the machine.",
    "If nobody answers, walk to the machine.",
    "Nobody walks to the machine until the rotor stands.",
    "Nobody but the mechanic goes to the machine.",
    "Do not wait and walk to the machine.",
    "Wait 15 minutes, then approach the machine.",
    "Step onto processed ground only after the wait.",
    "A deminer steps on the worked strip.",
    "The mechanic walks back along its own strip.",
    "Walk behind the machine over the swept ground.",
    "The operator follows the machine on foot.",
    "Count the hammers in the swath.",
    "Check the hammers in the lane.",
    "Count the hammers.",
    "The hammers are counted where it stopped.",
    "Release the button there.",
    "The E-stop is released.",
    "Look at the tracks, then RESET.",
    "Pull the wire from the rotor: remove the wire.",
    "Hook the strop to the machine.",
    "The mechanic hooks the strop on at the machine.",
    "Start the engine.",
    "Read the depth in that strip.",
    "Five points are read on the processed ground.",
    "Send a mechanic to the machine.",
    "Bring fuel to the machine.",
    "Enter the work area by the swath.",
    "Processed ground is safe for feet.",
    "The processed strip bears people.",
    "Deminers cross the strip.",
    "The mechanic restarts the engine.",
    "The way to the machine is the strip that it worked.",
    "Use the swath as a path.",
    "The E-stop button must be pulled out.",
    "When it is quiet, people may come closer.",
    "Once the rotor has stopped the machine may be approached.",
    "The battery is changed on the spot.",
    "Refuel where it stands.",
    "Two deminers fetch the end of the strop.",
    "Walk only in the ruts.",
    "The quality officer samples the swath right after the machine.",
    "Read the depth behind the machine.",
    "On safe ground put on your boots, then walk to the machine.",
    "Leave the parking bay and walk to the machine.",
)
ALLOWED = (
    "Nobody walks to the machine.",
    "Nobody walks to it; the team leader starts the recovery plan.",
    "Never step onto processed ground.",
    "No reading sends a person onto ground that only the machine has worked.",
    "Processed ground is not for feet.",
    "In the parking bay the hammers are counted by position.",
    "Count the hammers in the parking bay.",
    "Look at the hammers by camera.",
    "The mechanic walks to the machine in the parking bay.",
    "Deminers open an access lane to the machine.",
    "Five points are read from safe ground at the edge.",
    "The machine drives back over its own strip.",
    "Drive to the parking by stick.",
    "Hammer count is due: drive to parking first.",
    "RELEASE E-STOP on your console, RESET.",
    "Press RESET.",
    "Raise your antenna where you stand.",
    "No console starts the engine again.",
    "The hook catches the free end from a distance.",
)


@pytest.mark.parametrize("words", PLANTED)
def test_a_planted_sentence_is_found(words: str) -> None:
    assert any(sends(one) for one in sentences(f"Some words before. {words}\n"))
    assert any(sends(one) for one in sentences(f"| case | what is done |\n|---|---|\n| stuck | Wait. {words} |\n"))


@pytest.mark.parametrize("words", ALLOWED)
def test_an_allowed_sentence_is_not_found(words: str) -> None:
    assert [one for one in sentences(f"{words}\n") if sends(one)] == []


def test_wrapped_lines_are_one_sentence_and_code_is_none() -> None:
    page = "The mechanic walks\nto the **machine**.\n\n    walk to the machine\n\n```\nwalk to the machine\n```\n"
    assert [one.words for one in sentences(page)] == ["The mechanic walks to the machine."]


def test_a_place_in_the_heading_of_a_column_counts_for_hands_and_not_for_feet() -> None:
    page = "| what is done in the parking bay |\n|---|\n| Count the hammers. |\n| Walk to the machine. |\n"
    assert [sends(one) for one in sentences(page)] == [False, True]
