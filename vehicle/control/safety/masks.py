"""The reasons table as bit masks: bit n is reason n."""

from vehicle.contracts.stop_codes import Level, Recovery, Rule, StopReason
from vehicle.contracts.stop_reasons import RULES


def mask(*reasons: StopReason) -> int:
    """Bits of these reasons."""
    return sum(1 << reason for reason in reasons)


def _of(rules: list[Rule]) -> int:
    return sum(1 << RULES.index(rule) for rule in rules)


ESTOP_MASK = _of([rule for rule in RULES if rule.level is Level.ESTOP])
FAULT_MASK = _of([rule for rule in RULES if rule.level is Level.FAULT])
STOP_MASK = _of([rule for rule in RULES if rule.level is Level.STOP])
LIMIT_MASK = _of([rule for rule in RULES if rule.level is Level.LIMIT])
AUTO_STOP_MASK = _of([rule for rule in RULES if rule.auto_level is Level.STOP])
AUTO_LIMIT_MASK = _of([rule for rule in RULES if rule.auto_level is Level.LIMIT])
ACKNOWLEDGE_MASK = _of([rule for rule in RULES if rule.recovery is Recovery.ACKNOWLEDGE])
MACHINE_MASK = _of([rule for rule in RULES if rule.recovery is Recovery.MACHINE])
LATCH_MASK = ACKNOWLEDGE_MASK + MACHINE_MASK
RETREAT_MASK = _of([rule for rule in RULES if rule.retreat])
HALT_MASK = (ESTOP_MASK | FAULT_MASK | STOP_MASK) & ~RETREAT_MASK
"""What forbids to arm, RECOVERY or not."""
ESTOP_CONSOLE, FIRE = mask(StopReason.ESTOP_CONSOLE), mask(StopReason.FIRE)
LINK_SLOW, VIDEO_LATE = mask(StopReason.LINK_SLOW), mask(StopReason.VIDEO_LATE)
ATTENTION_LATE = mask(StopReason.ATTENTION_LATE)
DETONATION, SHOCK_SMALL = mask(StopReason.DETONATION), mask(StopReason.SHOCK_SMALL)
DOUBT_MASK = _of([rule for rule in RULES if rule.doubts_position])
"""Where the machine stands is not what the estimate says, or may not be."""
WAIT_MASK = _of([rule for rule in RULES if rule.waits])
"""What a mission waits for before it stops."""
START_BAR_MASK = _of([rule for rule in RULES if rule.bars_start])
"""After these no console starts the engine: a valve may not shut, or a start would feed a fire."""
HORN_MASK = _of([rule for rule in RULES if rule.sounds_horn])
