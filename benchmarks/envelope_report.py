"""The envelope as a table and a picture, from what `make proof PARTS=envelope` found on the sources as they are.

    python -m benchmarks.envelope_report --docs docs

writes `envelope.png` into that folder, and the table between the marks of its `SAFETY.md`.
"""

import argparse
import itertools
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter

from benchmarks.proof import Journal, digest, sources
from benchmarks.proof_belief import results
from benchmarks.proof_parts import PARTS
from benchmarks.proof_types import ROOT
from benchmarks.trials.envelope import Result
from campaign.lies import LIES, Lie

BEGIN, END = "<!-- envelope: begin -->", "<!-- envelope: end -->"
HEAD = (
    "| error | size | | missions | told on the screen | found by a check | neither | false before the checks | "
    "false after |\n|---|---|---|---|---|---|---|---|---|"
)
INSIDE, BEFORE, AFTER, SHARE = "#dfeee0", "#c77b30", "#b2182b", "#2f5d8a"


def edges(lie: Lie) -> tuple[float, ...]:
    """Sizes are told in three classes, parted where the promise ends."""
    if lie.least > lie.low:
        return lie.low, lie.least, math.sqrt(lie.least * lie.high), lie.high
    if lie.most < lie.high:
        return lie.low, math.sqrt(lie.low * lie.most), lie.most, lie.high
    step = (lie.high / lie.low) ** (1.0 / 3.0)
    return lie.low, lie.low * step, lie.low * step * step, lie.high


def alone(lie: Lie, results: Sequence[Result]) -> list[Result]:
    """Results of this error and no other."""
    return [one for one in results if len(one.mission.errors) == 1 and one.mission.errors[0].kind == lie.name]


def classes(lie: Lie, results: Sequence[Result]) -> list[tuple[float, float, list[Result]]]:
    """Results of this error alone, by size; without those of a rate for which nothing is promised."""
    cuts = edges(lie)
    found: list[tuple[float, float, list[Result]]] = [(low, high, []) for low, high in itertools.pairwise(cuts)]
    for one in alone(lie, results):
        if one.mission.errors[0].rate > lie.rate_most:
            continue
        number = sum(one.mission.errors[0].size > cut for cut in cuts[1:-1])
        found[number][2].append(one)
    return found


CHECKS = {
    "base_moved": ("base", "daily"),
    "base_drift": ("base", "daily"),
    "place_scaled": ("base", "daily"),
    "heading_ramp": ("daily",),
    "heading_offset": ("daily",),
    "roll_offset": ("daily",),
    "lever_arm": ("daily",),
    "depth_offset": ("depth",),
    "hammers": ("hammers",),
}
"""Which check finds what; a rod's own error may take credit back where the depth is right."""


def on_screen(one: Result) -> bool:
    """The machine itself told of it."""
    return bool(one.told) and not one.told.startswith("check:")


def by_check(one: Result) -> bool:
    """It did not, and a check that can find one of its errors took credit back; without an error, any check."""
    kinds = [told.kind for told in one.mission.errors]
    checks = (
        {check for kind in kinds for check in CHECKS.get(kind, ())} if kinds else {"base", "daily", "depth", "hammers"}
    )
    return not on_screen(one) and any(finding.withdrew and finding.check in checks for finding in one.findings)


def was_found(one: Result) -> bool:
    """By either."""
    return on_screen(one) or by_check(one)


def row(title: str, size: str, where: str, group: Sequence[Result]) -> str:
    """One class of missions."""
    if not group:
        return f"| {title} | {size} | {where} | 0 | | | | | |"
    screen, check = sum(map(on_screen, group)), sum(map(by_check, group))
    before_m2, after_m2 = (max((getattr(one, name) for one in group), default=0.0) for name in AREAS)
    neither = len(group) - screen - check
    return (
        f"| {title} | {size} | {where} | {len(group)} | {screen} | {check} | {neither} | {before_m2:.2f} m2 | "
        f"{after_m2:.4f} m2 |"
    )


AREAS = ("false_before_m2", "false_after_m2")


def table(results: Sequence[Result]) -> str:
    """A row a kind and class of sizes; then none, two at once, and what lies outside."""
    found = [HEAD]
    for lie in LIES.values():
        for low, high, group in classes(lie, results):
            where = "inside" if lie.inside(math.sqrt(low * high), 0.0) else "outside"
            found.append(row(lie.title, f"{low:.3g} to {high:.3g} {lie.unit}".rstrip(), where, group))
        if lie.beyond:
            more = [one for one in alone(lie, results) if one.mission.errors[0].rate > lie.rate_most]
            found.append(row(f"the same, {lie.beyond}", f"{lie.low:.3g} to {lie.high:.3g} {lie.unit}", "outside", more))
    found.append(row("none", "", "inside", [one for one in results if not one.mission.errors]))
    two = [one for one in results if len(one.mission.errors) == 2]
    found.append(row("two at once", "", "inside", [one for one in two if one.inside]))
    found.append(row("two at once", "", "outside", [one for one in two if not one.inside]))
    return "\n".join([*found, "", *outside(results)])


