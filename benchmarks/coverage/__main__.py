"""Coverage plans measured: `python -m benchmarks.coverage [fields|generated|peers|made]...`, all of it without a word.

fields     every real field in both modes, each in a process of its own: time, memory, missed, violations, time to bound
generated  sites drawn by seed, in both modes (`--sites N`, 500)
made       150 ha with 50 keep-outs, and 103 ha with 1,000, which no limit of minutes lets be planned whole
peers      the fields beside the rows of other planners under the same cost model
Exit status 1 where anything is missed or violated.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.coverage.one import row_of
from benchmarks.coverage.peer import available, peer_row
from benchmarks.coverage.sites import FIELDS, MADE, MODES, area_m2, generated, made, real_fields, with_strip
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import UntreatableReason
from vehicle.planning.site.site import load_site

PEERS = FIELDS.parent / "peers" / "coverage_rows.json"
REFERENCE = "proto_rectlanes"
HEAD = (
    f"{'field':24s} {'outside':8s} {'ha':>6s} {'holes':>5s} {'plan s':>7s} {'cpu s':>6s} {'ms/ha':>6s} {'MB':>4s} "
    f"{'missed m2':>13s} "
    f"{'tracks':>6s} {'keep':>4s} {'no appr':>8s} {'narrow':>6s} {'clear':>7s} {'rim':>7s} {'passes':>6s} "
    f"{'tool-on m':>9s} {'swath':>7s} {'reverse':>7s} {'turn':>6s} {'move':>6s} "
    f"{'hours':>7s} {'bound':>6s} {'ratio':>6s} {'turns':>6s}"
)
LEGEND = """plan s: on the clock; cpu s and ms/ha: on the processor, one core, whatever else the machine does
missed: by the plan's own certificate / by the independent checker, beyond what is listed
tracks, keep: violating poses; no appr, narrow, clear, rim: m2 listed as without approach (or planning time), narrower
than the machine, keep-out clearance, swept but not to be credited along keep-outs; swath to hours: h by kind, h in all
bound: area / ((tool width - overlap) x working speed); ratio: bound / hours; turns: the same of the bound that counts
the least changes of swaths
"""


def measured(document: dict[str, Any], mode: str, limit_s: float, machine: str | None = None) -> dict[str, Any]:
    """The row of one site, from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.geojson"
        path.write_text(json.dumps(document), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.coverage.one", str(path), mode, str(limit_s)]
        command += [machine] if machine is not None else []
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def told(name: str, row: dict[str, Any]) -> str:
    """One line of the table."""
    hectares = row["area_m2"] / 1e4
    cut = " cut short" if row["cut_short"] else ""
    listed, kind_h = row["listed_m2"], row["kind_h"]
    return (
        f"{name:24s} {row['mode']:8s} {hectares:6.2f} {row['holes']:5d} {row['plan_s']:7.1f} "
        f"{row['plan_cpu_s']:6.1f} {1e3 * row['plan_cpu_s'] / hectares:6.0f} {row['peak_mb']:4.0f} "
        f"{row['certified_missed_m2']:6.2f}/{row['missed_m2']:6.2f} {row['track']:6d} {row['keep_out']:4d} "
        f"{row['left_m2']:8.1f} {listed['narrower_than_machine']:6.1f} {listed['keep_out_clearance']:7.1f} "
        f"{listed['keep_out_credit_margin']:7.1f} {row['swaths']:6d} {row['tool_on_m']:9.0f} {kind_h['swath']:7.2f} "
        f"{kind_h['reverse']:7.2f} {kind_h['turn']:6.2f} {kind_h['transit']:6.2f} {row['time_h']:7.2f} "
        f"{row['bound_h']:6.1f} {row['bound_h'] / max(row['time_h'], 1e-9):6.3f} "
        f"{row['bound_turns_h'] / max(row['time_h'], 1e-9):6.3f}{cut}"
    )


def fields(
    limit_s: float, machine: str | None = None, below_ha: float = math.inf
) -> tuple[list[tuple[str, dict[str, Any]]], int]:
    """Rows of all real fields in both modes, and how many of them are faulty."""
    rows, bad = [], 0
    print(LEGEND + HEAD)
    for path in real_fields():
        document = json.loads(path.read_text(encoding="utf-8"))
        for mode in MODES if area_m2(document) < 1e4 * below_ha else ():
            row = measured(with_strip(document) if mode == "unknown" else document, mode, limit_s, machine)
            print(told(path.stem, row), *row["complaints"], flush=True)
            rows.append((path.stem, row))
            bad += bool(row["complaints"])
    return rows, bad


def large(limit_s: float) -> int:
    """Rows of the made sites with ground outside that is safe; returns how many are faulty."""
    bad = 0
    print(HEAD)
    for name in MADE:
        row = measured(made(name), "safe", limit_s)
        row["complaints"] = [line for line in row["complaints"] if UntreatableReason.PLANNING_TIME.value not in line]
        print(told(name, row), *row["complaints"], flush=True)
        bad += bool(row["complaints"])
    return bad


def drawn(first: int, count: int, limit_s: float) -> int:
    """Plan generated sites in both modes; prints every faulty one and the sums; returns how many are faulty."""
    bad, refused, planned, area_m2, left_m2 = 0, 0, 0, 0.0, 0.0
    for seed in range(first, first + count):
        for mode in MODES:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    row = row_of(generated(seed, mode), mode, limit_s, Path(folder))
                except InputError as error:
                    refused += 1
                    print(f"seed {seed} {mode}: refused: {error}", flush=True)
                    continue
            planned += 1
            area_m2, left_m2 = area_m2 + row["area_m2"], left_m2 + row["left_m2"]
            if row["complaints"]:
                bad += 1
                print(f"seed {seed} {mode}: {row['complaints']}", flush=True)
    print(
        f"generated: {planned} plans of {count} sites in both modes ({area_m2 / 1e4:.1f} ha), {bad} faulty, {refused} "
        f"refused; {left_m2:.0f} m2 without approach"
    )
    return bad


def beside_peers(rows: list[tuple[str, dict[str, Any]]]) -> None:
    """Each field with ground outside that is safe, beside those who planned it."""
    others = json.loads(PEERS.read_text(encoding="utf-8"))
    print(
        f"\n{'field':24s} {'planner':20s} {'missed m2':>9s} {'tool-on m':>9s} {'hours':>7s} {'plan s':>7s} {'MB':>4s}"
    )
    if available() is None:
        print("coverage-path-planner is not installed here: only its rows measured elsewhere are shown")
    for name, row in rows:
        if row["mode"] != "safe":
            continue
        print(_peer_line(name, "flailpilot", {**row, "rss_peak_mb": row["peak_mb"]}))
        if available() is not None:
            print(_peer_line(name, "cpp here", peer_row(load_site(FIELDS / f"{name}.geojson", "safe"))))
        for other in others:
            if other["poly"] != name:
                continue
            if other["status"] != "ok":
                print(f"{name:24s} {other['planner']:20s} {other['status']}")
                continue
            shown = {**other, "tool_on_m": other["on_m"], "time_h": other["t_model_h"]}
            print(_peer_line(name, other["planner"] + (" (reference)" if other["planner"] == REFERENCE else ""), shown))


def _peer_line(name: str, planner: str, row: dict[str, Any]) -> str:
    return (
        f"{name:24s} {planner:20.20s} {row['missed_m2']:9.1f} {row['tool_on_m']:9.0f} {row['time_h']:7.2f} "
        f"{row['plan_s']:7.2f} {row.get('rss_peak_mb', 0.0):4.0f}"
    )


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=["fields", "generated", "peers", "made", []])
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds of planning for one site")
    parser.add_argument("--machine", help="a profile instead of the machine of the other planners' cost model")
    parser.add_argument("--below", type=float, default=math.inf, metavar="HA", help="only fields smaller than this")
    asked = parser.parse_args()
    parts = asked.parts or ["fields", "generated", "peers", "made"]
    rows, bad = fields(asked.limit, asked.machine, asked.below) if {"fields", "peers"} & set(parts) else ([], 0)
    if "peers" in parts:
        beside_peers(rows)
    if "made" in parts:
        bad += large(asked.limit)
    if "generated" in parts:
        bad += drawn(asked.first, asked.sites, asked.limit)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
