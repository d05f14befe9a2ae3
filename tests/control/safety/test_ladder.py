"""No rung of a ladder allows more than the rung above it, and no reason, added to any others, allows anything more."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.safety.ladder import LADDERS, Left, Rung
from tests.control.safety.rig import frame
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.control.safety import command_shaping, interlocks, masks, modes
from vehicle.control.safety.modes import ARMED, AUTO, Act, Motion, SafetyState, Situation, Want
from vehicle.control.safety.permits import permits

FRAME = frame(hold_to_run=True, video_age_ms=300)
Powers = frozenset[tuple[Mode, str]]
FASTEST_MPS = 3.0


def situation(mode: Mode, in_force: int, act: Act) -> Situation:
    want = Want.WORK if mode is Mode.AUTO_WORK else Want.MOVE
    return Situation(
        True, act, True, True, interlocks.worst(in_force, 0, mode), interlocks.retreat(in_force, 0, Mode.READY, 0),
        in_force & masks.ESTOP_MASK != 0, Motion.STANDING, True, False, want, False,
    )  # fmt: skip


def powers(in_force: int) -> tuple[Powers, dict[Mode, float]]:
    """What each driving mode still lets through with these reasons, and how fast."""
    found: set[tuple[Mode, str]] = set()
    caps: dict[Mode, float] = dict.fromkeys(ARMED, 0.0)
    for mode in ARMED:
        s = situation(mode, in_force, Act.NONE)
        n, _ = modes.step(SafetyState(mode, held=True, neutral_seen=True, estop_latched=False, reset_due=False), s)
        if n.mode is not mode:
            continue
        p = permits(
            SafetyState(mode, held=True, neutral_seen=True, estop_latched=False, reset_due=False),
            s,
            tool_up=True,
            rotor_asked=True,
        )
        found |= {(mode, name) for name in ("drive", "rotor", "tool", "tool_down") if getattr(p, name)}
        caps[mode] = command_shaping.speed_cap_mps(mode, in_force, FRAME)
    started, _ = modes.step(
        SafetyState(Mode.MANUAL, held=True, neutral_seen=True, estop_latched=False, reset_due=False),
        situation(Mode.MANUAL, in_force, Act.START),
    )
    if started.mode is Mode.AUTO_MOVE:
        found.add((Mode.AUTO_MOVE, "start"))
    return frozenset(found), caps


def left(found: Powers) -> Left:
    if (Mode.AUTO_MOVE, "start") in found:
        return Left.START
    kinds = {mode for mode, name in found if name == "drive"}
    if kinds & set(AUTO):
        return Left.MISSION
    if Mode.MANUAL in kinds:
        return Left.HANDS
    return Left.RETREAT if Mode.RECOVERY in kinds else Left.NOTHING


def no_more(lower: int, upper: int) -> bool:
    """`lower` allows nothing that `upper` does not."""
    few, slow = powers(lower)
    many, fast = powers(upper)
    return few <= many and all(slow[mode] <= fast[mode] for mode in ARMED)


@pytest.mark.parametrize("name", LADDERS)
def test_every_rung_leaves_what_is_written_and_no_more_than_the_one_above(name: str) -> None:
    rungs: tuple[Rung, ...] = LADDERS[name]
    for rung in rungs:
        found, caps = powers(masks.mask(*rung.reasons))
        assert left(found) is rung.left, (rung, found)
        assert max(caps.values()) == rung.cap_mps, (rung, caps)
    for above, below in itertools.pairwise(rungs):
        assert no_more(masks.mask(*below.reasons), masks.mask(*above.reasons)), (above, below)


@given(st.sets(st.sampled_from(list(StopReason)), max_size=5), st.sampled_from(list(StopReason)))
def test_no_reason_added_to_any_others_allows_more(others: set[StopReason], added: StopReason) -> None:
    assert no_more(masks.mask(*others | {added}), masks.mask(*others))


def test_every_reason_alone_leaves_what_its_class_says() -> None:
    for reason in StopReason:
        rule = RULES[reason]
        found, caps = powers(masks.mask(reason))
        if rule.level >= 3:
            assert left(found) is (Left.RETREAT if rule.retreat and rule.level == 3 else Left.NOTHING), rule.name
        elif rule.auto_level >= 3:
            assert left(found) is Left.HANDS, rule.name
        else:
            assert left(found) is (Left.MISSION if rule.auto_level == 2 else Left.START), rule.name
        assert max(caps.values()) <= (FASTEST_MPS if rule.level < 2 else 0.3), rule.name
