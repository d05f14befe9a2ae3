"""Observations that contradict themselves, or lack what their proof needs: one reason each, at most 50 bytes. Pure."""

import re
from typing import Final

from firmware_bridge.types import Observation
from vehicle.config.machine_parts import ToolConfig

FROM: Final = ("arm", "strip", "behind")
"""Where a depth is read: at arm's length from safe ground, in a test strip of the same soil on safe ground, or behind a
follow-up team. Never on ground that only the machine has worked."""
DEEPER_M: Final = 0.1
"""Loose soil and an old furrow let a rod sink deeper than the tool went; by more it is another hole."""
_LOST: Final = re.compile(r"\b(missing|lost|gone|broken)\b", re.IGNORECASE)
_NONE: Final = re.compile(r"\b(no|none|nothing|0|zero)\b", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")


def of_base(observation: Observation) -> str:
    """Why a good check of the base proves nothing: how well was measured, and which point."""
    if observation.sigma is None:
        return "sigma: say how well the point was measured"
    return "" if observation.text.strip() else "text: say which control point"


def of_depth(observation: Observation, tool: ToolConfig) -> str:
    """Why this is no depth of ground that this tool worked."""
    if observation.value > tool.depth_max_m + DEEPER_M:
        return f"deeper than this tool works ({tool.depth_max_m:.2f} m)"
    return ""


def says_where(text: str) -> bool:
    """Whether the first word of a depth reading is a place from where depth is read."""
    first = _WORD.match(text)
    return first is not None and first[0] in FROM


def of_count(observation: Observation, missing: int) -> str:
    """Why a count of hammers contradicts itself; a short one is told all the same, and costs the more credit."""
    if not float(observation.value).is_integer():
        return "a count is a whole number"
    if missing == 0 and _LOST.search(observation.text) and not _NONE.search(observation.text):
        return "a full count, and text says some are missing"
    return ""
