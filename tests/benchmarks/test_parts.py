"""What the parts of `make proof` run, on which sources, and what each of them refuses."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks import proof, proof_parts
from benchmarks.kill_trials import Trial as Kill
from benchmarks.kill_trials import line_of
from benchmarks.proof_parts import PARTS
from benchmarks.proof_runs import plain
from benchmarks.proof_types import ROOT, Line, Part
from benchmarks.trials.envelope import Result, drawn
from benchmarks.trials.stop_trials import Trial
from campaign.campaign import RunResult
from campaign.invariants import Breach
from tests.control.safety import mutate

pytestmark = pytest.mark.long

BY_NAME: dict[str, Part] = {part.name: part for part in PARTS}
STOP = Trial(
    seed=7, scene="", mode="", shape="", latency_ms=440.0, death_ms=160.0, speed_mps=0.1, slope_deg=0.0,
    distance_m=0.1, bound_m=1.0, breaches=(),
)  # fmt: skip
RUN = RunResult(seed=7, events=(), together=(), breaches=(), sim_s=66.0, stops=3, walks=0, engine_starts=0)
KILL = Kill(kind="kill", stop_ms=150.0, rest_ms=300.0)
FLOWN = Result(
    mission=drawn(1, 0), inside=True, credited_m2=2.0, false_before_m2=0.5, left_m2=1.0, false_after_m2=0.0, told="",
    told_s=None, told_m=None, findings=(), withdrawn=(), breaches=(), sim_s=60.0,
)  # fmt: skip
LOSSES = {"losses": 20, "on": 20}
DEAD = mutate.Judged(
    file="gate.py", line=3, number=5, what="Lt -> LtE", lived=False, endless=False, killer=("test_gate", 1)
)
GATE = "vehicle/control/safety/gate.py"
MACHINE = "configs/machines/mematt.toml"


def line(facts: Any, unit: str = "0-0") -> Line:
    """As it comes back from the file."""
    made = Line(unit=unit, cpu_s=1.0, at="2026-11-29T00:00:00Z", commit="abc", facts=plain(msgspec.to_builtins(facts)))
    return msgspec.json.decode(msgspec.json.encode(made), type=Line)


def changed(one: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(one, **fields)


def killed(trial: Kill) -> Line:
    return line(msgspec.json.decode(line_of(trial)))


NAN, INF = float("nan"), float("inf")
CENSUS = {"states": 44, "transitions": 9, "outputs": 9, "invariants": 80, "edges": 40, "paths": 50}
GOOD = {
    "enumeration": line(CENSUS),
    "kills": killed(KILL),
    "mutation": line(DEAD, "gate.py 5"),
    "stops": line([STOP]),
    "twins": line([]),
    "campaign": line(RUN),
    "envelope": line(FLOWN, "0"),
    "costs": line(LOSSES, "standing 0"),
}
BAD = (
    ("enumeration", line({"broken": "I18 whatever is not armed is inert"}), "I18"),
    ("kills", killed(changed(KILL, stop_ms=201.0)), "201 ms"),
    ("kills", killed(changed(KILL, stop_ms=INF)), "inf ms"),
    ("kills", killed(changed(KILL, wrong="drove before it was armed")), "drove"),
    ("mutation", line(changed(DEAD, lived=True, killer=None), "gate.py 6"), "alive: gate.py:3: Lt -> LtE  (#5)"),
    ("mutation", line({"weak": [["test_gate", 3]]}, mutate.WEAK), "fail by themselves"),
    ("stops", line([STOP, changed(STOP, latency_ms=501.0)]), "trials 7"),
    ("stops", line([changed(STOP, latency_ms=NAN)]), "trials 7"),
    ("stops", line([changed(STOP, death_ms=201.0)]), "trials 7"),
    ("stops", line([changed(STOP, breaches=("false_credit: 1 m2",))]), "trials 7"),
    ("twins", line(["history 3\nflags: twin 1, reference 2"]), "history 3"),
    ("envelope", line(changed(FLOWN, breaches=("moved",)), "1"), "moved"),
    ("costs", line({"losses": 20, "on": 19}, "standing 1"), "standing: below 99 %"),
    ("campaign", line(changed(RUN, breaches=(Breach(t_s=1.0, name="moved", text="it moved"),))), "seed 7: moved"),
)


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_good_holds_and_says_its_figures(name: str) -> None:
    verdict = BY_NAME[name].judged([GOOD[name]])
    assert verdict.wrong == ""
    assert verdict.text


@pytest.mark.parametrize(("name", "bad", "said"), BAD)
def test_one_planted_line_is_refused(name: str, bad: Line, said: str) -> None:
    assert said in BY_NAME[name].judged([GOOD[name], bad] if name != "enumeration" else [bad]).wrong


def test_fewer_hours_than_a_hundred_are_refused() -> None:
    lines = [line(changed(RUN, sim_s=81.0))] * proof_parts.SEEDS
    assert BY_NAME["campaign"].judged(lines).wrong == ""
    short = [line(changed(RUN, sim_s=79.0))] * proof_parts.SEEDS
    assert "fewer hours" in BY_NAME["campaign"].judged(short).wrong


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        (
            "enumeration",
            ("vehicle/control/safety/modes.py", "vehicle/control/safety/permits.py"),
            ("vehicle/control/estimate/fusion.py",),
        ),
        (
            "kills",
            (GATE, "flailpilot/drive.py", "vehicle/runtime/loop.py", "firmware_bridge/controller/src/controller.c"),
            ("campaign/fault_scenario.py",),
        ),
        (
            "mutation",
            (GATE, "tests/control/safety/test_gate.py", "tests/control/safety/reasons.txt"),
            ("campaign/fault_scenario.py",),
        ),
        (
            "stops",
            (GATE, "vehicle/control/estimate/fusion.py", "benchmarks/trials/stop_trials.py"),
            ("tests/control/safety/test_gate.py",),
        ),
        ("twins", ("sim/controller.py", "firmware_bridge/mavlink/_dialect.py"), (GATE,)),
        (
            "campaign",
            (GATE, "vehicle/control/ledger/rule.py", "campaign/invariants.py"),
            ("tests/control/safety/test_gate.py",),
        ),
        (
            "envelope",
            (GATE, "vehicle/control/checks/judge.py", "campaign/rod.py", "benchmarks/trials/envelope.py", MACHINE),
            ("vehicle/planning/coverage/planner.py", "vehicle/reports/page.py"),
        ),
        ("costs", ("vehicle/control/estimate/fusion.py", "benchmarks/trials/beliefs.py"), ("campaign/campaign.py",)),
    ],
)
def test_a_part_hangs_on_what_it_judges_and_on_nothing_else(
    name: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    found = {os.path.relpath(path, ROOT) for path in proof.sources(BY_NAME[name])}
    assert found >= {*inside, "requirements/dev.txt"}
    assert not found & {*outside, "docs/SAFETY.md"}


def test_the_whole_room_is_mutated_and_each_mutant_is_a_unit() -> None:
    units = BY_NAME["mutation"].units()
    assert len(units) == len(set(units)) > 4_000
    assert {unit.split()[0] for unit in units} > {"gate.py", "masks.py", "modes.py"}
    assert all(len(set(part.units())) == len(part.units()) for part in PARTS)
    assert sum(len(proof_parts.span_of(unit)) for unit in BY_NAME["twins"].units()) == 100_000


def test_a_mutant_that_no_test_kills_is_told_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """In real processes: every second one survives."""

    def second_lives(mutant: mutate.Mutant, order: object, keys: object, slot: mutate.Slot) -> None:
        del order, keys
        slot.put(mutate.NOBODY)
        os._exit(mutant.number % 2)

    monkeypatch.setattr(mutate, "judge", second_lives)
    told: list[mutate.Judged] = []
    known = mutate.Known(seconds={}, through={}, enumerating=set())
    run = mutate.Campaign(known, 2, lambda judged, _: told.append(judged))
    for number in range(4):
        run.start(mutate.Mutant(number, mutate.ROOM / "gate.py", 1, "", mutate.ast.parse("")))
    run.finish()
    assert {(one.number, one.lived) for one in told} == {(0, True), (1, False), (2, True), (3, False)}


def test_mutants_that_were_told_of_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them: nothing is forked, and only who killed is asked once more."""
    path = tmp_path / "done"
    room = [mutate.ROOM / "gate_inputs.py", mutate.ROOM / "masks.py"]
    mutants = [unit for unit in mutate.all_units() if unit.startswith("masks.py")]
    alive = changed(DEAD, lived=True, killer=None)
    path.write_bytes(b"".join(msgspec.json.encode(line(alive, unit)) + b"\n" for unit in mutants) + b'{"torn')
    done = mutate.read_lines(path)
    assert len(done) == len(mutants)
    assert mutate.lines(room, 1, done) == 0
    assert msgspec.json.decode(capsys.readouterr().out) == {"unit": mutate.WEAK, "cpu_s": 0.0, "facts": {"weak": []}}


def own_id(unit: str) -> int:
    del unit
    return os.getpid()


@pytest.mark.real
@pytest.mark.slow
def test_workers_end_with_a_program_that_is_killed() -> None:
    code = (
        "from tests.benchmarks.test_parts import own_id; from benchmarks.proof_parts import pooled; import sys\n"
        "if __name__ == '__main__':\n"
        "    for found in pooled(own_id)(['1', '2'], None, 1): print(found.facts, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        worker = os.pidfd_open(int(program.stdout.readline()))
        program.send_signal(signal.SIGKILL)
        ended, _, _ = select.select([worker], [], [], 120.0)
        os.close(worker)
    assert ended, "the worker lives on"
