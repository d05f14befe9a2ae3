"""The fault list of docs/SAFETY.md, printed from the table that the gate uses: `python -m tests.safety.manual`."""

from pathlib import Path

from vehicle.safety.reasons import RULES, StopReason

PAGE = Path(__file__).resolve().parents[2] / "docs/SAFETY.md"
BEGIN, END = "<!-- reasons: begin -->", "<!-- reasons: end -->"


def table() -> str:
    """One row a reason, in the order of their codes."""
    rows = [
        f"| {code.value} | `{rule.name}` | L{int(rule.level)} | L{int(rule.auto_level)} | {rule.recovery.value} | "
        f"{'yes' if rule.retreat else ''} | {rule.text} |"
        for code, rule in zip(StopReason, RULES, strict=True)
    ]
    head = "| code | reason | by hand | in a mission | clears | RECOVERY | what the operator reads |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *rows])


def page_with_table(page: str) -> str:
    """The page with its list made anew."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text()))
