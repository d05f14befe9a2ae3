"""Random missions with silent errors, one JSON line each: how large an error is found, and what is left false.

    python -m benchmarks.envelope --missions 1000 --seed 1 --out runs/envelope.jsonl

What a line says holds for one state of the code: its `key` is the hash of all that takes part in a mission and of
the machines' profiles. A run goes on where it was broken off, and counts no line of other code.
Exit status 1: false credit inside of what is promised, or an invariant broken.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks import kept_lines
from benchmarks.trials.envelope import KINDS, Result, drawn, flown

ROOT = Path(__file__).resolve().parents[1]
JUDGED = ("vehicle", "sim", "campaign", "benchmarks/trials", "firmware_bridge", "configs/machines")
SUFFIXES = (".py", ".xml", ".toml", ".c", ".h")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One mission in the file. `cpu_s`: what it took."""

    key: str
    seed: int
    result: Result
    cpu_s: float


def key() -> str:
    """Of the code that is judged."""
    found = hashlib.sha256()
    paths = (path for folder in JUDGED for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)
    for path in sorted(paths):
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def fails(result: Result) -> bool:
    """Against what is promised: false credit inside the envelope, or an invariant that broke."""
    return bool(result.breaches) or (result.inside and result.false_after_m2 > 0.0)


def run(path: Path, missions: int, seed: int, kinds: Sequence[str] = KINDS) -> int:
    """The missions of these kinds that the file does not hold yet; how many failed, of all of them."""
    now = key()
    done = {
        line.result.mission.number: line
        for line in kept_lines.lines(path, Line)
        if (line.key, line.seed) == (now, seed)
    }
    failed = 0
    with kept_lines.opened(path) as file:
        for number in [number for number in range(missions) if KINDS[number % len(KINDS)] in kinds]:
            line = done.get(number)
            if line is None:
                begun_s = time.process_time()
                result = flown(drawn(seed, number))
                line = Line(key=now, seed=seed, result=result, cpu_s=round(time.process_time() - begun_s, 2))
                kept_lines.append(file, line)
            if fails(line.result):
                failed += 1
                print(told(line.result), flush=True)
    print(f"missions 0 to {missions - 1} of seed {seed}, code {now}: {failed} failed")
    return failed


def told(result: Result) -> str:
    """A failed mission in a line."""
    errors = ", ".join(f"{error.kind} {error.size:.4g}" for error in result.mission.errors) or "no error"
    broken = ", ".join(result.breaches)
    return f"mission {result.mission.number}: {errors}: false {result.false_after_m2:.4f} m2 {broken}".rstrip()


def main() -> int:
    """Run, or report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--missions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/envelope.jsonl"))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="only missions that begin with these")
    chosen = parser.parse_args()
    return 1 if run(chosen.out, chosen.missions, chosen.seed, chosen.kinds) else 0


if __name__ == "__main__":
    sys.exit(main())
