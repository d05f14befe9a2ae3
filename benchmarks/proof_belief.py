"""Parts of `make proof` on what the machine believes: missions with silent errors, and what the rules cost without."""

from typing import Any

import msgspec

from benchmarks.ordinary_work import KINDS
from benchmarks.proof_runs import pooled
from benchmarks.proof_types import Line, Part, Verdict
from benchmarks.trials.envelope import Result, drawn, flown, inside

MISSIONS, SEED = 1000, 1
ON_LEAST = {"standing": 0.99, "moving": 0.95}
"""Share of the losses after which the work goes on without a mark."""


# --- missions with silent errors -------------------------------------------------------------------------------------
def envelope_flown(unit: str) -> Result:
    return flown(drawn(SEED, int(unit)))


def results(lines: list[Line]) -> list[Result]:
    """By number. What is promised today counts, not what was when the mission was flown."""
    found = [msgspec.convert(line.facts, Result, strict=False) for line in lines]
    found.sort(key=lambda one: one.mission.number)
    return [msgspec.structs.replace(one, inside=inside(one.mission)) for one in found]


def fails(result: Result) -> bool:
    """Against what is promised: false credit inside the envelope, or an invariant that broke."""
    return bool(result.breaches) or (result.inside and result.false_after_m2 > 0.0)


def told(result: Result) -> str:
    """A failed mission in a line."""
    errors = ", ".join(f"{error.kind} {error.size:.4g}" for error in result.mission.errors) or "no error"
    broken = ", ".join(result.breaches)
    return f"mission {result.mission.number}: {errors}: false {result.false_after_m2:.4f} m2 {broken}".rstrip()


def envelope_says(lines: list[Line]) -> Verdict:
    found = results(lines)
    within = [one for one in found if one.inside]
    before_m2, after_m2 = (sum(getattr(one, f"false_{when}_m2") for one in within) for when in ("before", "after"))
    text = (
        f"{len(found):,} of {MISSIONS:,} missions with silent errors, {len(within)} inside the envelope: "
        f"{after_m2:.4f} m2 falsely credited there after the checks, {before_m2:.2f} m2 before them"
    )
    return Verdict(text=text, wrong="; ".join([told(one) for one in found if fails(one)][:5]))


ENVELOPE = Part(
    name="envelope",
    modules=("benchmarks.trials.envelope",),
    data=(),
    units=lambda: [str(number) for number in range(MISSIONS)],
    run=pooled(envelope_flown),
    judged=envelope_says,
)


# --- what the rules cost ---------------------------------------------------------------------------------------------
def costs_units() -> list[str]:
    return [f"{kind} {number}" for kind, (count, _) in KINDS.items() for number in range(count)]


def costed(unit: str) -> dict[str, Any]:
    kind, number = unit.split()
    return KINDS[kind][1](int(number))


def costs_say(lines: list[Line]) -> Verdict:
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for line in lines:
        rows[line.unit.split()[0]].append(line.facts)
    texts, wrong = list[str](), list[str]()
    for kind, least in ON_LEAST.items():
        count, on = (sum(row[name] for row in rows[kind]) for name in ("losses", "on"))
        texts.append(f"{on:,} of {count:,} losses {kind} go on without a mark")
        if on < least * count:
            wrong.append(f"{kind}: below {100.0 * least:.0f} %")
    for kind in ("slipping", "untroubled"):
        hours, stops, revokes = (sum(row[name] for row in rows[kind]) for name in ("hours", "stop_ticks", "revokes"))
        texts.append(f"{hours:.1f} h {kind}: {stops} ticks of a stop, {revokes} withdrawals")
        if stops or revokes:
            wrong.append(f"{kind}: {stops} ticks of a stop, {revokes} withdrawals")
    return Verdict(text="; ".join(texts), wrong="; ".join(wrong))


COSTS = Part(
    name="costs",
    modules=("benchmarks.ordinary_work",),
    data=(),
    units=costs_units,
    run=pooled(costed),
    judged=costs_say,
)
