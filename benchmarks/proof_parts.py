"""The parts of `make proof`: what each runs, unit by unit, and what its figures say (benchmarks/proof.py)."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.kill_trials import LIMIT_MS, quantiles
from benchmarks.kill_trials import Trial as Kill
from benchmarks.proof_belief import COSTS, ENVELOPE
from benchmarks.proof_runs import pooled, told_by
from benchmarks.proof_types import ROOT, Found, Line, Part, Verdict
from benchmarks.trials import link_traces
from benchmarks.trials.stop_trials import Trial, figures, run_trial
from campaign.campaign import RunResult, run_seed
from flailpilot.campaign import summed
from tests.control.safety import enumerate_machine, mutate
from tests.firmware_bridge import twins

LINKS = ROOT.parent / "shared/data/link"
TRIALS, TRIALS_AT_ONCE = 10_000, 20
HISTORIES, HISTORIES_AT_ONCE = 100_000, 500
SEEDS, HOURS = 4_500, 100.0
KILLS = 100
CONFIGS = "configs/**/*"
CONTROLLER = (
    "firmware_bridge/controller/src/*.[ch]",
    "firmware_bridge/controller/include/*.h",
    "firmware_bridge/controller/Makefile",
    "firmware_bridge/mavlink/flail.xml",
)
"""Its headers of the dialect are built from the last one, and only when it is first built."""


# --- enumeration -----------------------------------------------------------------------------------------------------
def enumerated(unit: str) -> dict[str, Any]:
    del unit
    try:
        found = enumerate_machine.census()
        paths = enumerate_machine.paths_to_motion(found)
    except enumerate_machine.ViolationError as broken:
        return {"broken": str(broken)}
    return {
        "states": len(found.states),
        "transitions": found.transitions,
        "outputs": found.outputs,
        "invariants": len(enumerate_machine.STEP) + len(enumerate_machine.OUTPUT),
        "edges": len(found.edges),
        "paths": paths,
    }


def enumeration_says(lines: list[Line]) -> Verdict:
    facts = lines[0].facts
    if broken := facts.get("broken"):
        return Verdict(text="an invariant is broken", wrong=broken)
    return Verdict(
        text=f"{facts['states']} states, {facts['transitions']:,} transitions, {facts['outputs']:,} outputs, "
        f"{facts['invariants']} invariants, {facts['edges']} edges between modes, {facts['paths']:,} states on the way "
        "to motion; none broken"
    )


# --- mutation --------------------------------------------------------------------------------------------------------
def mutated(missing: Sequence[str], done: Path, jobs: int) -> Generator[Found, None, None]:
    """The killers of a run that was broken off are in what is done."""
    del missing
    for line in told_by(["-m", "tests.control.safety.mutate", "--jobs", str(jobs), "--lines", "--done", str(done)]):
        yield msgspec.json.decode(line, type=Found)


def mutation_says(lines: list[Line]) -> Verdict:
    mutants = [line for line in lines if line.unit not in (mutate.SOUND, mutate.WEAK)]
    judged = [msgspec.convert(line.facts, mutate.Judged) for line in mutants]
    lived = [one for one in judged if one.lived]
    weak = [test for line in lines if line.unit == mutate.WEAK for test in line.facts["weak"]]
    tests = next((line.facts["tests"] for line in lines if line.unit == mutate.SOUND), 0)
    text = f"{len(judged):,} mutants of {len({one.file for one in judged})} files by up to {tests:,} tests: "
    text += f"{len(judged) - len(lived):,} killed, {len(lived)} survive"
    if weak:
        return Verdict(text=text, wrong=f"{len(weak)} tests that killed fail by themselves: {weak[0]}")
    return Verdict(text=text, wrong=f"alive: {'; '.join(map(str, lived[:5]))}" if lived else "")


# --- stops -----------------------------------------------------------------------------------------------------------
def spans(count: int, step: int) -> list[str]:
    return [f"{first}-{min(first + step, count) - 1}" for first in range(0, count, step)]


def span_of(unit: str) -> range:
    first, last = map(int, unit.split("-"))
    return range(first, last + 1)


def stopped(unit: str) -> list[Trial]:
    traces = link_traces.load_folder(LINKS)
    return [run_trial(seed, traces) for seed in span_of(unit)]


def stops_say(lines: list[Line]) -> Verdict:
    trials = [trial for line in lines for trial in msgspec.convert(line.facts, list[Trial], strict=False)]
    found = figures(trials)
    p50, p99, p100 = found.latency_ms
    text = (
        f"{found.trials:,} of {TRIALS:,} stops: last valid frame created to set-point 0 p50 {p50:.0f}, p99 {p99:.0f}, "
        f"p100 {p100:.0f} ms; {found.deaths:,} of them by death of the process, p100 {found.death_ms[2]:.0f} ms; "
        f"{len(found.late)} late, {len(found.breached)} broke an invariant"
    )
    bad = (*found.late, *found.breached)
    return Verdict(text=text, wrong=f"trials {', '.join(map(str, bad[:10]))}" if bad else "")


# --- campaign --------------------------------------------------------------------------------------------------------
def campaigned(unit: str) -> RunResult:
    return run_seed(int(unit))


def campaign_says(lines: list[Line]) -> Verdict:
    found = summed([msgspec.convert(line.facts, RunResult, strict=False) for line in lines], 0, Path("runs/proof"), 0)
    text = (
        f"{found.sim_hours:.1f} of {HOURS:.0f} h, {found.seeds:,} seeds: {found.faults:,} faults of "
        f"{len(found.by_row)} rows, {found.pairs:,} of {found.pairs_possible:,} pairs together, {found.stops:,} stops; "
        f"{len(found.failures)} seeds failed"
    )
    wrong = "; ".join(f"seed {one.seed}: {one.name}" for one in found.failures[:10])
    if len(lines) == SEEDS and found.sim_hours < HOURS:
        wrong = wrong or "fewer hours than wanted"
    return Verdict(text=text, wrong=wrong)


# --- kills -----------------------------------------------------------------------------------------------------------
def killed(missing: Sequence[str], done: Path, jobs: int) -> Generator[Found, None, None]:
    """One bench whatever `jobs` says: what it judges is milliseconds."""
    del done, jobs
    wanted = ["--kill", str(len(missing)), "--stop", "0", "--controller", "0"]
    before_s = 0.0
    for unit, line in zip(missing, told_by(["benchmarks/kill_trials.py", *wanted, "--lines"]), strict=False):
        facts = msgspec.json.decode(line)
        now_s = facts.pop("cpu_s")
        yield Found(unit=unit, cpu_s=round(now_s - before_s, 3), facts=facts)
        before_s = now_s


def kills_say(lines: list[Line]) -> Verdict:
    trials = [msgspec.convert(line.facts["trial"], Kill, strict=False) for line in lines]
    ranks = quantiles([trial.stop_ms for trial in trials])
    text = (
        f"{len(trials)} of {KILLS} kills of the vehicle process in motion: to the stop set-point "
        + ", ".join(f"{name} {value:.0f}" for name, value in ranks.items())
        + f" ms; load of the computer up to {max(line.facts['load'] for line in lines):.0f}"
    )
    bad = [trial.wrong or f"{trial.stop_ms:.0f} ms" for trial in trials if trial.wrong or not trial.stop_ms <= LIMIT_MS]
    return Verdict(text=text, wrong="; ".join(bad[:3]))


# --- twins -----------------------------------------------------------------------------------------------------------
def compared(unit: str) -> list[str]:
    return twins.run(span_of(unit))


def twins_say(lines: list[Line]) -> Verdict:
    differing = [text for line in lines for text in line.facts]
    done = sum(len(span_of(line.unit)) for line in lines)
    text = f"{done:,} of {HISTORIES:,} random histories of {twins.EVENTS} events: {len(differing)} differ"
    return Verdict(text=text, wrong=differing[0] if differing else "")


OWN_PLAN = ("vehicle.planning", "vehicle.polygons")
"""Never called where the plan is one swath that the part lays itself (`campaign.fault_scenario.swath_plan`)."""


PARTS = (
    Part(
        name="enumeration",
        modules=("tests.control.safety.enumerate_machine",),
        data=(),
        units=lambda: ["all"],
        run=pooled(enumerated),
        judged=enumeration_says,
    ),
    Part(
        name="kills",
        modules=("benchmarks.kill_trials", "flailpilot.drive", "vehicle", "firmware_bridge"),
        data=(CONFIGS, *CONTROLLER),
        units=lambda: [f"kill {number}" for number in range(KILLS)],
        run=killed,
        judged=kills_say,
    ),
    # the page of the manual, which one test reads, is no part of it: reasons.txt holds the same names
    Part(
        name="mutation",
        modules=(
            "vehicle.control.safety",
            "vehicle.contracts.stop_reasons",
            "vehicle.control.ground.support",
            "firmware_bridge.handshake",
            "firmware_bridge.operator_limits",
            "tests.control.safety",
        ),
        data=(CONFIGS, "tests/control/safety/reasons.txt", "firmware_bridge/controller/include/*"),
        units=mutate.all_units,
        run=mutated,
        judged=mutation_says,
    ),
    Part(
        name="stops",
        modules=("benchmarks.trials.stop_trials",),
        never_called=OWN_PLAN,
        data=(CONFIGS, "../shared/data/link/*"),
        units=lambda: spans(TRIALS, TRIALS_AT_ONCE),
        run=pooled(stopped),
        judged=stops_say,
    ),
    Part(
        name="twins",
        modules=("tests.firmware_bridge.twins",),
        data=(CONFIGS, *CONTROLLER),
        units=lambda: spans(HISTORIES, HISTORIES_AT_ONCE),
        run=pooled(compared),
        judged=twins_say,
    ),
    Part(
        name="campaign",
        modules=("campaign.campaign",),
        never_called=OWN_PLAN,
        data=(CONFIGS,),
        units=lambda: [str(seed) for seed in range(SEEDS)],
        run=pooled(campaigned),
        judged=campaign_says,
    ),
    msgspec.structs.replace(ENVELOPE, data=(CONFIGS,), never_called=OWN_PLAN),
    msgspec.structs.replace(COSTS, data=(CONFIGS,), never_called=OWN_PLAN),
)
"""In this order: what is soon done comes first."""
