"""Two checkouts in turns in one run: what another build took of the same machine at the same time.

A figure of processor time says little by itself on a computer that others use; the ratio of neighbouring turns does.
"""

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

Figures = dict[str, float]
Command = Callable[[Path], Sequence[str]]


def python_of(checkout: Path) -> str:
    """The interpreter that a checkout's `make` made.

    Raises:
        FileNotFoundError: none; run `make lint` there.
    """
    python = checkout / ".venv/bin/python"
    if not python.exists():
        raise FileNotFoundError(f"{python}: there is none; run `make .venv/.installed` in {checkout}")
    return str(python)


def built(checkout: Path) -> None:
    """The C controller's host build, which the benches drive.

    Raises:
        subprocess.CalledProcessError: it does not build; `stderr` says why.
    """
    folder = checkout / "firmware_bridge" / "controller"
    command = ["make", "--silent", "-C", str(folder), f"PYTHON={python_of(checkout)}", "all"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603


def one_turn(command: Sequence[str], checkout: Path, core: int | None) -> Figures:
    """What one program prints as its last line, a JSON object of figures.

    Raises:
        RuntimeError: it said nothing; its own words are on stderr.
    """
    cores = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})  # inherited by the program and by all that it starts
    try:
        run = subprocess.run(command, cwd=checkout, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603
    finally:
        os.sched_setaffinity(0, cores)
    if not run.stdout.strip():
        raise RuntimeError(f"{checkout}: no figures, exit status {run.returncode}")
    found: Figures = json.loads(run.stdout.splitlines()[-1])
    return found


def in_turns(
    command: Command, beside: Path | None, rounds: int, core: int | None
) -> tuple[list[Figures], list[Figures]]:
    """`rounds` turns of this checkout, and as many of the other one, each round one of each."""
    ours: list[Figures] = []
    theirs: list[Figures] = []
    for _ in range(rounds):
        if beside is not None:
            theirs.append(one_turn(command(beside), beside, core))
        ours.append(one_turn(command(ROOT), ROOT, core))
    return ours, theirs


def table(ours: list[Figures], theirs: list[Figures]) -> list[str]:
    """A line for each figure: its median; beside another checkout the median there, and of the ratios of rounds."""
    lines: list[str] = []
    for name in ours[0]:
        line = f"{name:34s} {statistics.median(row[name] for row in ours):10.2f}"
        pairs = [(row[name], other[name]) for row, other in zip(ours, theirs, strict=False) if other.get(name)]
        if pairs:
            ratios = sorted(mine / other for mine, other in pairs)
            before, ratio = statistics.median(other for _, other in pairs), statistics.median(ratios)
            line += f"   beside {before:10.2f}   ratio {ratio:.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
        lines.append(line)
    return lines
