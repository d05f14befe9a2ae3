"""Stations find the vehicle: the wires that a configuration names, who speaks first, and the lines of the docs."""

import asyncio
import os
import re
import socket
import sys
from pathlib import Path

import pytest
from pymavlink import mavutil

from benchmarks.ports import free_port
from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPECS
from tests.operator_link.exchange import S_NS, Exchange
from tests.operator_link.live_vehicle import PATIENCE_S, Live, live_vehicle
from tests.operator_link.mavproxy import mavproxy
from vehicle.config.drive import DriveConfig, OperatorConfig, RadioConfig, StationConfig
from vehicle.config.load import load_toml_model
from vehicle.contracts.errors import InputError
from vehicle.host.clock import SystemClock
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.transport import LinkTransport, Radio, Tcp, Udp, check_wire
from vehicle.runtime.operator_wires import places_of, wires_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "OPERATOR_LINK.md").read_text(encoding="utf-8")
BENCH = ROOT / "configs" / "vehicle" / "bench.toml"


# --- what a configuration makes --------------------------------------------------------------------------------------
def test_a_bench_listens_beside_the_ground_station_and_calls_it() -> None:
    place = load_toml_model(BENCH, DriveConfig).operator
    (wire,) = wires_of(place, bench=True)
    assert isinstance(wire, Udp)
    assert (wire.host, wire.port, wire.stations) == ("127.0.0.1", 14555, (("127.0.0.1", 14550, 255),))
    assert wire.channel.unsigned
    assert places_of(place, bench=True) == "UDP 127.0.0.1:14555, calling 127.0.0.1:14550"


def test_a_vehicle_calls_whom_it_is_told_to_and_has_tcp_and_a_radio() -> None:
    station = StationConfig(host="192.0.2.20", system_id=7)
    radio = RadioConfig(port="/dev/ttyUSB1")
    place = OperatorConfig(host="0.0.0.0", tcp_port=5760, radio=radio, stations=(station,))  # noqa: S104
    udp, tcp, serial = wires_of(place, bench=False)
    assert isinstance(udp, Udp)
    assert isinstance(tcp, Tcp)
    assert isinstance(serial, Radio)
    assert udp.stations == (("192.0.2.20", 14550, 7),)
    assert (tcp.port, serial.url, serial.baud) == (5760, "/dev/ttyUSB1", 57_600)
    assert serial.channel.bytes_per_s == pytest.approx(3456.0)
    channels = (udp.channel, tcp.channel, serial.channel)
    assert not any(channel.unsigned for channel in channels)
    assert len({channel.link_id for channel in channels}) == 3
    assert wires_of(OperatorConfig(), bench=False)[0].stations == ()  # type: ignore[union-attr]


def test_an_unsigned_radio_is_refused() -> None:
    with pytest.raises(InputError, match="unsigned on a serial port"):
        check_wire(Radio(channel=Channel(name="radio", unsigned=True), url="/dev/null", baud=57_600))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('stations = [{ host = "gcs.local" }]', "no IP address"),
        ("tcp_port = 0", "tcp_port"),
        ('radio = { port = "/dev/ttyUSB1", baud = 1200 }', "baud"),
        ('radio = { port = "/dev/ttyUSB1" }', "bench takes unsigned frames"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, lines: str, words: str) -> None:
    file = tmp_path / "bench.toml"
    text = BENCH.read_text(encoding="utf-8")
    file.write_text(text.replace("[operator]\n", f"[operator]\n{lines}\n"), encoding="utf-8")
    with pytest.raises(InputError, match=words) as refusal:
        load_toml_model(file, DriveConfig)
    assert "\n" not in str(refusal.value).strip()


# --- who speaks first ------------------------------------------------------------------------------------------------
def test_a_called_station_hears_heartbeats_only_until_it_answers() -> None:
    link = Exchange(bench=True)
    link.link.invite(link.channel, ("127.0.0.1", 14551), 255, link.now_ns)
    heard = [name for name, _ in link.hear(10.0, streams=True)]
    assert set(heard) - {"STATUSTEXT"} == {"HEARTBEAT"}
    assert 9 <= heard.count("HEARTBEAT") <= 11
    link.say("HEARTBEAT", type=6)
    assert "ATTITUDE" in [name for name, _ in link.hear(2.0, streams=True)]
    link.now_ns += 60 * S_NS
    # it may be one that says nothing by itself, and disarms only where it knows of fresh ground
    silent = {name for name, _ in link.hear(5.0, streams=True)} - {"STATUSTEXT"}
    assert silent == {"HEARTBEAT", "EXTENDED_SYS_STATE"}


