import pytest

from firmware_bridge.types import EngineMode
from sim.engine_plant import IDLE_RADPS, WORK_RADPS, EnginePlant


def run(engine: EnginePlant, seconds: float, power_w: float = 0.0, torque: float = 0.0) -> EnginePlant:
    for _ in range(round(seconds / 0.02)):
        engine.step(power_w, torque)
    return engine


def test_working_speed_droops_under_load():
    engine = EnginePlant(200_000.0)
    engine.command(EngineMode.WORK)
    light = run(engine, 5.0).speed_radps
    heavy = run(engine, 5.0, 184_000.0).speed_radps
    assert light == pytest.approx(WORK_RADPS * (1.0 - 0.04 * 0.08), rel=1e-3)
    assert heavy == pytest.approx(WORK_RADPS * 0.96, rel=1e-3)
    assert engine.load_ratio == pytest.approx(1.0, rel=1e-3)
    assert engine.ratio == pytest.approx(1.0, rel=1e-3)


def test_keep_changes_nothing_at_work():
    engine = EnginePlant(200_000.0)
    engine.command(EngineMode.WORK)
    engine.command(EngineMode.KEEP)
    assert run(engine, 5.0).speed_radps > 0.95 * WORK_RADPS


def test_keep_changes_nothing_at_idle_which_leaves_half_the_power():
    engine = EnginePlant(200_000.0)
    engine.command(EngineMode.KEEP)
    run(engine, 3.0)
    assert engine.speed_radps == pytest.approx(IDLE_RADPS, rel=0.01)
    assert 0.4 < engine.ratio < 0.55


def test_no_mode_starts_a_stopped_engine():
    engine = EnginePlant(200_000.0)
    engine.command(EngineMode.SHUTDOWN)
    run(engine, 5.0)
    for mode in (EngineMode.KEEP, EngineMode.IDLE, EngineMode.WORK):
        engine.command(mode)
    assert run(engine, 5.0).speed_radps < 0.1
    assert engine.ratio == 0.0
    assert engine.pressure_pa == 0.0
    engine.start()
    assert run(engine, 5.0).speed_radps == pytest.approx(IDLE_RADPS, rel=0.01)


def test_gauges_follow_the_load():
    engine = EnginePlant(200_000.0)
    engine.command(EngineMode.WORK)
    run(engine, 20.0)
    cold, low = engine.hydraulic_degc, engine.pressure_pa
    run(engine, 1_200.0, 170_000.0, 0.8)
    assert engine.hydraulic_degc > cold + 20.0
    assert engine.pressure_pa > low + 20e6
    engine.pressure_ratio, engine.voltage_drop_v = 0.0, 6.0
    run(engine, 0.02, 170_000.0, 0.8)
    assert engine.pressure_pa == 0.0
    assert engine.supply_v == pytest.approx(21.8)
