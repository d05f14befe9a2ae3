"""The description of a fault, and the table of all faults by name."""

from collections.abc import Callable

import msgspec

from campaign.fault_scenario import FaultScenario

Inject = Callable[[FaultScenario, float], None]
Heal = Callable[[FaultScenario], None]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault. `low`..`high`: range of its strength; `hold_s`: range of its duration in a campaign.

    `lasting`: a silent error of `campaign/lies.py`; in a campaign it lasts to the end, and only checks can find it.
    `table_only`: not drawn in campaigns, which have a similar fault.
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
    """Add a fault to the table; each name once."""
    assert fault.name not in FAULTS
    FAULTS[fault.name] = fault