def outside(results: Sequence[Result]) -> list[str]:
    """Of each kind: the smallest size that anything found, the largest area left false, and what bounds the rest."""
    found = [
        "| error | promised for | smallest size found | largest false area left | bounded by |",
        "|---|---|---|---|---|",
    ]
    for lie in LIES.values():
        own = alone(lie, results)
        sizes = [one.mission.errors[0].size for one in own if was_found(one)]
        least = f"{min(sizes):.3g} {lie.unit}".rstrip() if sizes else "none found"
        left_m2 = max((one.false_after_m2 for one in own), default=0.0)
        found.append(f"| {lie.title} | {promise(lie)} | {least} | {left_m2:.4f} m2 | {lie.bounded_by} |")
    return found


def promise(lie: Lie) -> str:
    """The sizes inside, in words; what was not tried is not promised."""
    low, high = max(lie.least, lie.low), min(lie.most, lie.high)
    words = f"{low:g} to {high:g}" if lie.least > lie.low else f"up to {high:g}"
    unless = f", unless it {lie.beyond}" if lie.beyond else ""
    return f"{words} {lie.unit}".rstrip() + unless


def summary(results: Sequence[Result]) -> str:
    """How many of what."""
    inside = [one for one in results if one.inside]
    false_m2 = sum(one.false_after_m2 for one in inside)
    broken = Counter(name for one in results for name in one.breaches)
    return (
        f"{len(results)} missions, {len(inside)} of them inside: {false_m2:.4f} m2 of false credit inside after the "
        f"checks ({sum(one.false_before_m2 for one in inside):.2f} m2 before them, of "
        f"{sum(one.credited_m2 for one in inside):.0f} m2 credited); invariants broken: {sum(broken.values())}."
    )


def draw(results: Sequence[Result], path: Path) -> None:
    """A panel a kind: how often it was found, and how much was false before and after the checks, by size."""
    rows = len(LIES) // 3 + 1  # one panel at least is the legend's
    figure = Figure(figsize=(12.0, 2.2 * rows), dpi=130, layout="constrained")
    panels = figure.subplots(rows, 3).ravel().tolist()
    for lie, axes in zip(LIES.values(), panels, strict=False):
        _panel(axes, lie, results)
    for axes in panels[len(LIES) :]:
        axes.set_axis_off()
    _legend(panels[-1])
    figure.suptitle("Silent errors: how large one is found, and what is credited falsely", fontsize=13)
    figure.savefig(path)


def _panel(axes: Any, lie: Lie, results: Sequence[Result]) -> None:
    axes.set_xscale("log")
    axes.axvspan(max(lie.least, lie.low), min(lie.most, lie.high), color=INSIDE, zorder=0)
    axes.set_title(f"{lie.title} [{lie.unit or 'count'}]", fontsize=10, loc="left")
    axes.set_xlim(lie.low, lie.high)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0) if lie.high < 150.0 * lie.low else (1.0,)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(-4.0, 104.0)
    axes.set_ylabel("found, %", fontsize=8, color=SHARE)
    axes.tick_params(labelsize=8)
    other = axes.twinx()
    other.set_yscale("symlog", linthresh=0.01)
    other.set_ylim(-0.002, 12.0)
    other.set_yticks([0.0, 0.01, 0.1, 1.0, 10.0], ["0", "0.01", "0.1", "1", "10"])
    other.set_ylabel("false, m2", fontsize=8, color=BEFORE)
    other.tick_params(labelsize=8)
    for low, high, group in classes(lie, results):
        if group:
            share = 100.0 * sum(map(was_found, group)) / len(group)
            axes.plot((low, high), (share, share), color=SHARE, linewidth=2.5, solid_capstyle="butt")
        sizes = [one.mission.errors[0].size for one in group]
        other.plot(sizes, [one.false_before_m2 for one in group], "o", color=BEFORE, markersize=4, fillstyle="none")
        other.plot(sizes, [one.false_after_m2 for one in group], ".", color=AFTER, markersize=5)


def _legend(axes: Any) -> None:
    handles = [
        *axes.plot([], [], color=SHARE, linewidth=2.5, label="found, on the screen or by a check"),
        *axes.plot([], [], "o", color=BEFORE, fillstyle="none", label="false credit before the checks"),
        *axes.plot([], [], ".", color=AFTER, label="false credit after the checks"),
        Patch(color=INSIDE, label="sizes for which no false credit is promised"),
    ]
    axes.legend(handles=handles, loc="center", fontsize=9, frameon=False)


def main() -> int:
    """Write table and picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--found", type=Path, default=ROOT / "runs/proof", help="where `make proof` keeps what it found"
    )
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    chosen = parser.parse_args()
    part = next(part for part in PARTS if part.name == "envelope")
    lines = Journal(chosen.found, part.name, digest(sources(part))).lines()
    if not lines:
        print(f"{chosen.found}: no missions of these sources; fly some: make proof PARTS=envelope")
        return 2
    found = results(lines)
    page = chosen.docs / "SAFETY.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    text = f"{BEGIN}\n{summary(found)}\n\n{table(found)}\n{END}"
    page.write_text(before + text + after)
    draw(found, chosen.docs / "envelope.png")
    cpu_s = sum(line.cpu_s for line in lines) / len(lines)
    commits = ", ".join(sorted({line.commit for line in lines}))
    print(f"{summary(found)} Commits {commits}, {cpu_s:.1f} s of processor time a mission.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
