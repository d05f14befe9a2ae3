"""The reasons table against its written copy, and what every row must keep."""

import re
import string
from pathlib import Path

import pytest

from tests.console.failsafe_page import AT_A_START
from vehicle.contracts import stop_reasons
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import Level, Recovery, Rule, StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.control.safety import masks
from vehicle.control.safety.modes import Act, Class, Motion, SafetyState, Situation, Want, step

GOLDEN = Path(__file__).with_name("reasons.txt")


def written(rule: Rule) -> str:
    code = RULES.index(rule)
    marks = {
        "retreat": rule.retreat,
        "cleared by arming": rule.cleared_by_arming,
        "position in doubt": rule.doubts_position,
        "horn": rule.sounds_horn,
        "waits": rule.waits,
        "evidence": rule.evidence,
        "bars engine start": rule.bars_start,
        "stops arming": rule.blocks_arming,
    }
    levels = f"L{int(rule.level)} L{int(rule.auto_level)}"
    told = ", ".join(name for name, is_so in marks.items() if is_so) or "-"
    times = f"{rule.onset_ticks}/{rule.linger_ticks} ticks"
    rows = f"rows {' '.join(map(str, rule.rows)) or '-'}"
    parts = (f"{code:02d} {rule.name} {levels} {rule.recovery.value}", told, times, rows, rule.text, rule.station_text)
    return " | ".join(parts)


def test_the_table_is_the_written_one() -> None:
    assert [written(rule) for rule in RULES] == GOLDEN.read_text().splitlines()


def test_a_mark_that_means_nothing_is_no_row() -> None:
    for mark in set(string.printable) - set("radswbe" + string.digits):
        with pytest.raises(AssertionError):
            stop_reasons._rule(StopReason.FENCE, f"3{mark}", "N", (), 1, 0, "", "")
    assert stop_reasons._rule(StopReason.FENCE, "3radswbe", "N", (), 1, 0, "", "").retreat


def test_codes_names_and_places_agree() -> None:
    assert [rule.name for rule in RULES] == [code.name.lower() for code in StopReason]
    assert [int(code) for code in StopReason] == list(range(len(RULES)))


def test_the_gravest_class_stands_first_whatever_its_code() -> None:
    ranked = [RULES[code] for code in stop_reasons.codes((1 << len(RULES)) - 1)]
    assert len(ranked) == len(RULES)
    weights = [(max(rule.level, rule.auto_level), rule.level, -RULES.index(rule)) for rule in ranked]
    assert weights == sorted(weights, reverse=True)
    by_stick = [rule.level for rule in ranked if rule.level >= Level.STOP]
    assert all(rule.level < Level.STOP for rule in ranked[len(by_stick) :]), "what stops by stick stands first"


def test_a_stop_with_a_high_code_stands_before_a_limit_with_a_low_one() -> None:
    some = masks.mask(StopReason.CONTROLLER_STOPPED, StopReason.LINK_SLOW, StopReason.POSITION_FLOAT)
    assert stop_reasons.names(some) == ("controller_stopped", "position_float", "link_slow")
    assert stop_reasons.codes(masks.mask(StopReason.GNSS_LOST, StopReason.FENCE))[0] is StopReason.FENCE


def test_every_reason_has_a_bit_on_the_wire() -> None:
    assert len(RULES) <= 128


