"""The list of decisions in docs/adr/README.md; `python -m tests.architecture.decisions` writes it."""

import re
from pathlib import Path

ADR = Path(__file__).parents[2] / "docs/adr"
PAGE = ADR / "README.md"
HEAD = "| date | decision | was |\n|---|---|---|\n"
ROW = re.compile(r"\]\((20[\w-]+\.md)\) \| (\d{4}) \|")


def page() -> str:
    """The page with one row for each decision, by date; the numbers of the first ones are kept."""
    before = PAGE.read_text(encoding="utf-8").split(HEAD)
    numbers = dict(ROW.findall(before[1]))
    rows = []
    for path in sorted(ADR.glob("20*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        rows.append(f"| {path.name[:10]} | [{title}]({path.name}) | {numbers.get(path.name, '')} |\n")
    return before[0] + HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
