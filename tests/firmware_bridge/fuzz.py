"""Coverage-guided differential fuzzing of both decoders: `python -m tests.firmware_bridge.fuzz [--chunks N]`.

Each stream goes through the Python parser and through the C one, which is built with address and undefined-behaviour
checks and traces the edges it takes. A stream that reaches a new edge is kept and mutated further. Ends with exit code
1 (or with the sanitizer's report) at the first difference or fault; the seed repeats it.
"""

import argparse
import ctypes
import os
import random
import subprocess
import sys

from tests.firmware_bridge.controller_bench import LIBRARY_VARIABLE, build, load
from tests.firmware_bridge.differential import INTACT, Judge, compare, pieces_of

EDGES = 65_536
PRELOADED = "FLAIL_FUZZ_PRELOADED"
CORPUS_MAX = 2_000


def mutated(pieces: list[bytes], rng: random.Random) -> list[bytes]:
    """A kept stream, changed: bytes flipped, pieces cut, joined, repeated, swapped for intact frames."""
    stream = bytearray(b"".join(pieces))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(stream) + 1)
        act = rng.randrange(5)
        if act == 0 and at < len(stream):
            stream[at] ^= 1 << rng.randrange(8)
        elif act == 1:
            stream[at:at] = rng.choice(INTACT)
        elif act == 2:
            del stream[at : at + rng.randint(1, 40)]
        elif act == 3:
            stream[at:at] = rng.choice([b"\xfd", b"\xfd\xff\x00", b"\x00" * 30, b"\xfd\x1e\x01\x00"])
        else:
            stream[at:at] = stream[at : at + rng.randint(1, 80)]
    del stream[6_000:]
    cut, at = [], 0
    while at < len(stream):
        step = rng.choice([1, 3, 16, 64, 281, 560, 2_000])
        cut.append(bytes(stream[at : at + step]))
        at += step
    return cut


def fuzz(library: ctypes.CDLL, chunks_wanted: int, seed: int) -> dict[str, int]:
    """Run until so many chunks were fed; gives the counts."""
    rng, judge = random.Random(seed), Judge(library)
    library.bench_edges.restype = ctypes.POINTER(ctypes.c_uint8 * EDGES)
    trace = library.bench_edges().contents
    seen, corpus = bytes(EDGES), [pieces_of(rng)]
    counts = {"chunks": 0, "streams": 0, "frames": 0, "bad_frames": 0, "edges": 0, "corpus": 1}
    while counts["chunks"] < chunks_wanted:
        pieces = pieces_of(rng) if rng.random() < 0.3 else mutated(rng.choice(corpus), rng)
        good, bad = compare(library, judge, pieces)
        counts["chunks"] += len(pieces)
        counts["streams"] += 1
        counts["frames"] += good
        counts["bad_frames"] += bad
        reached = bytes(trace)
        if reached != seen:
            seen = reached
            corpus = [*corpus[-CORPUS_MAX:], pieces]
    return counts | {"edges": sum(seen), "corpus": len(corpus)}


def main() -> int:
    """Build, preload the sanitizer's runtime into a fresh interpreter, run there."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--chunks", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    if PRELOADED not in os.environ:
        library = build("fuzz")
        runtime = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
        world = os.environ | {
            "LD_PRELOAD": runtime.stdout.strip(),
            "ASAN_OPTIONS": "detect_leaks=0",  # the interpreter's own are not ours
            LIBRARY_VARIABLE: str(library),
            PRELOADED: "1",
        }
        return subprocess.run(
            [sys.executable, "-m", "tests.firmware_bridge.fuzz", *sys.argv[1:]], env=world, check=False
        ).returncode
    counts = fuzz(load(), chosen.chunks, chosen.seed)
    sys.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()) + ": no crash, no difference\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
