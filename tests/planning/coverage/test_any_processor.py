"""One site, one plan: also on a processor without the newest instructions, whose arithmetic has other last digits."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.marks import reads_shared

ROOT = Path(__file__).parents[3]
CASES = ROOT.parent / "shared" / "cases" / "planner"
SITES = ("triangle_unknown_0p3ha", "arm_skew_0p6ha")
PLANNED = """
import sys
from pathlib import Path
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.site.site import load_site
for name in sys.argv[1:]:
    print(plan_site(load_site(Path(name)), footprint(load_machine("memat"))).plan_hash)
"""

pytestmark = [pytest.mark.real, pytest.mark.long, reads_shared]


def hashes(**environment: str) -> list[str]:
    """Of the plans of `SITES`, made by a Python of its own."""
    command = [sys.executable, "-c", PLANNED, *(str(CASES / f"{name}.geojson") for name in SITES)]
    told = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return told.stdout.split()


def test_an_older_processor_makes_the_same_plan() -> None:
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    now = hashes()
    assert len(set(now)) == len(SITES)
    assert hashes(NPY_DISABLE_CPU_FEATURES=" ".join(found), OPENBLAS_CORETYPE="Nehalem") == now
