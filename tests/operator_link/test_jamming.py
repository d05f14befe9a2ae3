"""An attacker without a key against a machine that drives: it can jam, and nothing else; then control comes back."""

import itertools

import pytest

from benchmarks.trials.linked_scenario import LinkedFaultScenario
from campaign.fault_scenario import FaultScenarioSettings
from campaign.sim_operator import Goal
from sim.noise import generator
from tests.operator_link.test_attacks import MESSAGES, forged
from vehicle.contracts.messages import Mode
from vehicle.operator_link.admission import Channel

pytestmark = pytest.mark.long

OTHER = Channel(name="lte", link_id=3)
ATTACK_TICKS = 100
RETURN_MAX_TICKS = 100
"""Two seconds."""


def driving() -> LinkedFaultScenario:
    drill = LinkedFaultScenario(FaultScenarioSettings(seed=5))
    drill.drive(Goal.MANUAL, 0.25)
    assert moves(drill)
    return drill


def moves(drill: LinkedFaultScenario) -> bool:
    """Within half a minute of the operator's acts."""
    for _ in range(1500):
        drill.step()
        if drill.mode is Mode.MANUAL and drill.watch.setpoint_mps > 0.1:
            return True
    return False


def crowd() -> list[bytes]:
    """A tick's share of 10 Mbit/s: every forgery of every message, over and over."""
    kinds = ("unsigned", "wrong key", "far future", "unknown id", "vehicle's id", "flag cleared", "v1")
    frames = [forged(kind, *MESSAGES[name]) for kind, name in itertools.product(kinds, MESSAGES)]
    endless = itertools.cycle(frame.replace(b"\xfa", b"\x07") for frame in frames)  # the drill's console is 7, not 250
    taken: list[bytes] = []
    while sum(map(len, taken)) < 25_000:
        taken.append(next(endless))
    return taken


def heard(drill: LinkedFaultScenario) -> bool:
    """The console's frames count."""
    report = drill.state.report
    return report is not None and report.operator_age_s < 0.3


@pytest.mark.parametrize("kind", ["forgeries", "noise", "recording", "recording of another link"])
def test_from_an_address_of_his_own_he_does_not_even_slow_it(kind: str) -> None:
    drill = driving()
    draw = generator(1, "attack")
    record = [bytes(one) for one in recorded(drill)]
    assert len(record) > 12
    attacks = {
        "forgeries": crowd(),
        "noise": [draw.bytes(1_250) for _ in range(20)],
        "recording": record,
        "recording of another link": record,
    }
    for _ in range(ATTACK_TICKS):
        if kind == "recording of another link":
            drill.wire.strange = []
            for datagram in attacks[kind]:
                drill.link.receive(OTHER, ("10.9.9.9", 9), datagram, drill.now_ns)
        else:
            drill.wire.strange = list(attacks[kind])
        drill.step()
        assert drill.mode is Mode.MANUAL
        assert drill.watch.setpoint_mps > 0.05
    assert drill.watch.finish() == ()


def recorded(drill: LinkedFaultScenario) -> list[bytes]:
    """A second of the console's frames, as an attacker hears them."""
    taken: list[bytes] = []
    for _ in range(50):
        drill.step()
        taken += drill.wire.heard
    return taken


@pytest.mark.parametrize("kind", ["noise", "forgeries", "broken frames"])
def test_under_the_consoles_address_he_may_jam_it_and_two_seconds_after_he_left_it_counts(kind: str) -> None:
    drill = driving()
    draw = generator(2, "attack")
    noise = [draw.bytes(1_250) for _ in range(20)] if kind == "noise" else crowd()
    if kind == "broken frames":
        drill.up.cut = True
    for _ in range(ATTACK_TICKS):
        if kind != "broken frames":
            drill.radio.vehicle.inbox[:0] = noise
        drill.step()
    stopped = drill.mode in (Mode.HOLD, Mode.STOPPING)
    assert stopped is (kind != "noise")  # long datagrams of noise find no budget where the console's short frames do
    drill.up.cut = False
    ticks = 0
    while not heard(drill):
        drill.step()
        ticks += 1
    assert ticks <= RETURN_MAX_TICKS
    assert stopped is (drill.mode in (Mode.HOLD, Mode.STOPPING))  # heard again, and not moving by itself
    assert moves(drill)
    assert drill.watch.finish() == ()
