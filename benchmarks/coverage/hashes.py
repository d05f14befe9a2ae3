"""The plan of every real field as its hash, in both modes: `python -m benchmarks.coverage.hashes [--beside CHECKOUT]`.

With another checkout of this project (and its `.venv`) each field is planned there too, and the exit status is 1 where
a plan differs. No limit of time applies, so the same sources give the same plan; some 15 minutes of one core each.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.coverage.sites import MODES, real_fields, with_strip

PLAN = """
import math, sys
from pathlib import Path
from benchmarks.coverage.one import BENCH, OVERLAP_M
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.site.site import load_site
print(plan_site(load_site(Path(sys.argv[1]), sys.argv[2]), BENCH, PlanSettings(overlap_m=OVERLAP_M)).plan_hash)
"""


def hash_of(checkout: Path, document: dict[str, object], mode: str) -> str:
    """The plan's hash as the sources of a checkout make it, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.geojson"
        path.write_text(json.dumps(document), encoding="utf-8")
        command = [str(checkout / ".venv/bin/python"), "-c", PLAN, str(path), mode]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=checkout)  # noqa: S603
    return done.stdout.strip()


def main() -> int:
    """0 where no plan differs."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--beside", type=Path, help="another checkout")
    given = asked.parse_args()
    here, differ = Path(__file__).resolve().parents[2], 0
    for field in real_fields():
        name, document = field.stem, json.loads(field.read_text(encoding="utf-8"))
        for mode in MODES:
            site = with_strip(document) if mode == "unknown" else document
            found = hash_of(here, site, mode)
            other = hash_of(given.beside.resolve(), site, mode) if given.beside is not None else found
            differ += other != found
            print(f"{name:28s} {mode:8s} {found}{'' if other == found else ' DIFFERS ' + other}", flush=True)
    print(f"{differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
