"""`flailpilot observe` without `--vehicle` speaks to the port on which a vehicle listens if nobody chose another."""

import inspect

from flailpilot.cli import observe
from vehicle.config.drive import OperatorConfig


def test_the_default_is_the_vehicles_own_port() -> None:
    place = inspect.signature(observe).parameters["vehicle"].default
    operator = OperatorConfig()
    assert place == f"{operator.host}:{operator.port}"
