"""docs/WORKING_DAY.md: its minutes add up, and the program of today understands every command that it names."""

import json
import re
from pathlib import Path

import pytest
import typer

from flailpilot import cli
from tests.architecture.on_foot import WORKED_GROUND, sentences
from tests.campaign.text_reader import acts_in
from vehicle.contracts.task_role import NET_H_PER_DAY

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/WORKING_DAY.md").read_text(encoding="utf-8")
LOOKED_AT = ROOT / "tests/architecture/ground_named.txt"
"""Sentences of the page that name ground which only the machine has worked: each was read, and sends nobody there."""
DAY = re.findall(r"^\| \+(\d):(\d\d) \| (\d+) \| ([^|]+) \| ([^|]+) \|", PAGE, re.MULTILINE)
COMMANDS = sorted(set(re.findall(r"`flailpilot (\w+ [^`]+)`", PAGE)))


def rows(after: str) -> list[list[str]]:
    """The cells of the first table behind these words, without its heading."""
    table = re.search(r"^\|(?:.*\n\|)+.*$", PAGE[PAGE.index(after) :], re.MULTILINE)
    assert table is not None
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in table.group().splitlines()[2:]]


def test_the_day_has_no_gap_and_eight_hours() -> None:
    now = 0
    for hours, minutes, length, _, what in DAY:
        assert int(hours) * 60 + int(minutes) == now, what
        now += int(length)
    assert now == 480


def test_its_parts_are_those_of_the_sentence_below_it() -> None:
    lengths = {
        kind: sum(int(length) for _, _, length, _, what in DAY if re.match(rf"\**{kind}", what))
        for kind in ("Block", "Hand-over", "Parking")
    }
    blocks = [int(length) for _, _, length, _, what in DAY if what.startswith("**Block")]
    first, last = (
        next(i for i, row in enumerate(DAY) if row[4].startswith(f"**{name}")) for name in ("Block", "Drive in")
    )
    opening, closing = (sum(int(row[2]) for row in part) for part in (DAY[:first], DAY[last:]))
    said = re.search(r"(\d+) minutes: (\d+) of opening, (\d+) of driving in five blocks, (\d+) of hand-over, "
                     r"(\d+) of parking, (\d+) of closing", PAGE)  # fmt: skip
    assert said is not None
    assert [int(one) for one in said.groups()] == [
        480, opening, lengths["Block"], lengths["Hand-over"], lengths["Parking"], closing
    ]  # fmt: skip
    assert len(blocks) == 5
    assert max(blocks) <= 50


def test_the_net_hours_add_up_and_are_those_that_a_plan_counts_with() -> None:
    table = rows("**How much of it is work.**")
    for column, hours in ((1, NET_H_PER_DAY[1]), (2, NET_H_PER_DAY[0])):
        parts = [int(row[column]) for row in table]
        assert sum(parts[:-1]) == parts[-1] == hours * 60


def test_a_visit_to_the_parking_takes_what_the_day_gives_it() -> None:
    assert sum(int(row[0]) for row in rows("### Parking")) == 30


@pytest.mark.parametrize("line", COMMANDS)
def test_the_program_understands_the_command(line: str) -> None:
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
    command = typer.main.get_command(cli.app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context("flailpilot", words)


def test_commands_were_found() -> None:
    assert len(COMMANDS) > 12


def test_an_unknown_option_is_found() -> None:
    with pytest.raises(Exception, match="--no-such-option"):
        test_the_program_understands_the_command("observe hammers 39 --no-such-option 1")


def test_every_sentence_that_names_worked_ground_was_looked_at() -> None:
    """A new one is read, whether it sends a person there; then it is written into the list."""
    found = {one.words for one in sentences(PAGE) if WORKED_GROUND.search(one.words.lower())}
    assert found == set(LOOKED_AT.read_text(encoding="utf-8").splitlines())


def test_the_screen_has_the_steps_of_a_breakdown_with_the_same_acts() -> None:
    words = json.loads((ROOT / "console/page/text/en/page.json").read_text(encoding="utf-8"))
    steps = {int(row[0]): row[2] for row in rows("## Breakdown in the work area")}
    shown = {int(key.rpartition(".")[2]): text for key, text in words.items() if key.startswith("breakdown.step.")}
    assert list(shown) == list(steps) == list(range(1, 12))
    for number, step in steps.items():
        assert set(acts_in(shown[number])) == set(acts_in(step.replace("**", ""))), number
