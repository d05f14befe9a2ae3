"""Hatchling hook: every build, editable ones too, makes the dialect's table first."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DialectHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs generate.py, loaded by path because nothing is installed yet."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write `_dialect.py` beside generate.py; pyproject lists it as an artifact of the wheel.

        Raises:
            RuntimeError: the generator cannot be loaded.
        """
        del version, build_data
        script = Path(self.root) / "firmware_bridge" / "mavlink" / "generate.py"
        spec = importlib.util.spec_from_file_location("flailpilot_generate", script)
        if spec is None or spec.loader is None:
            raise RuntimeError(f"cannot load {script}")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.generate()
