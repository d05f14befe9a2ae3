"""The oracle: pymavlink's own generated module for the same XML."""

import ctypes
from pathlib import Path
from types import ModuleType

import pytest

from firmware_bridge.mavlink import generate
from tests.firmware_bridge import controller_bench
from tests.firmware_bridge.controller_bench import Bench


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    folder: Path = tmp_path_factory.mktemp("mavgen")
    return generate.load_module(generate.run_mavgen(folder), "flail_oracle")


@pytest.fixture(scope="session")
def library() -> ctypes.CDLL:
    return controller_bench.load()


@pytest.fixture(params=[1_000, 2**32 - 700], ids=["clock", "clock-wraps"])
def bench(request: pytest.FixtureRequest, library: ctypes.CDLL) -> Bench:
    """Every scenario runs again across the wrap of the millisecond clock."""
    return Bench(library, now_ms=request.param)
