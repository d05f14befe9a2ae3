"""Each condition of credit, violated for a single tick."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.types import DepthDatum
from tests import builders
from tests.control.ledger.driving import (
    ORIGIN_NS,
    along_cross,
    cells,
    changed,
    drive,
    readings,
    straight,
    truth_of,
    versions,
)
from tests.marks import examples
from vehicle.config.depth_margin import withheld_m
from vehicle.contracts.units import TICK_NS, TICK_S
from vehicle.control import depth as depths
from vehicle.control.ground import raster
from vehicle.control.ledger import masks
from vehicle.control.ledger.rule import BITE_MAX_M, speed_limit_mps
from vehicle.control.state import LedgerState

CONFIG = builders.config()
K_SIGMA = CONFIG.mission.k_sigma
CELL_M = CONFIG.mission.cell_m
YAW_RAD = 0.37
START_M = (11.02, -3.31)
CLEAN = straight(4.0, YAW_RAD, START_M)
BROKEN = 341
"""The tick that is violated; the tool is 1.91 m along, 17 ticks after a stroke."""

VIOLATIONS: dict[str, dict[str, object]] = {
    "rotor slow": {"rotor_radps": 0.89 * CONFIG.machine.tool.rotor_speed_radps},
    "rotor unknown": {"rotor_radps": math.nan},
    "depth beyond the tool": {"depth_m": 0.9},
    "depth sigma unknown": {"depth_sigma_m": math.nan},
    "depth sigma negative": {"depth_sigma_m": -0.01},
    "rotor faster than it can be": {"rotor_radps": 1.6 * CONFIG.machine.tool.rotor_speed_radps},
    "heading sigma unknown": {"sigma_yaw_rad": math.nan},
    "depth from the arm": {"datum": DepthDatum.ARM_ANGLE},
    "depth of unknown datum": {"datum": DepthDatum.UNKNOWN},
    "depth unknown": {"depth_m": math.nan},
    "too fast": {"speed_mps": 0.51},
    "speed unknown": {"speed_mps": math.nan},
    "backwards": {"speed_mps": -0.05},
    "outer end too fast": {"yaw_rate_radps": 0.3},
    "position unproven": {"proven": False},
    "estimate invalid": {"valid": False},
    "sigma unknown": {"sigma_m": math.nan},
    "position unknown": {"error_east_m": math.nan},
    "rolled over": {"roll_rad": CONFIG.machine.limits.roll_max_rad + 0.01},
    "pitched over": {"pitch_rad": -CONFIG.machine.limits.pitch_max_rad - 0.01},
    "status stale": {"fresh": False},
}

BREAKABLE = (
    "rotor_radps", "depth_m", "depth_sigma_m", "speed_mps", "yaw_rate_radps", "roll_rad", "pitch_rad", "sigma_m",
    "sigma_yaw_rad", "error_east_m", "error_north_m", "error_yaw_rad",
)  # fmt: skip
CLEAN_LEDGER = drive(CLEAN, CONFIG)
HARMLESS_AT_ZERO = set(BREAKABLE) - {"rotor_radps", "depth_m"}


@pytest.fixture(scope="module")
def clean() -> set[tuple[int, int]]:
    return cells(drive(CLEAN, CONFIG), raster.CREDITED)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_one_violated_tick_withholds_credit_there_and_nowhere_else(name: str, clean: set[tuple[int, int]]) -> None:
    violated = changed(CLEAN, lambda n: n == BROKEN, **VIOLATIONS[name])
    credited = cells(drive(violated, CONFIG), raster.CREDITED)
    assert credited < clean
    trim_m = K_SIGMA * CLEAN[0].sigma_m
    at_m = BROKEN * 0.28 * TICK_S
    for cell in clean:
        along_m, _ = along_cross(cell, CELL_M, START_M, YAW_RAD)
        if abs(along_m - at_m) <= trim_m:
            assert cell not in credited, f"credited {along_m - at_m:+.3f} m from the violation"
        # Up to the trim, a cell's extent and the shortest stroke on either side, nothing more is lost.
        if abs(along_m - at_m) > trim_m + 0.07 + masks.CUT_M + 0.02:
            assert cell in credited


@pytest.mark.parametrize("depth_m", [0.149, 0.15 + 0.9 * withheld_m(CONFIG.mission, 0.003)])
def test_a_hollow_of_a_tenth_of_a_second_is_not_averaged_away(depth_m: float, clean: set[tuple[int, int]]) -> None:
    at_m = BROKEN * 0.28 * TICK_S
    hollow = changed(CLEAN, lambda n: abs(n - BROKEN) <= 5, depth_m=depth_m)
    credited = cells(drive(hollow, CONFIG), raster.CREDITED)
    near = {cell for cell in clean if abs(along_cross(cell, CELL_M, START_M, YAW_RAD)[0] - at_m) < 0.03}
    assert near
    assert not near & credited


def test_one_reading_that_dips_by_scatter_alone_costs_nothing(clean: set[tuple[int, int]]) -> None:
    dip = changed(CLEAN, lambda n: n % 50 == 49, depth_error_m=-0.01)
    assert len(cells(drive(dip, CONFIG), raster.CREDITED)) > 0.98 * len(clean)


def test_a_depth_that_contradicts_the_tools_height_earns_nothing() -> None:
    """+0.10 m on the sensor, the arm at 0.12 m: today's frame says both."""
    lying = changed(CLEAN, lambda _: True, depth_m=0.12, depth_error_m=0.10)
    state = drive(lying, CONFIG)
    assert state.credited_m2 < 1.7 * 2.0
    assert depths.doubtful(state.depth)
    far = drive(straight(12.0, YAW_RAD, START_M, depth_m=0.12, depth_error_m=0.10), CONFIG)
    assert depths.contradicts(far.depth)


