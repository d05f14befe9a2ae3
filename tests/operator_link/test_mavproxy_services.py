"""MAVProxy, unmodified: the services beside driving, the way back, the emergency stop, and what is refused in words."""

import asyncio
from pathlib import Path

import pytest

from tests.operator_link.live_vehicle import TRIES, live_vehicle
from tests.operator_link.mavproxy import mavproxy
from tests.operator_link.test_mavproxy import armed, disarmed, driving, ready
from vehicle.contracts.messages import Mode
from vehicle.operator_link.transfer import RALLY

pytestmark = [pytest.mark.real, pytest.mark.slow]
RALLY_FILE = "QGC WPL 110\n0\t0\t3\t5100\t0\t0\t0\t0\t39.9901\t46.9302\t0\t1\n"

ASKED = (
    ("long REQUEST_MESSAGE 148", ""),
    ("ping", r"ping response: \d"),
    ("status AUTOPILOT_VERSION", r"AUTOPILOT_VERSION \{capabilities : \d+, flight_sw_version : 65536"),
    ("status GLOBAL_POSITION_INT", r"GLOBAL_POSITION_INT \{.*lat : 399"),
    ("messagerate get SYS_STATUS", r"Msg:SYS_STATUS\s+rate:[1-9]"),
    ("param fetch MAN_TURN", r"MAN_TURN = 10"),
    ("log list", r"No logs"),
    ("ftp list @PARAM", r"req_opcode:3 .*\[10\]"),
    ("ftp get @PARAM/param.pck again.pck", r"Wrote \d+ bytes to again.pck"),
    ("rally load rally.txt", r"Got MISSION_ACK: TYPE_RALLY: ACCEPTED"),
    ("rally list", r"5100 3 39\.9901000000 46\.9302000000"),
    ("rally clear", r"Got MISSION_ACK: TYPE_RALLY: ACCEPTED"),
    ("fence clear", r"Got MISSION_ACK: TYPE_FENCE: ACCEPTED"),
    ("mode RTL", r"AP: RTL refused: straight home is unprocessed ground"),
    ("mode AUTO", r"AP: Auto: only a console with hold-to-run starts"),
    ("mode SMART_RTL", r"AP: Back out: disarm, arm, this mode, then drive"),
    ("mode GUIDED", r"AP: Guided is refused"),
    ("long MISSION_START", r"AP: Mission: only a console with hold-to-run starts"),
    ("long DO_REPOSITION", r"DO_REPOSITION: DENIED"),
    ("long RUN_PREARM_CHECKS", r"RUN_PREARM_CHECKS: ACCEPTED"),
    ("signing setup secret", r"AP: signing"),
)


def test_every_service_answers_and_nothing_moves(tmp_path: Path) -> None:
    (tmp_path / "rally.txt").write_text(RALLY_FILE)

    async def main() -> None:
        async with live_vehicle() as live, mavproxy(live.port, tmp_path) as proxy:
            await ready(live, proxy)
            at_m = live.world.truth().east_m, live.world.truth().north_m
            for command, answer in ASKED:
                proxy.say(command)
                await proxy.expect(answer)
            assert live.link.lists.items(RALLY) == ()
            assert live.mode is Mode.DISARMED
            assert (live.world.truth().east_m, live.world.truth().north_m) == pytest.approx(at_m, abs=1e-6)

    asyncio.run(main())


def test_it_backs_out_along_its_track(tmp_path: Path) -> None:
    async def main() -> None:
        async with live_vehicle() as live, mavproxy(live.port, tmp_path) as proxy:
            await ready(live, proxy)
            here = live.world.truth()

            def away_m() -> float:
                return abs(live.world.truth().east_m - here.east_m)

            await driving(live, proxy, lambda: away_m() > 0.3)
            proxy.say("mode HOLD")
            await live.until(lambda: live.mode is Mode.HOLD)
            await disarmed(live, proxy)
            for _ in range(TRIES):
                await armed(live, proxy)
                proxy.say("mode SMART_RTL")
                if await live.arms(lambda: live.mode is Mode.RECOVERY):
                    proxy.say("rc 8 1900", "rc 3 1100")
                    if await live.arms(lambda: live.world.truth().speed_mps < -0.05) and await live.arms(
                        lambda: away_m() < 0.1
                    ):
                        break
                await disarmed(live, proxy)
            assert live.world.truth().rotor_radps == 0.0
            assert live.mode is Mode.RECOVERY
            proxy.say("mode HOLD")
            await live.until(lambda: live.mode is Mode.HOLD)
            await disarmed(live, proxy)

    asyncio.run(main())


def test_disarm_with_force_is_the_emergency_stop(tmp_path: Path) -> None:
    async def main() -> None:
        async with live_vehicle() as live, mavproxy(live.port, tmp_path) as proxy:
            await ready(live, proxy)
            await driving(live, proxy)
            proxy.say("disarm force")
            await live.until(lambda: live.mode is Mode.ESTOP)
            await proxy.expect(r"AP: Emergency stop")
            await live.until(lambda: abs(live.world.truth().speed_mps) < 0.01)

    asyncio.run(main())
