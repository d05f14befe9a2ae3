"""The page docs/FAULTS.md: each fault with its detection, reaction, recovery and tests."""

from tests.campaign.catalogue import FAULTS, SECTIONS
from tests.campaign.detection import DETECTION, HANDLED, Handled
from tests.campaign.traceability import ROOT, tests_of
from vehicle.contracts.stop_codes import Level, Recovery, Rule
from vehicle.contracts.stop_reasons import RULES
from vehicle.contracts.units import TICK_S
from vehicle.control.safety.command_shaping import LIMITED_MPS

PAGE = ROOT / "docs/FAULTS.md"
REACTIONS = {
    Level.WARN: "warning",
    Level.LIMIT: "speed limit",
    Level.STOP: "stop",
    Level.FAULT: "stop, then engine off",
    Level.ESTOP: "engine cut at once",
}
RECOVERIES = {
    Recovery.CLEARS: "by itself",
    Recovery.RESET: "RESET",
    Recovery.ACKNOWLEDGE: "ACKNOWLEDGE, RESET",
    Recovery.MACHINE: "recovery plan, then RESET",
}
HEAD = f"""# Catalogue of faults

`python -m tests.campaign.faults_page` writes this page from the table of reasons
(`vehicle/contracts/stop_reasons.py`), the thresholds of the checks and the list of tests; a test refuses a page that
is out of date. Comments in the code name the rows of this page. Each reason, with the text that the operator reads,
is in [SAFETY.md](SAFETY.md). Whether a row is tested on the full stack, with all its tests, is in
[TRACEABILITY.md](TRACEABILITY.md).

- **Detection**: what the vehicle looks at. A time in brackets at the end: the facts must hold for so long.
- **Reaction.** *Warning*: the operator is told, nothing else changes. *Speed limit*: at most {LIMITED_MPS:g} m/s, and
  no mission starts. *Stop*: zero set-point and rotor off in that tick, tool height held, engine kept. *Stop, then
  engine off*: the engine goes off as well. *Engine cut at once*: the brakes close without a ramp, and rotor drive and
  engine are switched off, all in that tick. Where a mission reacts otherwise than driving by stick, both are named.
- **Recovery**: what ends the reason. After every stop the sticks must be centred; then follow RESET and ARM, and after
  an engine cut or a fault a second ARM. *RECOVERY*: the machine may be driven out along its own track although the
  cause is still there. *Bars an engine start*: no console starts the engine before a reset at the machine.
- **Tests**: at most two are named.
"""


def reactions(rule: Rule) -> str:
    """By stick, and in a mission where that differs."""
    by_stick = REACTIONS[rule.level]
    in_mission = f"WAIT, then {REACTIONS[rule.auto_level]}" if rule.waits else REACTIONS[rule.auto_level]
    return by_stick if by_stick == in_mission else f"{by_stick}; in a mission {in_mission}"


def detections(rule: Rule) -> str:
    """What is looked at, and for how long it must hold."""
    onset = f" ({rule.onset_ticks * TICK_S:g} s)" if rule.onset_ticks > 1 else ""
    return f"{DETECTION[rule.name]}{onset}"


def recoveries(rule: Rule) -> str:
    """What leaves the reason."""
    barred = "; bars an engine start" if rule.bars_start else ""
    return RECOVERIES[rule.recovery] + ("; RECOVERY" if rule.retreat else "") + barred


def described(row: int) -> Handled:
    """Detection, reaction and recovery of a row, one line for each reason. Raises KeyError for a row without any."""
    rules = [rule for rule in RULES if row in rule.rows]
    if not rules:
        return HANDLED[row]
    return Handled(
        "<br>".join(f"`{rule.name}`: {detections(rule)}" for rule in rules),
        "<br>".join(reactions(rule) for rule in rules),
        "<br>".join(recoveries(rule) for rule in rules),
    )


def page() -> str:
    """docs/FAULTS.md as it must be."""
    tests = tests_of()
    lines = [HEAD]
    for title, first, last in SECTIONS:
        lines += [
            f"## {title}",
            "",
            "| row | fault | detection | reaction | recovery | tests |",
            "|---|---|---|---|---|---|",
        ]
        for row in range(first, last + 1):
            told, names = described(row), tests.get(row, ())
            shown = "<br>".join(f"`{name}`" for name in names[:2]) or "-"
            lines.append(f"| {row} | {FAULTS[row]} | {told.detection} | {told.reaction} | {told.recovery} | {shown} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