def test_the_clean_drive_is_credited(clean: set[tuple[int, int]]) -> None:
    width_m, sigma_m = CONFIG.machine.tool.width_m, CLEAN[0].sigma_m
    whole_m2 = (4.0 - 2 * K_SIGMA * sigma_m) * (width_m - 2 * K_SIGMA * sigma_m)
    border_m2 = 2 * (4.0 + width_m) * CELL_M * (math.cos(YAW_RAD) + math.sin(YAW_RAD))
    assert whole_m2 - border_m2 < len(clean) * CELL_M**2 < whole_m2


@pytest.mark.parametrize("lost", ["ticks", "jump", "status"])
def test_missing_ticks_and_jumps_break_the_run(lost: str, clean: set[tuple[int, int]]) -> None:
    state, now_ns = LedgerState(), ORIGIN_NS
    for number, tick in enumerate(CLEAN):
        now_ns += TICK_NS
        estimate, status = readings(tick)
        if number == BROKEN and lost == "ticks":
            now_ns += 2 * TICK_NS
        if number == BROKEN and lost == "jump":
            wrong = changed([tick], lambda _: True, error_north_m=0.3)[0]
            estimate, _ = readings(wrong)
        given_status = None if number == BROKEN and lost == "status" else status
        state = masks.step(state, estimate, given_status, CONFIG, now_ns, status_fresh=True)
    credited = cells(state, raster.CREDITED)
    at_m = BROKEN * 0.28 * TICK_S
    near = {c for c in clean if abs(along_cross(c, CELL_M, START_M, YAW_RAD)[0] - at_m) <= 0.03}
    assert near
    assert not near & credited


def test_swept_needs_an_engaged_tool_but_no_proof_of_speed_or_k_sigma() -> None:
    marginal = changed(CLEAN, lambda _: True, depth_m=0.153, speed_mps=0.28)
    state = drive(marginal, CONFIG)
    assert state.credited_m2 == 0.0
    assert state.swept_m2 == pytest.approx(drive(CLEAN, CONFIG).swept_m2)
    assert cells(state, raster.BELOW)
    unengaged = changed(CLEAN, lambda _: True, depth_m=0.149)
    assert drive(unengaged, CONFIG).swept_m2 == 0.0
    lost = changed(CLEAN, lambda _: True, proven=False)
    assert drive(lost, CONFIG).swept_m2 == 0.0
    slow = changed(CLEAN, lambda _: True, rotor_radps=20.0)
    assert drive(slow, CONFIG).swept_m2 == 0.0


@pytest.mark.parametrize("first", range(330, 348, 3))
def test_swept_leaves_out_the_cells_over_which_the_tool_was_not_engaged(first: int) -> None:
    """Three ticks with a slow rotor, at any phase of the strokes."""
    state = drive(changed(CLEAN, lambda n: first <= n < first + 3, rotor_radps=20.0), CONFIG)
    swept, whole = cells(state, raster.SWEPT), cells(drive(CLEAN, CONFIG), raster.SWEPT)
    at_m = (first + 1) * 0.28 * TICK_S
    half_m = 0.5 * CELL_M * (math.cos(YAW_RAD) + math.sin(YAW_RAD))
    assert swept < whole
    for cell in whole:
        along_m, _ = along_cross(cell, CELL_M, START_M, YAW_RAD)
        off_m = abs(along_m - at_m)
        if off_m < half_m:
            assert cell not in swept
        # The last centimetres of the drive are a matter of the strokes' phase.
        elif off_m > 3.0 * half_m + 0.03 + masks.CUT_M and along_m < 3.9:
            assert cell in swept


