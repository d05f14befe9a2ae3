"""Readers of site files other than GeoJSON, by suffix."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

READERS: dict[str, Callable[[Path], Any]] = {}
