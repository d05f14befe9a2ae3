"""Vehicle and console with a bad radio of real sockets between them: it stops, and a replay is nothing."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.trials.fault_proxy import fault_proxy
from console.client.link import console_link
from console.client.station import Controls
from sim.radio import RadioParams
from tests.console.hands import hands_of
from tests.console.test_link import CLOCK, credentials, to_manual
from tests.operator_link.live_vehicle import PATIENCE_S, live_vehicle
from vehicle.contracts.messages import Mode

pytestmark = [pytest.mark.real, pytest.mark.slow]
REPLAYED = 100
"""Frames: at one go the vehicle looks at some 57 of an address, so half of so many is certain."""
SHAPES = {
    "total loss": RadioParams(delay_s=0.01, loss_ratio=1.0),
    "held back": RadioParams(delay_s=1.5),
    "noise": RadioParams(delay_s=0.01, corrupt_ratio=1.0),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_it_stops_after_the_last_good_frame_and_stays_so(tmp_path: Path, shape: str) -> None:
    """Within half a second in virtual time (`test_stop_latency.py`), and with real processes (`make link-stops`)."""
    store, held = credentials(tmp_path)

    async def main() -> None:
        clean = RadioParams(delay_s=0.01, jitter_s=0.002, duplicate_ratio=0.05)
        async with (
            live_vehicle(store.path) as live,
            fault_proxy(("127.0.0.1", live.port), CLOCK, clean) as proxy,
            console_link("127.0.0.1", proxy.port, held, CLOCK) as link,
            hands_of(link, CLOCK) as hands,
        ):
            await to_manual(live, link)
            hands.controls = Controls(hold_to_run=True, drive=0.25)
            await link.until(lambda vehicle: (vehicle.speed_mps or 0.0) > 0.05, PATIENCE_S)
            assert live.world.controller.setpoint_mps != (0.0, 0.0)
            proxy.up.params = SHAPES[shape]
            await live.until(lambda: live.world.controller.setpoint_mps == (0.0, 0.0))
            await live.until(lambda: live.mode is Mode.HOLD)
            hands.live = False
            proxy.up.params = clean
            refused = live.link.refused_frames
            again = proxy.captured[-REPLAYED:]
            await proxy.replay(again)
            await live.until(lambda: live.link.refused_frames >= refused + len(again) // 2)
            assert live.mode is Mode.HOLD

    asyncio.run(main())
