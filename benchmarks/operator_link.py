"""CPU of the link: every stream at 10 Hz to three signed stations with sticks at 20 Hz; 10 Mbit/s of garbage.

`python benchmarks/operator_link.py`. Exit status 1 where the streams take more than 5 % of a core.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from console.client.link import Credentials, LinkProtocol
from console.client.station import Controls
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.signature import key_of
from firmware_bridge.mavlink.signing import Verifier
from tests.builders import DATUM, config
from tests.console.hands import feed
from tests.operator_link.exchange import gate_report, report
from tests.operator_link.small_plan import small_plan
from tests.operator_link.test_attacks import CHANNEL, CLOCK, MACHINE, Radio
from vehicle.contracts.messages import Mode
from vehicle.control.report import is_due
from vehicle.host.clock import elapsed_s
from vehicle.operator_link.link import LinkSettings, OperatorLink
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.station_frame import station_frame
from vehicle.operator_link.telemetry import STREAMS

SECONDS = 20
STATIONS = {250: "one", 251: "two", 252: "three"}
STREAM_HZ = 10.0
CPU_MAX = 0.05


def streams() -> tuple[float, float]:
    """Share of a core for three consoles of ours with sessions, each at its own address; bytes a second to each."""
    now_ns = 1_000_000_000
    keys = {station: (key_of(secret),) for station, secret in STATIONS.items()}
    verifier = Verifier(keys, {}, CLOCK, now_ns, lambda: 0.5)
    settings = LinkSettings(machine=MACHINE)
    link = OperatorLink(
        config(), DATUM, verifier, MissionUpload(DATUM, plan=small_plan()), os.urandom, settings=settings
    )
    told = report(gate_report(Mode.MANUAL, (), 250))
    frame = adapters.encode_vehicle(station_frame(told, DATUM), 0)
    consoles = {
        (f"10.0.0.{station}", 14550): LinkProtocol(
            Credentials(system_id=station, secret=secret, machine_id=MACHINE.machine_id.hex())
        )
        for station, secret in STATIONS.items()
    }
    spent_s, sent_bytes, warm = 0.0, 0, 3 * 50
    for tick in range(warm + SECONDS * 50):
        now_ns += 20_000_000
        said = []
        for address, console in consoles.items():
            feed(console, Controls(hold_to_run=True, drive=0.3), now_ns)
            said += [(address, datagram) for datagram in console.send(now_ns)]
        began_s = elapsed_s()
        for address, datagram in said:
            link.receive(CHANNEL, address, datagram, now_ns)
        verifier.made_durable(verifier.wanted(now_ns))
        link.drain(now_ns)
        if is_due(tick):
            link.offer(told)
            for peer in link.peers.values():
                peer.send_frame("FLAIL_VEHICLE", frame, verifier, now_ns)
        link.step(now_ns)
        out = link.outbox()
        if tick >= warm:
            spent_s += elapsed_s() - began_s
            sent_bytes += sum(len(one) for _, _, frames in out for one in frames)
        elif tick == warm - 1:
            for peer in link.peers.values():
                for name in {message for message, _, _ in STREAMS.values()}:
                    peer.streams.set_rate(name, STREAM_HZ)
        for _, heard_at, frames in out:
            assert not isinstance(heard_at, str)
            for one in frames:
                consoles[heard_at].receive(one, now_ns)
    assert all(console.open for console in consoles.values())
    assert all(link.sessions.has(station) for station in STATIONS)
    return spent_s / SECONDS, sent_bytes / SECONDS / len(STATIONS)


def garbage() -> float:
    """Share of a core that 10 Mbit/s of random datagrams of 1250 bytes take."""
    radio = Radio()
    noise = [os.urandom(1250) for _ in range(1000)]
    began_s = elapsed_s()
    for datagram in noise:
        radio.link.receive(CHANNEL, ("10.6.6.6", 666), datagram, radio.now_ns)
    return elapsed_s() - began_s


def main() -> int:
    share, each = streams()
    print(
        f"link, {len(STATIONS)} stations, every stream at {STREAM_HZ:.0f} Hz: {share * 100:.1f} % of one core, ", end=""
    )
    print(f"{each:,.0f} bytes/s to each")
    print(f"link, 10 Mbit/s of garbage: {min(garbage() for _ in range(3)) * 100:.1f} % of one core")
    return 1 if share > CPU_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
