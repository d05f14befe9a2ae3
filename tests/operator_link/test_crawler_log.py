"""The overrides of a real tracked crawler's ground station (10 Hz, ten minutes), played at our machine.

Its sticks are all or nothing and there is no button: as recorded they move nothing here. With the button they drive,
slowly; where the stream breaks off the machine stops, and the stream's coming back does not set it going again.
"""

import itertools
import struct
from pathlib import Path

import msgspec
import pytest

from benchmarks.trials.linked_scenario import LinkedFaultScenario
from campaign.fault_scenario import FaultScenarioSettings
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FrameParser
from tests.marks import reads_shared
from vehicle.contracts.messages import Mode
from vehicle.operator_link.admission import Channel

pytestmark = [pytest.mark.long, reads_shared]

LOG = Path(__file__).resolve().parents[3] / "shared/data/mavlink/vepryk_crawler_641s.tlog"
BENCH = Channel(name="bench", unsigned=True)
HERE = ("127.0.0.1", 14551)
US_PER_TICK = 20_000
HELD_US, RELEASED_US = 1900, 1000
CAP_MPS = 0.3
GAP_TICKS = 50
Pulses = tuple[int, ...]


def overrides() -> list[tuple[int, Pulses]]:
    """(microseconds since the first, channels 1 to 8) of every RC_CHANNELS_OVERRIDE in the log."""
    held = LOG.read_bytes()
    found: list[tuple[int, Pulses]] = []
    at, first_us = 0, None
    while at + 8 < len(held):
        (t_us,) = struct.unpack_from(">Q", held, at)
        size = 12 + held[at + 9]
        for frame in FrameParser().feed(held[at + 8 : at + 8 + size]):
            if frame.msg_id == 70:
                fields = codec.decode_fields(frame)
                first_us = t_us if first_us is None else first_us
                found.append((t_us - first_us, tuple(fields[f"chan{number}_raw"] for number in range(1, 9))))
        at += 8 + size
    return found


class Player:
    """A third-party station on the whole stack in virtual time."""

    def __init__(self) -> None:
        self.drill = LinkedFaultScenario(FaultScenarioSettings(seed=3))
        self.drill.drive(Goal.REST)
        self.fastest_mps = self.fastest_turn_radps = self.rotor_radps = 0.0
        self._tick = 0
        for _ in range(100):
            self.step(None)

    def say(self, name: str, **fields: object) -> None:
        frame = codec.encode_fields(name, fields, 0, 255, 230)
        self.drill.link.receive(BENCH, HERE, frame, self.drill.now_ns)

    def step(self, pulses: Pulses | None, hold: int = 0) -> None:
        """One tick; a stick frame where there is one."""
        if self._tick % 50 == 0:
            self.say("HEARTBEAT", type=6)
        if pulses is not None:
            named: dict[str, object] = {f"chan{number}_raw": pulse for number, pulse in enumerate(pulses, 1)}
            self.say("RC_CHANNELS_OVERRIDE", target_system=1, target_component=1, **(named | {"chan8_raw": hold}))
        self._tick += 1
        self.drill.step()
        tracks = self.drill.world.tracks
        self.fastest_mps = max(self.fastest_mps, abs(tracks.speed_mps))
        self.fastest_turn_radps = max(self.fastest_turn_radps, abs(tracks.yaw_rate_radps))
        self.rotor_radps = max(self.rotor_radps, self.drill.world.truth().rotor_radps)

    def neutral(self, seconds: float) -> None:
        for tick in range(round(seconds * 50)):
            self.step((1500, 0, 1500, 0, 0, 0, 0, 0) if tick % 5 == 0 else None, RELEASED_US)

    def arm(self) -> None:
        self.neutral(1.0)
        self.say("COMMAND_LONG", command=400, param1=1.0, target_system=1, target_component=1)
        self.neutral(3.0)
        assert self.drill.mode is Mode.READY

    def play(self, rows: list[tuple[int, Pulses]], hold: int) -> float:
        """Frames in their own time; gives the way driven [m]."""
        began_us, number, way_m = rows[0][0], 0, 0.0
        for tick in range((rows[-1][0] - began_us) // US_PER_TICK):
            pulses = None
            while number < len(rows) and rows[number][0] - began_us <= tick * US_PER_TICK:
                pulses, number = rows[number][1], number + 1
            self.step(pulses, hold)
            way_m += abs(self.drill.world.tracks.speed_mps) * 0.02
        return way_m


@pytest.fixture(scope="module")
def log() -> list[tuple[int, Pulses]]:
    rows = overrides()
    assert len(rows) == 5980
    assert max(b[0] - a[0] for a, b in itertools.pairwise(rows)) < 140_000
    return rows


def moving_part(log: list[tuple[int, Pulses]], seconds: float) -> list[tuple[int, Pulses]]:
    """From the first full throttle on."""
    first = next(number for number, (_, pulses) in enumerate(log) if pulses[2] == 2000)
    return log[first : first + round(seconds * 10)]


def test_as_recorded_without_a_button_it_moves_nothing(log: list[tuple[int, Pulses]]) -> None:
    player = Player()
    player.arm()
    assert player.play(moving_part(log, 30.0), 0) < 0.001
    assert player.fastest_mps < 0.001


def test_with_the_button_it_drives_under_the_cap_and_without_rotor(log: list[tuple[int, Pulses]]) -> None:
    player = Player()
    player.arm()
    assert player.play(moving_part(log, 9.0), HELD_US) > 0.5
    assert 0.1 < player.fastest_mps < 1.1 * CAP_MPS
    assert player.rotor_radps == 0.0


def test_a_button_that_was_held_from_the_beginning_is_no_hand(log: list[tuple[int, Pulses]]) -> None:
    player = Player()
    for tick in range(100):
        player.step((1500, 0, 2000, 0, 0, 0, 0, 0) if tick % 5 == 0 else None, HELD_US)
    player.say("COMMAND_LONG", command=400, param1=1.0, target_system=1, target_component=1)
    assert player.play(moving_part(log, 10.0), HELD_US) < 0.001


def test_a_gap_stops_it_and_the_streams_return_moves_nothing(log: list[tuple[int, Pulses]]) -> None:
    player = Player()
    player.arm()
    rows = moving_part(log, 20.0)
    player.play(rows[:60], HELD_US)
    assert player.drill.watch.setpoint_mps > 0.1
    silent = 0
    while player.drill.watch.setpoint_mps > 0.0:
        player.step(None)
        silent += 1
    assert silent <= 25  # half a second after the newest stick frame, itself up to 100 ms before the gap
    for _ in range(GAP_TICKS):
        player.step(None)
    assert player.drill.mode is Mode.HOLD
    assert player.play(rows[60:], HELD_US) < 0.001
    player.say("COMMAND_LONG", command=400, param1=0.0, target_system=1, target_component=1)
    player.neutral(4.0)
    player.arm()
    assert player.play([msgspec.convert(row, tuple[int, tuple[int, ...]]) for row in rows[:60]], HELD_US) > 0.3
