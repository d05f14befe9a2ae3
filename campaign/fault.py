"""What a fault is, and all of them by name."""

from collections.abc import Callable

import msgspec

from campaign.fault_scenario import FaultScenario

Inject = Callable[[FaultScenario, float], None]
Heal = Callable[[FaultScenario], None]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """`low`..`high` is the range of the strength, `hold_s` how long it lasts in a campaign.

    `lasting`: a silent error of `campaign/lies.py`; in a campaign it stays to the end, and only checks may find it.
    `table_only`: no part of the campaign, which has the like of it among those.
    """

    name: str
    rows: tuple[int, ...]
    inject: Inject
    heal: Heal
    act: Inject | None = None
    low: float = 0.0
    high: float = 1.0
    hold_s: tuple[float, float] = (0.5, 6.0)
    lasting: bool = False
    table_only: bool = False


FAULTS: dict[str, Fault] = {}


def add(fault: Fault) -> None:
    """Once each."""
    assert fault.name not in FAULTS
    FAULTS[fault.name] = fault
