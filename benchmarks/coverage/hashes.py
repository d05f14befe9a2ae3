"""The plan of every real field as its hash, hours and processor seconds, in both modes.

`python -m benchmarks.coverage.hashes [--beside CHECKOUT] [--below HA] [SITE...]`. With another checkout of this project
(and its `.venv`) each field is planned there too, in turns, and the exit status is 1 where a plan differs. Site files
are planned in the mode that they declare. No limit applies: some 15 minutes of one core for the fields each.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.coverage.sites import MODES, area_m2, real_fields, with_strip

PLAN = """
import json, sys, time
from pathlib import Path
from benchmarks.coverage.one import BENCH, OVERLAP_M
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.site.site import load_site
site, start_s = load_site(Path(sys.argv[1]), sys.argv[2] or None), time.process_time()
plan = plan_site(site, BENCH, PlanSettings(overlap_m=OVERLAP_M))
print(json.dumps([plan.plan_hash, plan.time_s / 3600.0, time.process_time() - start_s]))
"""
Found = tuple[str, float, float]
"""Hash, hours, processor seconds of planning."""


def planned(checkout: Path, document: dict[str, object], mode: str) -> Found:
    """The plan as the sources of a checkout make it, in a process of its own; mode "": what the document declares."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.geojson"
        path.write_text(json.dumps(document), encoding="utf-8")
        command = [str(checkout / ".venv/bin/python"), "-c", PLAN, str(path), mode]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=checkout)  # noqa: S603
    name, hours, cpu_s = json.loads(done.stdout)
    return name, hours, cpu_s


def sites(files: list[Path], below_ha: float) -> Iterator[tuple[str, str, dict[str, object]]]:
    """(name, mode, document) of the files, else of the real fields in both modes."""
    for path in files:
        yield path.stem, "", json.loads(path.read_text(encoding="utf-8"))
    for path in [] if files else real_fields():
        document = json.loads(path.read_text(encoding="utf-8"))
        if area_m2(document) < 1e4 * below_ha:
            for mode in MODES:
                yield path.stem, mode, with_strip(document) if mode == "unknown" else document


def main() -> int:
    """0 where no plan differs."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--beside", type=Path, help="another checkout")
    asked.add_argument("--below", type=float, default=math.inf, metavar="HA", help="only fields smaller than this")
    asked.add_argument("sites", type=Path, nargs="*")
    given = asked.parse_args()
    here, differ = Path(__file__).resolve().parents[2], 0
    for name, mode, document in sites(given.sites, given.below):
        found = planned(here, document, mode)
        line = f"{name:28s} {mode:8s} {found[0]} {found[1]:9.4f} h {found[2]:7.2f} s"
        if given.beside is not None:
            other = planned(given.beside.resolve(), document, mode)
            differ += other[0] != found[0]
            line += f" | {other[0]} {other[1]:9.4f} h {other[2]:7.2f} s{'' if other[0] == found[0] else ' DIFFERS'}"
        print(line, flush=True)
    print(f"{differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
