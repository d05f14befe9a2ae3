"""What each program repeats by itself, by its own source: it is one act, and never the one that leads out of a stop.

Each row is a program's way to ask for arming: its parameters, the confirmation and the time of each try, as long as no
answer or no armed heartbeat has come. Older versions and users' scripts are among them.
"""

import msgspec
import pytest

from tests.marks import every, some
from tests.operator_link.drill_station import ARM, ARMED, HOLD, SET_MODE, DrillStation
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long
FORCE = 21196.0


class Program(msgspec.Struct, frozen=True):
    """`tries`: second and confirmation of each COMMAND_LONG; `disarms_only_if_armed`: by the heartbeat's bit."""

    tries: tuple[tuple[float, int], ...]
    param2: float = 0.0
    disarms_only_if_armed: bool = False


PROGRAMS = {
    # Vehicle::_sendMavCommandWorker: arming is none of the commands that are tried again; setArmed looks at the bit
    "QGroundControl": Program(((0.0, 0),), disarms_only_if_armed=True),
    # doCommandAsync: after 10 s, three times, the confirmation counts; the button toggles by the bit
    "Mission Planner": Program(((0.0, 0), (10.0, 1), (20.0, 2), (30.0, 3)), disarms_only_if_armed=True),
    # older doARM: forced both ways, tried again with the same confirmation
    "Mission Planner, old": Program(((0.0, 0), (2.0, 0), (4.0, 0)), param2=FORCE, disarms_only_if_armed=True),
    # MavlinkCommandSender: 0.5 s, three tries, the confirmation counts
    "MAVSDK": Program(((0.0, 0), (0.5, 1), (1.0, 2), (1.5, 3))),
    # cmd_arm: once, whatever the bit says
    "MAVProxy": Program(((0.0, 0),)),
    # Vehicle.armed: only if the bit differs; scripts set it in a loop until it holds
    "dronekit": Program(tuple((float(second), 0) for second in range(8)), disarms_only_if_armed=True),
    # _send_command: three tries, the confirmation counts; its guard looks at the bit
    "mavctl": Program(((0.0, 0), (5.0, 1), (10.0, 2)), disarms_only_if_armed=True),
    # RetryPolicy: five tries of 1.5 s
    "mavkit": Program(tuple((1.5 * number, number) for number in range(5))),
    # the generated class: a fresh command has confirmation 1 in many examples; users repeat it until armed
    "node-mavlink": Program(tuple((0.3 * number, 1) for number in range(20))),
    # arducopter_arm in "while not motors_armed()", by the heartbeat
    "mavutil": Program(tuple((float(second), 0) for second in range(8))),
    "mavutil, hasty": Program(tuple((0.25 * number, 0) for number in range(24))),
    "Arduino examples": Program(((0.0, 1), (1.0, 1), (2.0, 1))),
}


def play(station: DrillStation, program: Program, seconds: float = 7.0) -> None:
    """All its tries, whatever is answered."""
    began = station.tick
    tries = [(began + round(second * 50), confirmation) for second, confirmation in program.tries]
    for _ in range(round(seconds * 50)):
        for tick, confirmation in tries:
            if tick == station.tick:
                station.command(ARM, 1.0, program.param2, confirmation=confirmation)
        station.step()


@pytest.mark.parametrize("name", every(4, PROGRAMS))
def test_repeated_arming_never_leads_out_of_a_stop(name: str) -> None:
    station = DrillStation()
    station.driven_and_stopped()
    began = station.tick
    play(station, PROGRAMS[name])
    assert station.mode is Mode.HOLD
    assert not any(tick > began and mode in ARMED for tick, mode in station.modes)
    assert station.armed_bit or not PROGRAMS[name].disarms_only_if_armed
    station.disarm()
    station.run(1.5)
    assert not station.armed_bit
    began = station.tick
    play(station, PROGRAMS[name])
    assert any(tick > began and mode is Mode.READY for tick, mode in station.modes)
    station.disarm()
    station.run(2.0)
    station.arm()
    station.run(3.0)
    assert station.drives()


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("after_s", some([0.5, 0.1], 1, pytest.mark.release))
def test_a_hold_while_it_still_tries_wins(name: str, after_s: float) -> None:
    """A loop that turns faster than once in a second never gets over it; one that counts its tries neither."""
    station = DrillStation()
    program = PROGRAMS[name]
    armed_after: list[int] = []
    held = station.tick + round(after_s * 50)
    tries = [(station.tick + round(second * 50), confirmation) for second, confirmation in program.tries]
    last, hasty = (-1, 0), True
    for _ in range(550):
        for tick, confirmation in tries:
            if tick == station.tick:
                hasty = hasty and (last[0] < 0 or confirmation > last[1] or tick - last[0] < 50)
                last = (tick, confirmation)
                station.command(ARM, 1.0, program.param2, confirmation=confirmation)
        if station.tick == held:
            station.command(SET_MODE, 1.0, HOLD)
        station.step()
        if station.tick > held + 1 and station.mode in ARMED:
            armed_after.append(station.tick)
    if hasty:
        assert not armed_after
    assert not any(mode in (Mode.MANUAL, Mode.AUTO_MOVE) for _, mode in station.modes)
