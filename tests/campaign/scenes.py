"""Where a fault strikes: short ways into each mode, all on the full stack.

The way there is gone once in a process; whoever asks gets a copy, which costs a tenth.
"""

import copy
import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from vehicle.contracts.messages import MissionPhase, Mode

P = ParamSpec("P")


@functools.cache
def made(make: Callable[..., FaultScenario], *arguments: float | str) -> FaultScenario:
    """The scene itself, which nobody steps on; a test that plants a bug plants it afterwards, or makes its own."""
    return make(*arguments)


def copied(make: Callable[P, FaultScenario]) -> Callable[P, FaultScenario]:
    """As `make`."""
    signature = inspect.signature(make)

    @functools.wraps(make)
    def scene(*arguments: P.args, **named: P.kwargs) -> FaultScenario:
        bound = signature.bind(*arguments, **named)
        bound.apply_defaults()
        return copy.deepcopy(made(make, *bound.args))

    return scene


@copied
def work(seed: int = 1) -> FaultScenario:
    """In the swath, tool down, rotor at speed, moving."""
    drill = FaultScenario(FaultScenarioSettings(seed=seed)).drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 20.0), drill.reasons
    for _ in range(1000):
        if drill.state.mission.phase is MissionPhase.WORK:
            break
        drill.step()
    drill.run(1.5)
    # Asserted times count from two ticks after a GNSS epoch, however long lowering took; from the epoch it is two more.
    while drill.ticks % 5 != 2:
        drill.step()
    return drill


@copied
def manual(seed: int = 1) -> FaultScenario:
    """By stick at 0.25 m/s, where the longer T_stop holds."""
    drill = FaultScenario(FaultScenarioSettings(seed=seed)).drive(Goal.MANUAL, 0.25, 0.02)
    assert drill.moves(12.0), drill.reasons
    return drill


@copied
def slow(seed: int = 1) -> FaultScenario:
    """By stick at 0.1 m/s."""
    drill = FaultScenario(FaultScenarioSettings(seed=seed)).drive(Goal.MANUAL, 0.14, 0.02)
    assert drill.moves(12.0), drill.reasons
    return drill


@copied
def fast(seed: int = 1) -> FaultScenario:
    """By stick at about 1 m/s, where the shorter T_stop holds; a short way over the air."""
    drill = FaultScenario(FaultScenarioSettings(seed=seed, delay_ms=5.0, jitter_ms=1.0)).drive(Goal.MANUAL, 0.9, 0.02)
    assert drill.moves(12.0, 1.0), drill.reasons
    return drill


@copied
def retreat(seed: int = 1) -> FaultScenario:
    """Backing out in RECOVERY."""
    drill = FaultScenario(FaultScenarioSettings(seed=seed)).drive(Goal.RETREAT, -0.9)
    assert drill.moves(20.0), drill.reasons
    return drill


SCENES = {"work": work, "manual": manual, "slow": slow, "fast": fast, "retreat": retreat}
