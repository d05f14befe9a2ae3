"""A small job, broken off after some minutes of simulated time, by the command `flailpilot sim`."""

import fcntl
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

FIELD = [(-9, -7), (10, -6), (9, 8), (-10, 7)]
SCENARIO = """
name = "broken-off"
machine = "memat"
site = "ground.geojson"
seed = 3
sim_max_s = {sim_max_s:.1f}

[mission]
required_depth_m = 0.15
"""


def broken_off_in(folder: Path, site: dict[str, Any], sim_max_s: float) -> None:
    """Write `ground.geojson` and drive it into `run/`; ground is missed, as the exit status says."""
    (folder / "ground.geojson").write_text(json.dumps(site), encoding="utf-8")
    (folder / "scenario.toml").write_text(SCENARIO.format(sim_max_s=sim_max_s))
    words = ["flailpilot", "sim", str(folder / "scenario.toml"), "--out", str(folder / "run"), "--json"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", words)
        from flailpilot import cli  # noqa: PLC0415

        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert ended.value.code == 1


def broken_off_once(paths: pytest.TempPathFactory, site: dict[str, Any], sim_max_s: float) -> Path:
    """A folder of one's own with such a job, which is driven once for all processes of a run of tests."""
    shared = paths.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else paths.getbasetemp()
    name = hashlib.sha256(json.dumps([site, sim_max_s]).encode()).hexdigest()[:16]
    made, driven = shared / f"broken_off_{name}", shared / f"broken_off_{name}.driven"
    with (shared / f"broken_off_{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not driven.exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            broken_off_in(made, site, sim_max_s)
            driven.touch()
    return shutil.copytree(made, paths.mktemp("job") / "job")
