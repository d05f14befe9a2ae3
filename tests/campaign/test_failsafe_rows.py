"""Every row of docs/FAILSAFE.md that a fault can bring about, left by what page and screen name, by nothing else."""

import pytest

from campaign.faults import FAULTS
from tests.campaign.cases import CASES, Case
from tests.campaign.planted_stops import PLANTED, stopped_by
from tests.campaign.scenes import SCENES
from tests.campaign.test_recovery import STAYS
from tests.campaign.test_table import strike
from tests.campaign.text_operator import EDGES, STOPPED, TextOperator
from tests.campaign.text_reader import Act, Row, acts_in, merged, page, reasons
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import Recovery

pytestmark = pytest.mark.long

PAGE = reasons()

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
PART = DRIVEN[:12] + [pytest.param(case, marks=pytest.mark.release) for case in DRIVEN[12:]]
"""Each is a simulated minute; `make release-tests` drives them all."""
NAMES = [case.name for case in DRIVEN]


def test_each_row_of_a_stop_is_driven() -> None:
    driven = {reason for case in DRIVEN for reason in case.reasons} | set(WAITS) | set(PLANTED)
    assert {row.name for row in PAGE.values() if row.acts} == driven


QUICK = ("fence", "runaway", "boot_loop")


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in PLANTED])
def test_a_row_of_a_planted_stop_leads_back_to_driving(name: str) -> None:
    person, rows = stopped_by(name)
    assert name in {row.name for row in rows}, rows
    PLANTED[name].settled(person)
    person.follow(rows)
    (row,) = (row for row in rows if row.name == name)
    if Act.RECOVERY in row.out and person.drill.mode is not Mode.MANUAL:  # its cause is still there
        person.press(EDGES[Act.RECOVERY])
        assert person.drill.mode is Mode.RECOVERY
    again = Act.START in acts_in(row.says)
    assert person.start() if again else person.drive(-0.3), (person.drill.mode, person.drill.reasons, person.done)
    assert person.drill.watch.finish() == ()


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
