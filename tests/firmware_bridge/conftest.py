"""The oracle: pymavlink's own generated module for the same XML."""

from pathlib import Path
from types import ModuleType

import pytest

from firmware_bridge.mavlink import generate


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    folder: Path = tmp_path_factory.mktemp("mavgen")
    return generate.load_module(generate.run_mavgen(folder), "flail_oracle")
