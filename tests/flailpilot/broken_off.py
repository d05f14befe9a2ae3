"""A small job, broken off after some minutes of simulated time, by the command `flailpilot sim`."""

import json
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