def test_below_depth_is_recorded_as_such_with_its_depth() -> None:
    shallow = changed(CLEAN, lambda _: True, depth_m=0.12)
    state = drive(shallow, CONFIG)
    below = cells(state, raster.BELOW)
    assert below == cells(drive(CLEAN, CONFIG), raster.CREDITED)
    assert state.credited_m2 == 0.0
    depths_cm = {int(tile[1][r - row, c - column]) for column, row, tile in raster.each(state.tiles) for c, r in below
                 if column <= c < column + raster.TILE and row <= r < row + raster.TILE}  # fmt: skip
    assert depths_cm == {11}  # 0.12 m less k_depth x the scatter of a mean (2 x 2.3 mm) is 11.5 cm, rounded down


@pytest.mark.parametrize(
    "reading",
    [{"datum": DepthDatum.ARM_ANGLE}, {"depth_m": 0.9}, {"depth_sigma_m": math.nan}, {"depth_sigma_m": -1.0}],
    ids=["arm angle", "deeper than the tool", "sigma unknown", "sigma negative"],
)
def test_a_depth_that_proves_nothing_claims_nothing(reading: dict[str, object]) -> None:
    blind = changed(CLEAN, lambda _: True, **reading)
    state = drive(blind, CONFIG)
    assert (state.credited_m2, state.swept_m2) == (0.0, 0.0)
    assert not cells(state, raster.BELOW)
    assert cells(state, raster.OTHER)


def test_depth_is_the_least_of_the_dwell_of_the_pass_that_the_claim_rests_on() -> None:
    at_m = BROKEN * 0.28 * TICK_S
    dipped = changed(CLEAN, lambda n: abs(n - BROKEN) <= 10, depth_m=0.17)
    once = drive(dipped, CONFIG)
    twice = drive(CLEAN, CONFIG, once, start_ns=ORIGIN_NS * 2)
    depths = {"once": once, "twice": twice}
    worst = {}
    for name, state in depths.items():
        worst[name] = min(
            int(tile[1][r - row, c - column])
            for column, row, tile in raster.each(state.tiles)
            for c, r in cells(state, raster.CREDITED)
            if column <= c < column + raster.TILE
            and row <= r < row + raster.TILE
            and abs(along_cross((c, r), CELL_M, START_M, YAW_RAD)[0] - at_m) < 0.05
        )
    assert worst == {"once": 16, "twice": 16}


@given(rotor_radps=st.floats(5.0, 120.0), hammers=st.integers(1, 3))
def test_speed_limit_keeps_the_bite(rotor_radps: float, hammers: int) -> None:
    tool = CONFIG.machine.tool.model_copy(update={"hammers_per_track": hammers})
    config = CONFIG.model_copy(update={"machine": CONFIG.machine.model_copy(update={"tool": tool})})
    limit_mps = speed_limit_mps(config, rotor_radps)
    turns_per_s = rotor_radps / (2.0 * math.pi)
    assert limit_mps / turns_per_s / hammers == pytest.approx(BITE_MAX_M)


def test_a_blade_is_engaged_at_depth_and_moving_without_any_rotor() -> None:
    tool = CONFIG.machine.tool.model_copy(update={"kind": "blade", "rotor_speed_rpm": 0.0})
    config = CONFIG.model_copy(update={"machine": CONFIG.machine.model_copy(update={"tool": tool})})
    still = changed(CLEAN, lambda _: True, rotor_radps=0.0)
    blade = drive(still, config)
    assert blade.credited_m2 == pytest.approx(drive(CLEAN, CONFIG).credited_m2)
    assert drive(still, CONFIG).credited_m2 == 0.0


def test_a_tiller_without_a_count_of_its_tips_keeps_to_its_working_speed() -> None:
    tool = CONFIG.machine.tool.model_copy(update={"kind": "tiller", "hammers_per_track": 0})
    config = CONFIG.model_copy(update={"machine": CONFIG.machine.model_copy(update={"tool": tool})})
    working_mps = config.machine.tracks.working_speed_mps
    credited_m2 = {
        ratio: drive(straight(2.0, YAW_RAD, START_M, speed_mps=ratio * working_mps), config).credited_m2
        for ratio in (1.0, 1.14, 1.16)
    }
    assert credited_m2[1.0] > 2.5
    assert credited_m2[1.14] > 2.5
    assert credited_m2[1.16] == 0.0


