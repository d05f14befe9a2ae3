"""STOP together with any other act, at any phase, over a radio that loses 60 %: it arrives, each time."""

import random
from collections.abc import Callable

import pytest

from console.client.acts import Acts
from console.client.protocol import LinkProtocol
from console.client.station import Controls
from firmware_bridge.types import OperatorEdge
from tests.console.hands import feed
from tests.operator_link.test_attacks import CHANNEL, HERE, Radio, connected

E = OperatorEdge
OTHERS = [edge for edge in E if edge not in (E.STOP, E.ESTOP)]
TRIALS, LOSS, MS = 1_000, 0.6, 1_000_000
SEED = 20_261_130


def arrives(radio: Radio, console: LinkProtocol, draw: random.Random, *, hands: bool) -> int | None:
    """Milliseconds from the press of STOP to the tick that hears it; None where none does in three seconds."""
    other, phase_ms = draw.choice(OTHERS), draw.randrange(0, 100, 5)
    apart_ms = draw.choice([-40, -20, -5, 0, 5, 20, 40])
    stop_ms, other_ms = 100 + phase_ms, 100 + phase_ms + apart_ms
    begun_ns = radio.now_ns
    console.acts = Acts()
    radio.frames()
    for ms in range(0, stop_ms + 3_000, 5):
        radio.now_ns = begun_ns + ms * MS
        if ms == other_ms:
            console.act(other, radio.now_ns)
        if ms == stop_ms:
            console.stop(radio.now_ns, engine_off=draw.random() < 0.3)
        if hands and ms % 20 == 0:
            feed(console, Controls(hold_to_run=True, drive=0.5), radio.now_ns)
        for datagram in console.send(radio.now_ns):
            if draw.random() >= LOSS:
                radio.link.receive(CHANNEL, HERE, datagram, radio.now_ns)
        if ms % 20 == 0:
            for frame in radio.told():
                if draw.random() >= LOSS:
                    console.receive(frame, radio.now_ns)
            if any(frame.edges & (E.STOP | E.ESTOP) for frame in radio.frames()):
                assert ms >= stop_ms
                return ms - stop_ms
    return None


@pytest.mark.long
@pytest.mark.parametrize("hands", [True, False])
def test_every_stop_of_a_thousand_arrives(hands: bool, record_property: Callable[[str, object], None]) -> None:
    draw = random.Random(SEED + hands)
    radio, console = connected()
    took_ms = [arrives(radio, console, draw, hands=hands) for _ in range(TRIALS)]
    assert took_ms.count(None) == 0, f"seed {SEED + hands}: {took_ms.count(None)} of {TRIALS} never arrived"
    found = sorted(ms for ms in took_ms if ms is not None)
    record_property("seed", SEED + hands)
    record_property("p50, p99, p100 [ms]", (found[TRIALS // 2], found[TRIALS * 99 // 100], found[-1]))
    assert found[-1] < 3_000


def test_one_that_another_act_replaces_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """One slot for all acts, as it once was: the newer one takes the other's place, and STOP with it."""
    press = Acts.press

    def replacing(acts: Acts, edge: OperatorEdge, now_ns: int, shown_tick: int | None = None) -> int:
        acts._urgent, acts._plain = [], []
        return press(acts, edge, now_ns, shown_tick)

    monkeypatch.setattr(Acts, "press", replacing)
    radio, console = connected()
    draw = random.Random(SEED)
    assert any(arrives(radio, console, draw, hands=True) is None for _ in range(60))
