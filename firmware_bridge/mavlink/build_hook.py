"""Hatchling hook: every build, also an editable one, first generates the table of the dialect."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DialectHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs generate.py, loaded by path because nothing is installed yet."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write `_dialect.py` beside generate.py; pyproject lists it as an artifact of the wheel.

        Raises:
            RuntimeError: The generator cannot be loaded.
        """
        del version, build_data
        script = Path(self.root) / "firmware_bridge" / "mavlink" / "generate.py"
        spec = importlib.util.spec_from_file_location("flailpilot_generate", script)
        if spec is None or spec.loader is None:
            raise RuntimeError(f"{script}: cannot be loaded as a Python module; build from a complete checkout")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.generate()
