"""Recorded links through the simulated radio, by stick and by mission: whole outages, and what comes after them."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.trials import link_traces
from benchmarks.trials.link_traces import Trace
from campaign.fault_scenario import FaultScenario
from campaign.sim_operator import Goal
from tests.campaign.scenes import manual, work
from tests.marks import reads_shared, some
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S, TICK_S

pytestmark = pytest.mark.long

LINKS = Path(__file__).resolve().parents[3] / "shared" / "data" / "link"
DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
LOST_S = 0.225
"""One way; both ways together are the longest T_stop."""
BEFORE_S, AFTER_S = 8.0, 12.0
STOP_MAX_MS = 500.0
SPELLS = {
    # recording: its longest spell without a link, as found in it [s]
    "cicv5g_south_n8_v10_05.txt": 32.1,
    "cicv5g_south_n8_v10_01.txt": 11.2,
    "cicv5g_south_n8_v10_04.txt": 8.7,
    "tyrell_rtt021.csv": 35.6,
    "tyrell_rtt023.csv": 8.2,
    "ucc5g_Driving_B_2020.02.13_15.02.01.csv": 29.0,
    "mahimahi_ATT-LTE-driving-2016.up": 3.9,
}

ONCE = [(name, (manual, work)[number % 2]) for number, name in enumerate(SPELLS)]
OTHERWISE = [(name, work if scene is manual else manual) for name, scene in ONCE]


def longest_spell(trace: Trace) -> tuple[float, float]:
    """Beginning and length of the longest spell in which nothing came through in time [s]."""
    best, began_s = (0.0, 0.0), None
    for time_s, delay_s in (*trace, (trace[-1][0], 0.0)):
        lost = delay_s is None or delay_s > LOST_S
        if lost and began_s is None:
            began_s = time_s
        elif not lost and began_s is not None:
            best, began_s = max(best, (began_s, time_s - began_s), key=lambda spell: spell[1]), None
    return best


def replay(drill: FaultScenario, trace: Trace, from_s: float, length_s: float) -> list[float]:
    """Both ways of the radio follow the recording; gives the latency of each stop in it [ms]."""
    window = link_traces.window(trace, from_s, length_s, drill.now_ns / NS_PER_S)
    for channel in (drill.radio.up, drill.radio.down):
        channel.params = msgspec.structs.replace(channel.params, trace=window)
    stops: list[float] = []
    drove = drill.mode in DRIVING
    for _ in range(round(length_s / TICK_S)):
        drill.step()
        if drove and drill.mode not in DRIVING:
            drove = False
        if not drove and drill.watch.setpoint_mps == 0.0 and len(stops) < drill.watch.stops:
            stops.append(drill.watch.latency_ms)
        drove = drill.mode in DRIVING
    for channel in (drill.radio.up, drill.radio.down):
        channel.params = drill.plain_radio
    return stops


@reads_shared
@pytest.mark.parametrize(("name", "scene"), some(ONCE[::2] + ONCE[1::2] + OTHERWISE, 4, pytest.mark.release))
def test_a_recorded_outage_stops_in_time_and_leaves_a_machine_that_drives_again(name: str, scene: object) -> None:
    trace = link_traces.load(LINKS / name)
    began_s, length_s = longest_spell(trace)
    assert length_s == pytest.approx(SPELLS[name], abs=0.1)
    drill: FaultScenario = scene()  # type: ignore[operator]
    goal = drill.hands.goal
    stops = replay(drill, trace, max(0.0, began_s - BEFORE_S), BEFORE_S + length_s + AFTER_S)
    assert stops, "no outage at all"
    assert max(stops) <= STOP_MAX_MS
    assert drill.moves(60.0), (drill.mode, drill.reasons, drill.hands.screen)
    assert drill.hands.goal is goal
    assert goal is not Goal.MISSION or drill.until((Mode.AUTO_MOVE, Mode.AUTO_WORK), 30.0)
    assert drill.watch.finish() == ()
