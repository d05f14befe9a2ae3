"""The silent errors of `campaign/lies.py` as faults of a campaign, at sizes for which no false credit is promised."""

import math
from collections.abc import Iterator

from campaign import lies
from campaign.fault import Fault
from campaign.fault_scenario import FaultScenario
from sim.noise import generator


def faults() -> Iterator[Fault]:
    """Yield one fault for each kind of error."""
    for lie in lies.LIES.values():
        yield _silent(lie)


def _silent(lie: lies.Lie) -> Fault:
    def told(drill: FaultScenario, size: float) -> lies.Told:
        draw = generator(drill.settings.seed, f"lie.{lie.name}")
        side_rad, rate = float(draw.uniform(-math.pi, math.pi)), lie.rate_most * float(draw.random())
        return lies.Told(kind=lie.name, size=size, side_rad=side_rad, rate=rate)

    return Fault(
        name=lie.name,
        rows=lie.rows,
        inject=lambda drill, size: lies.begin(drill, told(drill, size)),
        heal=lambda drill: lies.end(drill, told(drill, 0.0)),
        act=(lambda drill, size: lies.each(drill, told(drill, size))) if lie.each is not None else None,
        low=max(lie.low, lie.least),
        high=min(lie.high, lie.most),
        lasting=lie.bounds_credit,
    )