def test_driving_backwards_earns_nothing() -> None:
    back = straight(4.0, YAW_RAD, START_M, speed_mps=-0.2)
    state = drive(back, CONFIG)
    assert (state.credited_m2, state.swept_m2) == (0.0, 0.0)


def test_creeping_back_below_the_speed_that_counts_as_backwards_ends_the_run_all_the_same() -> None:
    last = CLEAN[-1]
    creep = [
        changed([last], lambda _: True, speed_mps=-0.01, east_m=last.east_m - n * 2e-4 * math.cos(YAW_RAD),
                north_m=last.north_m - n * 2e-4 * math.sin(YAW_RAD))[0]
        for n in range(200)
    ]  # fmt: skip
    *_, state, _ = versions(CLEAN + creep, CONFIG, LedgerState(), ORIGIN_NS)
    assert state.run is not None
    assert state.run.lines == state.run.lines[:1]
    *_, unbroken, _ = versions(CLEAN + creep[:50], CONFIG, LedgerState(), ORIGIN_NS)
    assert unbroken.run is not None
    assert len(unbroken.run.lines) > 2


def test_the_tool_out_of_the_ground_costs_nothing_and_changes_nothing() -> None:
    state = LedgerState()
    raised = changed(CLEAN, lambda _: True, depth_m=-0.3)
    for version in versions(raised, CONFIG, state, ORIGIN_NS):
        assert version is state


def test_standing_with_the_rotor_on_earns_nothing_twice() -> None:
    standing = CLEAN + [CLEAN[-1]] * 500 + straight(2.0, YAW_RAD, (CLEAN[-1].east_m, CLEAN[-1].north_m))
    truth = truth_of(CONFIG)
    state = drive(standing, CONFIG, truth=truth)
    assert truth.false_credit_m2(state) == 0.0
    assert cells(state, raster.CREDITED) == cells(drive(straight(6.0, YAW_RAD, START_M), CONFIG), raster.CREDITED)


@pytest.mark.long
@settings(max_examples=examples(60), deadline=None)
@given(
    field=st.sampled_from(sorted(BREAKABLE)),
    value=st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -1e300, 0.0, -0.0]),
    first=st.integers(300, 360),
    count=st.integers(1, 40),
)
def test_no_broken_reading_raises_or_earns(field: str, value: float, first: int, count: int) -> None:
    """Whatever a sensor says and whenever: the tick goes on, and the ground in reach of the reading is not credited."""
    broken = changed(CLEAN, lambda n: first <= n < first + count, **{field: value})
    credited = cells(drive(broken, CONFIG), raster.CREDITED)
    clean = cells(CLEAN_LEDGER, raster.CREDITED)
    assert credited <= clean
    harmless = value == 0.0 and field in HARMLESS_AT_ZERO
    if not harmless:
        at_m = (first + count / 2.0) * 0.28 * TICK_S
        near = {c for c in clean if abs(along_cross(c, CELL_M, START_M, YAW_RAD)[0] - at_m) < 0.03}
        assert near
        assert not near & credited


def test_a_rotor_that_is_doubted_earns_nothing_and_breaks_the_run() -> None:
    doubted = drive(straight(2.0, YAW_RAD, START_M, rotor_doubted=True), CONFIG)
    assert doubted.credited_cells == doubted.swept_cells == 0
    broken = changed(CLEAN, lambda n: 300 <= n < 320, rotor_doubted=True)
    clean, left = cells(CLEAN_LEDGER, raster.CREDITED), cells(drive(broken, CONFIG), raster.CREDITED)
    near = {cell for cell in clean if abs(along_cross(cell, CELL_M, START_M, YAW_RAD)[0] - 310 * 0.28 * TICK_S) < 0.05}
    assert near
    assert left < clean
    assert not near & left
    assert cells(drive(broken, CONFIG), raster.ROTOR_SLOW)


def test_a_tool_without_a_rotor_has_no_speed_to_be_doubted() -> None:
    tool = CONFIG.machine.tool.model_copy(update={"kind": "blade", "rotor_speed_rpm": 0.0})
    blade = CONFIG.model_copy(update={"machine": CONFIG.machine.model_copy(update={"tool": tool})})
    ticks = straight(2.0, YAW_RAD, START_M, rotor_radps=0.0, rotor_doubted=True)
    assert drive(ticks, blade).credited_cells > 0
