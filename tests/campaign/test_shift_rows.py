"""The rows of *The day in minutes*, *Hand-over* and *Parking* of docs/WORKING_DAY.md, done one after the other.

One simulated shift: the team does what each row says, with the commands that it names. What *the machine or the record
says* is asserted where the vehicle says it. START is refused until the three acts for which it waits were told.
"""

import copy

import pytest

from firmware_bridge.types import OperatorEdge
from tests.campaign.text_reader import Act, acts_in, acts_told, page, table
from tests.campaign.text_team import BAY_S, Team, day
from vehicle.contracts.messages import Mode
from vehicle.contracts.shift_table import BLOCKS_START, SHIFT_ITEMS

DAY = day()
AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)


def words(title: str) -> str:
    """The row's own words, and what the machine says."""
    return " | ".join(DAY[title][3:5])


def test_every_act_of_the_shift_is_named_by_a_row_in_the_order_of_the_day() -> None:
    rows = table(page("WORKING_DAY"), "## The day in minutes") + table(page("WORKING_DAY"), "### Parking")
    told = [name for row in rows if len(row) == 6 for name in acts_told(row[4])]
    told += [name for row in rows if len(row) == 6 for name in acts_told(row[5])]
    told += [name for row in rows if len(row) == 4 for name in acts_told(row[3])]
    assert {item.name for item in SHIFT_ITEMS} <= set(told)
    firsts = [told.index(item.name) for item in SHIFT_ITEMS if item.name not in ("rest", "parking", "hand-over")]
    in_the_day = [item.name for item in SHIFT_ITEMS if item.name not in ("rest", "parking", "hand-over")]
    assert sorted(firsts) == firsts, [in_the_day, told]


@pytest.fixture(scope="module")
def opened() -> Team:
    """The opening, up to the first block."""
    team = Team()
    operator, drill = team.operator, team.drill
    assert {"hammer_count_due", "base_unchecked", "depth_check_due"} <= set(drill.reasons), drill.reasons
    team.act("site-brief")
    team.act("programs")
    team.commands(words("Machine check"))
    team.act("machine-check")
    assert "hammer_count_due" not in drill.reasons
    team.act("strop")
    assert team.missing == tuple(item for item in BLOCKS_START if item != "strop")
    team.commands(words("Base check"))
    team.act("base-check")
    assert "base_unchecked" not in drill.reasons
    operator.run(BAY_S)
    team.commands(words("Daily check"))
    team.act("daily-check")
    assert "check_due" not in drill.reasons
    team.act("ring")
    assert team.missing == ("estop-moving",)
    team.sign_in("first operator")
    operator.do(Act.TAKE, "TAKE")
    team.radio_estop(words("Radio e-stop, first trial"))
    assert drill.mode is Mode.DISARMED
    team.act("estop-standing")
    team.act("sign-in", "operator")
    moving = words("Radio e-stop, second trial")
    for act in acts_in(moving)[:2]:
        operator.do(act, moving)
    assert operator.drive(0.2), drill.reasons
    refused_before_the_trial(team)
    operator.drive(0.2)
    team.radio_estop(words("Radio e-stop, first trial"))  # *then as after the first trial*
    team.act("estop-moving")
    assert team.missing == ()
    for act in (Act.ARM, Act.ARM):
        operator.do(act, moving)
    strip = words("Test strip and depth reading")
    team.strip(strip + " | RESET comes after it")
    team.commands(strip)
    team.act("test-strip")
    assert "depth_check_due" not in drill.reasons
    drill.start_engine()
    operator.run(3.0)
    return team


def refused_before_the_trial(team: Team) -> None:
    """No row names START here: whoever presses it all the same is refused."""
    probe = copy.deepcopy(team)
    assert not probe.operator.start(6.0)
    assert probe.missing == ("estop-moving",)


@pytest.mark.slow
def test_the_opening_leads_to_work_and_the_closing_to_a_confirmed_record(opened: Team) -> None:
    team = copy.deepcopy(opened)
    operator, drill = team.operator, team.drill
    block = words("Block 1")
    for act in (Act.ARM, Act.ARM):
        operator.do(act, "then ARM, ARM")
    assert Act.START in acts_in(block)
    assert operator.start(), (drill.mode, drill.reasons, drill.state.mission.blocked)
    operator.hands_off()
    operator.until_mode((Mode.AUTO_WORK,), 30.0)
    operator.run(25.0)
    assert drill.state.ledger.credited_m2 > 1.0
    assert drill.state.ledger.provisional_cells == drill.state.ledger.credited_cells

    over = section("### Hand-over")
    for act in acts_in(over)[:3]:
        operator.do(act, over)
        operator.until_mode((Mode.HOLD, Mode.READY, Mode.DISARMED), 10.0)
    assert drill.mode is Mode.DISARMED, drill.mode
    operator.do(Act.RESTS, "rotor stands")
    team.hand_over(over)
    team.act("hand-over", "second operator")
    person = drill.state.checks.people.driving
    assert person is not None
    assert person.name == "second operator"

    team.act("parking")
    team.act("drive-in")
    team.commands(words("Base check"))  # *closing check of the base, as in the morning*
    team.act("closing-check")
    assert drill.state.ledger.provisional_cells == 0
    team.commands(words("Hammers"))
    team.act("hammers")
    for item in ("depth", "wash", "report", "signatures", "last-words"):
        team.act(item)
    shift = drill.state.checks.shift
    assert shift.closed
    told = {act.item for act in shift.acts if act.done}
    assert told == {item.name for item in SHIFT_ITEMS} - {"rest"}
    assert drill.state.ledger.credited_m2 > 1.0, "nothing was withdrawn"
    drill.truth.flush()
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0
    assert operator.heard[OperatorEdge.RECOVERY] == 0


def section(title: str) -> str:
    """The words below a heading of the page, up to the next one."""
    return page("WORKING_DAY").partition(title)[2].partition("\n### ")[0]