TO_THE_MACHINE = (
    "there", "at the machine", "machine's", "go to", "walk to it and", "approach", "press and", "release the", "unplug",
    "cable", "shield", "hose", "check its", "charge", "tow", "winch", "start it", "started",
    "load the", "free the disk", "look for", "refuel", "touch", "open the", "count them", "mend",
)  # fmt: skip
"""Words that are done with hands at the machine."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_text_sends_anybody_to_the_machine(rule: Rule) -> None:
    """Nobody walks into a mined area because a screen said so: the team leader has a plan for it."""
    words = rule.text.replace(stop_reasons.PLAN, "").replace(stop_reasons.AGAIN, "")
    found = [phrase for phrase in TO_THE_MACHINE if re.search(rf"\b{phrase}\b", words, re.IGNORECASE)]
    assert not found, rule.text
    assert rule.recovery is not Recovery.MACHINE or stop_reasons.PLAN in rule.text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_cause_stands_first(rule: Rule) -> None:
    assert not rule.text.startswith(("Nobody", "Again", "RESET", "ACKNOWLEDGE", "TAKE", "Drive"))
    assert rule.text.index(stop_reasons.PLAN) > 10 if stop_reasons.PLAN in rule.text else True


def test_the_newer_reasons_want_no_hand_at_the_machine() -> None:
    for rule in RULES[77:]:
        assert rule.recovery is not Recovery.MACHINE, rule.name


def test_a_mission_waits_only_for_what_passes_by_itself_or_by_one_word_and_endangers_nobody() -> None:
    assert stop_reasons.names(masks.WAIT_MASK) == (
        "video_stale",
        "shock_small",
        "position_float",
        "position_unproven",
        "attention",
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_text_says_what_to_do(rule: Rule) -> None:
    assert rule.auto_level >= rule.level
    assert 10 < len(rule.text) <= 140
    assert rule.text.endswith(".")
    if rule.auto_level < Level.STOP:
        assert rule.recovery is Recovery.CLEARS
        assert not rule.retreat
        return
    assert rule.recovery is not Recovery.CLEARS
    if rule.recovery is Recovery.ACKNOWLEDGE:
        assert "ACKNOWLEDGE" in rule.text
    if rule.recovery is Recovery.MACHINE:
        assert stop_reasons.PLAN in rule.text
    if rule.name not in {"handshake", "config_envelope", "maintenance", "boot_loop"}:
        assert "RESET" in rule.text
    if rule.retreat and rule.name not in {"detonation", "maintenance"}:
        assert "RECOVERY" in rule.text


WAITS = {Level.FAULT: Mode.FAULT, Level.ESTOP: Mode.ESTOP}
ACTS = {"RESET": Act.RESET, "ARM": Act.ARM, "RECOVERY": Act.RECOVERY}


def _led_to(rule: Rule, acts: list[str], worst: Class) -> Mode:
    """The mode after these acts, one after the other, from where the stop waits for them."""
    waits = Mode.DISARMED if rule.name in AT_A_START else WAITS.get(rule.level, Mode.HOLD)
    state = SafetyState(mode=waits, held=True, neutral_seen=True, estop_latched=False, reset_due=True)
    for act in acts:
        situation = Situation(
            live=True, act=ACTS[act], neutral=True, hold=False, worst=worst, retreat=True, estop=False,
            motion=Motion.STANDING, at_speed=False, rotor_stopped=True, want=Want.REST, wait_over=False,
        )  # fmt: skip
        state, _ = step(state, situation)
    return state.mode


def _named(text: str) -> list[str]:
    return re.findall(r"\b(?:RESET|ARM|RECOVERY)\b", text)


def _ways(text: str) -> tuple[list[str], list[str]]:
    """The acts that arm by stick, and those that drive out; [] where a text names no such way."""
    again, _, out = text.partition("; to drive out: ")
    before, after = _named(again), _named(out)
    if not out:
        return ([], before) if "RECOVERY" in before else (before if "ARM" in before else [], [])
    way = after if after[0] == "RESET" else [*before, *after]  # else it goes on from the RESET before it
    return before if "ARM" in before else [], way


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_acts_that_a_text_names_lead_where_it_says(rule: Rule) -> None:
    """With the cause gone to *armed by stick*; out of it, with the cause still there, to RECOVERY, and none in vain."""
    again, out = _ways(rule.text.partition("; or RECOVERY")[0])
    if out:
        assert _led_to(rule, out, Class.STOP) is Mode.RECOVERY
        for at in range(len(out)):
            assert _led_to(rule, out[:at] + out[at + 1 :], Class.STOP) is not Mode.RECOVERY, f"{out[at]} does nothing"
    if again:
        assert _led_to(rule, again, Class.OK) is Mode.MANUAL


def test_only_fire_roll_over_and_the_button_need_a_hand_at_the_machine() -> None:
    assert stop_reasons.names(masks.MACHINE_MASK) == ("estop_machine", "fire", "roll_over")


def test_what_recovery_tolerates_is_what_cannot_clear_on_the_spot() -> None:
    assert stop_reasons.names(masks.RETREAT_MASK) == (
        "oil_pressure_low",
        "overheated",
        "track_sensor",
        "tilt_disagrees",
        "tilt_unknown",
        "slope",
        "rotor_sensor",
        "detonation",
        "too_hot",
        "supply_low",
        "maintenance",
        "ring_overlap",
        "shock_small",
    )


def bits(*picked: bool) -> int:
    return sum(1 << code for code, on in enumerate(picked) if on)


@pytest.mark.parametrize(
    ("mask", "belongs"),
    [
        (masks.ESTOP_MASK, lambda rule: rule.level == 5),
        (masks.FAULT_MASK, lambda rule: rule.level == 4),
        (masks.STOP_MASK, lambda rule: rule.level == 3),
        (masks.LIMIT_MASK, lambda rule: rule.level == 2),
        (masks.AUTO_STOP_MASK, lambda rule: rule.auto_level == 3),
        (masks.AUTO_LIMIT_MASK, lambda rule: rule.auto_level == 2),
        (masks.LATCH_MASK, lambda rule: rule.recovery.value in "PH"),
        (masks.MACHINE_MASK, lambda rule: rule.recovery.value == "H"),
        (masks.ACKNOWLEDGE_MASK, lambda rule: rule.recovery.value == "P"),
        (masks.RETREAT_MASK, lambda rule: rule.retreat),
    ],
)
def test_masks(mask: int, belongs: object) -> None:
    assert mask == bits(*(bool(belongs(rule)) for rule in RULES))  # type: ignore[operator]
    assert mask > 0


def test_codes_and_names_of_a_mask_worst_first() -> None:
    some = masks.mask(StopReason.HOT, StopReason.FIRE, StopReason.LINK_LOST)
    assert stop_reasons.codes(some) == (StopReason.FIRE, StopReason.LINK_LOST, StopReason.HOT)
    assert stop_reasons.names(some) == ("fire", "link_lost", "hot")
    assert stop_reasons.codes(0) == ()
    assert stop_reasons.codes(1) == (StopReason.ESTOP_MACHINE,)
    assert masks.mask() == 0


def test_the_text_of_a_name() -> None:
    assert stop_reasons.text("fire") == RULES[2].text
