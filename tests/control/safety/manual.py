"""The fault list of docs/SAFETY.md, printed from the gate's table: `python -m tests.control.safety.manual`."""

from pathlib import Path

from tests.control.safety import ladder
from vehicle.contracts.stop_codes import Rule, StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.contracts.units import TICK_S

PAGE = Path(__file__).resolve().parents[3] / "docs/SAFETY.md"
BEGIN, END = "<!-- reasons: begin -->", "<!-- reasons: end -->"
LADDER_BEGIN, LADDER_END = "<!-- ladder: begin -->", "<!-- ladder: end -->"


def in_a_mission(rule: Rule) -> str:
    """Its class there, and whether it is waited for first."""
    return f"WAIT, then L{int(rule.auto_level)}" if rule.waits else f"L{int(rule.auto_level)}"


def times(rule: Rule) -> str:
    """How long its facts must hold, and how long it stays after they went; nothing where it is a tick and no longer."""
    if (rule.onset_ticks, rule.linger_ticks) == (1, 0):
        return ""
    return f"{rule.onset_ticks * TICK_S:g} s, {rule.linger_ticks * TICK_S:g} s"


def yes(holds: bool) -> str:
    return "yes" if holds else ""


def table() -> str:
    """One row a reason, in the order of their codes."""
    rows = [
        f"| {code.value} | `{rule.name}` | L{int(rule.level)} | {in_a_mission(rule)} | {rule.recovery.value} | "
        f"{yes(rule.retreat)} | {yes(rule.blocks_arming)} | {yes(rule.bars_start)} | {times(rule)} | "
        f"{', '.join(map(str, rule.rows))} | {rule.text} |"
        for code, rule in zip(StopReason, RULES, strict=True)
    ]
    head = (
        "| code | reason | by stick | in a mission | clears | RECOVERY | stops arming | bars engine start | "
        "after, lingers | rows | what the operator reads |"
    )
    return "\n".join([head, "|---|---|---|---|---|---|---|---|---|---|---|", *rows])


def ladders() -> str:
    """One row a rung, from everything down to nothing."""
    head = "| ladder | rung | what is left | fastest |"
    rows = [
        f"| {name} | {', '.join(f'`{reason.name.lower()}`' for reason in rung.reasons) or 'all well'} | {rung.left} | "
        f"{rung.cap_mps:g} m/s |"
        for name, rungs in ladder.LADDERS.items()
        for rung in rungs
    ]
    return "\n".join([head, "|---|---|---|---|", *rows])


def page_with_table(page: str) -> str:
    """The page with its lists made anew."""
    for begin, made, end in ((BEGIN, table(), END), (LADDER_BEGIN, ladders(), LADDER_END)):
        before, rest = page.split(begin)
        page = f"{before}{begin}\n{made}\n{end}{rest.split(end)[1]}"
    return page


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text()))
