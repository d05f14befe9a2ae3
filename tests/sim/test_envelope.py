"""A sample of the randomised missions with silent errors, their repeatability, and that a planted weakness is found."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import envelope_report as report
from benchmarks import judged_code
from benchmarks import proof_belief as bench
from benchmarks.proof_runs import plain
from benchmarks.proof_types import Line
from benchmarks.trials import envelope
from campaign.fault_scenario import FaultScenarioSettings
from campaign.lies import LIES, Told
from campaign.shift import Finding
from firmware_bridge.types import ObservationKind
from tests.marks import some
from vehicle.control.checks import judge
from vehicle.control.estimate import speed_way
from vehicle.control.safety import rotor

SEED, SAMPLE = 7, range(len(LIES))


def mission(kind: str, size: float, number: int = 0) -> envelope.Mission:
    """One error before the first metre, on gentle ground."""
    told = Told(kind=kind, size=size, side_rad=0.3, rate=0.4)
    settings = FaultScenarioSettings(seed=5, slope_deg=2.0)
    return envelope.Mission(
        number=number, errors=(told,), phase="begin", onset_s=0.0, work_s=12.0, wait_s=3.0, settings=settings
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", some(sorted(SAMPLE, key=lambda number: number not in (2, 3)), 2, pytest.mark.release)
)
def test_no_mission_inside_leaves_false_credit_and_none_breaks_an_invariant(number: int) -> None:
    found = envelope.flown(envelope.drawn(SEED, number))
    assert not bench.fails(found), bench.told(found)


def test_a_seed_and_a_number_draw_a_mission_and_every_kind_comes() -> None:
    assert envelope.drawn(3, 5) == envelope.drawn(3, 5)
    assert envelope.drawn(3, 5) != envelope.drawn(4, 5)
    missions = [envelope.drawn(3, number) for number in range(200)]
    assert {told.kind for one in missions for told in one.errors} == set(LIES)
    assert {len(one.errors) for one in missions} == {0, 1, 2}
    assert 0.3 < sum(envelope.inside(one) for one in missions) / 200 < 0.95


def test_nothing_is_promised_for_a_rotor_sensor_that_jitters_as_a_living_one() -> None:
    stands = mission("rotor_slow", 40.0)
    told = stands.errors[0]
    for rate, promised in ((0.0, True), (0.6, True), (0.61, False), (1.0, False)):
        jitters = msgspec.structs.replace(stands, errors=(msgspec.structs.replace(told, rate=rate),))
        assert envelope.inside(jitters) is promised
    beyond = msgspec.structs.replace(stand_in(stands), mission=jitters, inside=False, false_after_m2=1.8)
    rows = [row for row in report.table([stand_in(stands), beyond]).splitlines() if "jitters by more than" in row]
    assert rows[0].startswith(
        "| the same, jitters by more than 0.03 rad/s, as a living one does | 2 to 80 % | outside | 1 |"
    )
    assert rows[1].startswith("| rotor's sensor stands, rotor slower by | 20 to 80 %, unless it jitters")
    assert "| 1.8000 m2 |" in rows[1]


@pytest.mark.long
def test_a_hammer_count_that_takes_nothing_back_makes_the_judge_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = mission("hammers", 6.0)
    assert not bench.fails(envelope.flown(lost))
    monkeypatch.setitem(judge._KINDS, ObservationKind.HAMMER_COUNT, judge._find)
    assert bench.fails(envelope.flown(lost))


@pytest.mark.release
def test_a_rotor_whose_sensor_stands_is_found_by_the_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No check of the team finds it: without the machine's own rules the false credit stays."""
    slow = mission("rotor_slow", 40.0)
    found = envelope.flown(slow)
    assert found.told == "rotor_sensor"
    assert not bench.fails(found)
    monkeypatch.setattr(rotor, "_doubt_tick", lambda *_: 0)
    assert bench.fails(envelope.flown(slow))


