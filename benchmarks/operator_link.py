"""CPU of the link: full streams to three signed stations with sticks at 20 Hz; and 10 Mbit/s of garbage on its port."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from console.link import LinkProtocol
from console.station import Controls
from tests.operator_link.test_attacks import CHANNEL, CONSOLE, Radio
from vehicle.clock import elapsed_s

SECONDS = 20
PEERS = 3


def streams() -> float:
    """Share of a core: what the vehicle spends on three peers that hear everything."""
    radio, console = Radio(), LinkProtocol(CONSOLE)
    radio.talk(console, 3.0)
    spent_s = 0.0
    for _ in range(SECONDS * 50):
        radio.now_ns += 20_000_000
        console.feed(Controls(hold_to_run=True, drive=0.3), radio.now_ns)
        sent = console.send(radio.now_ns)
        began_s = elapsed_s()
        for datagram in sent:
            radio.link.receive(CHANNEL, ("10.0.0.7", 14550), datagram, radio.now_ns)
        radio.link.verifier.made_durable(radio.link.verifier.wanted(radio.now_ns))
        radio.link.step(radio.now_ns)
        radio.link.drain(radio.now_ns)
        out = radio.link.outbox()
        spent_s += elapsed_s() - began_s
        for _, _, frames in out:
            for frame in frames:
                console.receive(frame, radio.now_ns)
    return spent_s / SECONDS * PEERS


def garbage() -> float:
    """Share of a core that 10 Mbit/s of random datagrams of 1250 bytes take."""
    radio = Radio()
    noise = [os.urandom(1250) for _ in range(1000)]
    began_s = elapsed_s()
    for datagram in noise:
        radio.link.receive(CHANNEL, ("10.6.6.6", 666), datagram, radio.now_ns)
    return elapsed_s() - began_s


def main() -> None:
    print(f"link, {PEERS} stations at full streams: {streams() * 100:.1f} % of one core")
    print(f"link, 10 Mbit/s of garbage: {min(garbage() for _ in range(3)) * 100:.1f} % of one core")


if __name__ == "__main__":
    main()
