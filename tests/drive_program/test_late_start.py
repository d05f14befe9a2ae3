"""The whole program, started before its cable, its address and its broker are there."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.late_start import late_start

pytestmark = [pytest.mark.real, pytest.mark.long]


def test_cable_address_and_broker_may_come_after_it(tmp_path: Path) -> None:
    taken = asyncio.run(late_start(tmp_path, 0.0))
    assert list(taken) == ["READY", "address", "cable", "broker"]