@pytest.mark.release
def test_a_place_that_goes_further_than_the_machine_is_found_by_its_own_speed_and_then_by_the_base(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scaled = msgspec.structs.replace(mission("place_scaled", 20.0), work_s=25.0)
    found = envelope.flown(scaled)
    assert found.told == "position_jump"
    assert not bench.fails(found)
    monkeypatch.setattr(speed_way, "contradiction", lambda *_: None)
    found = envelope.flown(scaled)
    assert found.told == "check: base"
    assert found.false_before_m2 > 0.3
    assert not bench.fails(found)
    for check in (ObservationKind.BENCHMARK_CHECK, ObservationKind.NOTE):
        monkeypatch.setitem(judge._KINDS, check, judge._find)
    assert bench.fails(envelope.flown(scaled))


@pytest.mark.release
def test_ground_on_record_that_was_hardly_touched_is_read_by_the_rod_and_falls() -> None:
    """The sensor reads 12 cm too deep, and the tool is 7 cm deep: outside of what is promised."""
    found = envelope.flown(envelope.drawn(1, 115))
    assert found.false_before_m2 > 0.4
    assert found.false_after_m2 == 0.0
    assert any(finding.check == "depth" and finding.withdrew for finding in found.findings)


def test_a_change_of_machine_team_or_errors_is_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged_code, "ROOT", tmp_path)
    keys = [judged_code.key()]
    changed = "vehicle/control/tick.py", "sim/checker.py", "campaign/rod.py", "benchmarks/trials/envelope.py"
    for name in (*changed, "configs/machines/mematt.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("changed\n")
        keys.append(judged_code.key())
    assert len(set(keys)) == len(keys)


@pytest.mark.long
def test_the_report_names_what_is_left_and_the_verdict_what_failed(tmp_path: Path) -> None:
    flown = [stand_in(mission("lever_arm", size, number)) for number, size in enumerate((0.02, 0.05, 0.2))]
    flown[1] = msgspec.structs.replace(
        flown[1], told="check: daily", findings=(Finding(check="daily", withdrew="0.05 m off", refused=""),)
    )
    flown[2] = msgspec.structs.replace(flown[2], inside=False, false_after_m2=0.25)
    found = bench.results([line(one) for one in reversed(flown)])
    assert found == flown
    assert "3 missions, 2 of them inside: 0.0000 m2 of false credit inside" in report.summary(found)
    assert "| antenna moved by | up to 0.1 m | 0.05 m | 0.2500 m2 | daily check |" in report.table(found)
    report.draw(found, tmp_path / "envelope.png")
    assert (tmp_path / "envelope.png").stat().st_size > 10_000
    verdict = bench.envelope_says([line(one) for one in flown])
    assert verdict.text.startswith("3 of 1,000 missions with silent errors, 2 inside the envelope: 0.0000 m2")
    assert verdict.wrong == ""
    broken = msgspec.structs.replace(flown[0], false_after_m2=0.01)
    assert bench.envelope_says([line(broken)]).wrong == "mission 0: lever_arm 0.02: false 0.0100 m2"


def test_a_check_that_took_credit_back_for_another_reason_is_no_detection() -> None:
    rod = Finding(check="depth", withdrew="depth reading", refused="")
    drifted, clean = mission("base_drift", 0.2), msgspec.structs.replace(mission("base_drift", 0.2), errors=())
    assert not report.was_found(msgspec.structs.replace(stand_in(drifted), told="check: depth", findings=(rod,)))
    assert report.was_found(msgspec.structs.replace(stand_in(clean), told="check: depth", findings=(rod,)))


def line(one: envelope.Result) -> Line:
    """As `make proof` keeps it."""
    facts = plain(msgspec.to_builtins(one))
    return Line(unit=str(one.mission.number), cpu_s=1.0, facts=facts, at="2026-12-01T00:00:00Z", commit="0" * 9)


def stand_in(one: envelope.Mission) -> envelope.Result:
    """A result without the run."""
    return envelope.Result(
        mission=one, inside=True, credited_m2=1.0, false_before_m2=0.0, left_m2=1.0, false_after_m2=0.0, told="",
        told_s=None, told_m=None, findings=(), withdrawn=(), breaches=(), sim_s=1.0,
    )  # fmt: skip
