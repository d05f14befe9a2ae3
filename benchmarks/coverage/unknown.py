"""Small sites with unknown ground outside: `python -m benchmarks.coverage.unknown [--beside CHECKOUT] [NAME...]`.

Every case and every real field up to 4 ha, planned for one machine profile at its own pace, one line of a Markdown
table each: hours, passes, m2 left to people, processor seconds. With another checkout of this project (and its `.venv`)
each site is planned there too, in turns, and the mean change of the hours stands below. A site that declares no unknown
ground has a strip of safe ground along its longest edge. Exit status 1 where the independent checker complains.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.coverage.sites import FIELDS, area_m2, real_fields, with_strip

CASES = FIELDS.parents[1] / "cases" / "planner"
LARGEST_HA = 4.0
TWIN = "_unknown"
"""A case with this in its name declares unknown ground; the case of the same name without it is left out."""
Row = dict[str, Any]
HERE = Path(__file__).resolve().parents[2]


def sites() -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, document) of every small site, its ground outside unknown."""
    for path in [*sorted(CASES.glob("*.geojson")), *real_fields()]:
        document = json.loads(path.read_text(encoding="utf-8"))
        twins = [other for other in CASES.glob(f"*{TWIN}*") if other.stem.replace(TWIN, "") == path.stem]
        if not twins and area_m2(document) <= 1e4 * LARGEST_HA:
            yield path.stem, document if document.get("outside") == "unknown" else with_strip(document)


def planned(checkout: Path, document: dict[str, Any], limit_s: float, machine: str) -> Row:
    """The row of one site as the sources of a checkout make it, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.geojson"
        path.write_text(json.dumps(document), encoding="utf-8")
        command = [str(checkout / ".venv/bin/python"), "-m", "benchmarks.coverage.one", str(path), "unknown"]
        command += [str(limit_s), machine]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=checkout)  # noqa: S603
    row: Row = json.loads(done.stdout)
    return row


def told(name: str, rows: list[Row]) -> str:
    """One line of the table: each figure of every build, and the change of the hours from the first to the last."""
    hours = [row["time_h"] for row in rows]
    change = f" | {100.0 * (hours[-1] / hours[0] - 1.0):+.1f} %" if len(rows) > 1 else ""
    return (
        f"| {name} | {rows[-1]['area_m2'] / 1e4:.2f} | {_each(hours, '.3f')}{change} | "
        f"{_each([row['swaths'] for row in rows], 'd')} | {_each([row['left_m2'] for row in rows], '.1f')} | "
        f"{_each([row['plan_cpu_s'] for row in rows], '.1f')} |"
    )


def _each(figures: list[Any], how: str) -> str:
    return ", ".join(format(figure, how) for figure in figures)


def main() -> int:
    """Print the table; 1 if a plan of this checkout is faulty."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--beside", type=Path, help="another checkout, the build before")
    asked.add_argument("--machine", default="memat")
    asked.add_argument("--limit", type=float, default=900.0, help="seconds of planning for one site")
    asked.add_argument("names", nargs="*", help="only these sites")
    given = asked.parse_args()
    builds, faulty, changes = [HERE], 0, []
    if given.beside is not None:
        builds.insert(0, given.beside.resolve())
    change = " | change" if len(builds) > 1 else ""
    print(f"| field | ha | hours{change} | passes | left to people m2 | processor s |")
    print("|---" * (6 + bool(change)) + "|")
    for name, document in sites():
        if given.names and name not in given.names:
            continue
        rows = [planned(build, document, given.limit, given.machine) for build in builds]
        print(told(name, rows), *rows[-1]["complaints"], flush=True)
        faulty += bool(rows[-1]["complaints"])
        changes.append(rows[-1]["time_h"] / rows[0]["time_h"] - 1.0)
    print(f"\nmean change {100.0 * fmean(changes):+.1f} % on {len(changes)} sites; {faulty} faulty")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
