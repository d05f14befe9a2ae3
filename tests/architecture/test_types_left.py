"""mypy reads every module of the product, of its tests and of its benchmarks: no list of exceptions comes back."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_module_is_passed_over() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert {"vehicle", "firmware_bridge", "sim", "campaign", "console", "flailpilot", "benchmarks", "tests"} == set(
        settings["files"]
    )
    passed_over = [
        row["module"] for row in settings["overrides"] if row.get("ignore_errors") or row.get("follow_imports")
    ]
    assert passed_over == []
    assert settings["exclude"] == ["_dialect\\.py$", "_generated"]