async def _first(listener: socket.socket) -> str:
    chunk = await asyncio.get_running_loop().sock_recv(listener, 300)
    return SPECS[FrameParser().feed(chunk)[0].msg_id].name


@pytest.mark.real
def test_a_station_that_only_listens_is_found_on_a_real_socket() -> None:
    async def main() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
            listener.setblocking(False)
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            async with live_vehicle(stations=(("127.0.0.1", port, 255),)) as live, asyncio.timeout(PATIENCE_S):
                while await _first(listener) != "HEARTBEAT":
                    pass
                beat = codec.encode_fields("HEARTBEAT", {"type": 6}, 0, 255, 190)
                listener.sendto(beat, ("127.0.0.1", live.port))
                while await _first(listener) != "ATTITUDE":
                    pass

    asyncio.run(main())


@pytest.mark.real
def test_a_radio_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    async def main() -> None:
        said: list[str] = []
        name = tmp_path / "radio"
        link = Exchange().link
        radio = Radio(channel=Channel(name="radio"), url=str(name), baud=57_600)
        clock = SystemClock()
        async with LinkTransport(link, clock, (radio,), say=said.append) as shell:
            moving = asyncio.get_running_loop().create_task(shell.run())
            async with asyncio.timeout(PATIENCE_S):
                while not said:
                    await clock.sleep_until_ns(clock.now_ns() + 20_000_000)
                master, slave = os.openpty()
                name.symlink_to(os.ttyname(slave))
                while len(said) < 2:
                    await clock.sleep_until_ns(clock.now_ns() + 20_000_000)
            moving.cancel()
            await asyncio.gather(moving, return_exceptions=True)
            os.close(master)
            os.close(slave)
        assert "waiting for it" in said[0]
        assert said[1] == f"operators' radio {name}: open"

    asyncio.run(main())


# --- the lines of the docs -------------------------------------------------------------------------------------------
def row(station: str) -> list[str]:
    """The lines in code of one row of the table."""
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {station} | ")]
    return re.findall(r"`([^`]+)`", line)


def here(line: str, live: Live, listening: int) -> str:
    """The line of the docs with the ports of this test."""
    found = line.replace("VEHICLE", "127.0.0.1").replace("14550", str(listening))
    return found.replace("14555", str(live.port)).replace("5760", str(live.tcp_port))


def test_the_rows_are_whole() -> None:
    assert [len(row(name)) for name in ("MAVProxy", "MAVSDK", "pymavlink")] == [3, 3, 3]
    assert row("QGroundControl") == row("Mission Planner") == []


@pytest.mark.real
@pytest.mark.parametrize("line", row("pymavlink"))
def test_a_line_of_pymavlink_finds_the_vehicle(line: str) -> None:
    def client(url: str) -> tuple[int, int]:
        connection = mavutil.mavlink_connection(url)
        try:
            for _ in range(round(2 * PATIENCE_S)):
                if not url.startswith("udpin"):
                    connection.mav.heartbeat_send(6, 8, 0, 0, 0)
                beat = connection.wait_heartbeat(timeout=0.5)
                if beat is not None:
                    return beat.type, connection.target_system
            return (0, 0)
        finally:
            connection.close()

    async def main() -> None:
        listening = free_port()
        async with live_vehicle(stations=(("127.0.0.1", listening, 255),)) as live:
            (url,) = re.findall(r'"([^"]+)"', here(line, live, listening))
            assert await asyncio.to_thread(client, url) == (mavutil.mavlink.MAV_TYPE_GROUND_ROVER, 1)

    asyncio.run(main())


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("line", row("MAVProxy"))
def test_a_line_of_mavproxy_finds_the_vehicle(line: str, tmp_path: Path) -> None:
    async def main() -> None:
        listening = free_port()
        async with live_vehicle(stations=(("127.0.0.1", listening, 255),)) as live:
            master = here(line, live, listening).partition("--master=")[2]
            async with mavproxy(0, tmp_path, master=master) as proxy:
                await proxy.expect(r"Received \d+ parameters")

    asyncio.run(main())


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("line", row("MAVSDK"))
def test_a_line_of_mavsdk_finds_the_vehicle(line: str) -> None:
    async def main() -> None:
        listening = free_port()
        async with live_vehicle(stations=(("127.0.0.1", listening, 255),)) as live:
            client = Path(__file__).with_name("mavsdk_find.py")
            process = await asyncio.create_subprocess_exec(
                sys.executable, str(client), here(line, live, listening), stdout=asyncio.subprocess.PIPE
            )
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE_S):
                heard = await process.stdout.read()
            await process.wait()
            assert b"found" in heard

    asyncio.run(main())
