"""How long a journal takes to become masks, and what it weighs on the disk and in the memory, for fields of any size.

    python -m benchmarks.record [--even] [--beside CHECKOUT] [HECTARES ...]

Processor seconds and the most memory (resident, of the whole process), each in a process of its own: a start that adds
up all strokes of an unpacked journal; what a start takes to pack a journal and to write its snapshot; a start from that
snapshot and a twentieth of the strokes, unpacked; a start that adds up the packed journal without a snapshot. The masks
of all are compared. Fields up to 1 ha are also added up stroke after stroke as the vehicle's tick adds them. `--even`:
strokes that do not scatter, as they were measured before 2026-12-02. `--beside` names a checkout of ab14cea, whose
journal is written and read by its own code in another process: `git archive ab14cea vehicle firmware_bridge configs`.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from vehicle.contracts import stroke_codec
from vehicle.contracts.ledger_types import LedgerStroke
from vehicle.contracts.stroke_codec import BAND_PER_M, GridBand, GridStroke
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes
from vehicle.control.state import LedgerState
from vehicle.records import journal, packing, snapshot
from vehicle.records.journal_file import Scanner, opened
from vehicle.records.records import KIND_STROKE, Header, encoded, first_check, found_at

HEADER = Header(
    vehicle_id="bench",
    site_hash="s",
    plan_hash="",
    cell_m=0.05,
    datum_lat_deg=39.99,
    datum_lon_deg=46.93,
    datum_alt_m=350.0,
    required_depth_m=0.15,
    k_sigma=4.0,
)
YAW, PITCH_M, STEP_M, HALF_M = 7_300, 1.4, 0.1, 0.85
SCATTER = (1.0, 1.0, 12.0, 150.0, 12.0, 25.0, 25.0)
"""Standard deviations of east and north [mm], heading and slope [1e-4 rad], rear and both sides [0.1 mm]."""
SLOW_MAX_HA = 1.0
"""Larger fields are added up in the new ways alone."""
OTHER_BUILD = """
import json, sys, time
from pathlib import Path
import msgspec
from vehicle.ledger import journal
from vehicle.ledger.records import Header, Session
from vehicle.strip import LedgerStroke
rows = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=list[LedgerStroke])
path = Path(sys.argv[1]).with_suffix(".journal")
header = Header(
    vehicle_id="bench", site_hash="s", plan_hash="p", cell_m=0.05, datum_lat_deg=39.99, datum_lon_deg=46.93,
    datum_alt_m=350.0, required_depth_m=0.15, k_sigma=4.0,
)
writer = journal.JournalWriter.open(path, header, Session(session_id=1, utc=""), sync_records=1 << 30)
for row in rows:
    writer.append(row)
writer.close()
del rows
best_s = 1e9
for _ in range(int(sys.argv[2])):
    start_s = time.process_time()
    state = journal.rebuilt(journal.read(path))
    best_s = min(best_s, time.process_time() - start_s)
print(json.dumps([best_s, state.swept_cells, state.credited_cells, path.stat().st_size]))
"""
"""The same fields by the code of ab14cea."""


def field(hectares: float, *, even: bool = False) -> Iterator[GridStroke]:
    """Slanted swaths to and fro over a square, the depth from stroke to stroke another.

    Places, headings and sides scatter from stroke to stroke as those of a simulated MEMAT do: what is packed is as
    large as there (10 bytes a stroke).
    """
    side_m, yaw_rad, number, t_ms = math.sqrt(hectares * 10_000), YAW / stroke_codec.PER_RAD, 0, 0
    draw = np.random.Generator(np.random.PCG64(20261202))
    for swath in range(round(side_m / PITCH_M)):
        count = round(side_m / STEP_M)
        scatter = np.rint(draw.normal(size=(count, 7)) * np.array(SCATTER) * (not even)).astype(int).tolist()
        for step, (east, north, turn, slope, rear, right, left) in enumerate(scatter):
            number += 1
            t_ms += 400 if even else 560 + 20 * (turn % 3)
            along_m, left_m = step * STEP_M, swath * PITCH_M
            yield GridStroke(
                number=number,
                t_ms=t_ms,
                east_mm=round((along_m * math.cos(yaw_rad) - left_m * math.sin(yaw_rad)) * stroke_codec.PER_M) + east,
                north_mm=round((along_m * math.sin(yaw_rad) + left_m * math.cos(yaw_rad)) * stroke_codec.PER_M) + north,
                heading=YAW + turn,
                slope=slope,
                bands=(
                    GridBand(1, 0, -1_815 + rear, 2, -8_499 + right, 8_500 + left),
                    GridBand(2, 18 + number * 7919 % 6, -2_215 + rear, -399, -8_098 + right, 8_100 + left),
                ),
            )


def write(path: Path, hectares: float, *, even: bool) -> None:
    """The journal of such a field, unpacked."""
    assert BAND_PER_M == 10_000, "the bands are in tenths of a millimetre"
    with path.open("wb") as file:
        file.write(journal.MAGIC)
        frame, check = encoded(HEADER, first_check())
        file.write(frame)
        for row in field(hectares, even=even):
            frame, check = encoded(stroke_codec.from_grid(row), check)
            file.write(frame)


def one_by_one(path: Path) -> LedgerState:
    """How masks were built before: each record decoded by itself, each stroke applied by itself."""
    content, _ = opened(path)
    state, own, place, check = LedgerState(), set[raster.Key](), len(journal.MAGIC), first_check()
    rows: list[LedgerStroke] = []
    while (found := found_at(content, place, check)) is not None:
        place, check = found.end, found.check
        if found.kind == KIND_STROKE:
            rows.append(stroke_codec.unpacked(found.payload))
    for row in rows:
        state = strokes.apply(state, row, HEADER.cell_m, own)
        state = msgspec.structs.replace(state, stroke=row)
    return state


class Alone(msgspec.Struct, frozen=True):
    """What a process of its own took: processor seconds, memory before and at its most [MB]; `image`: of the masks."""

    cpu_s: float
    before_mb: float
    most_mb: float
    image: int
    swept_cells: int
    credited_cells: int
    fresh: int
    masks_mb: float


def alone(what: str, path: Path) -> Alone:
    """Do one thing in a process of its own."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks.record", f"--{what}", str(path)], check=True, capture_output=True
    )
    return msgspec.json.decode(done.stdout, type=Alone)


def in_own_process(path: Path, *, pack: bool) -> Alone:
    """Sum a journal as a start does; `pack`: then pack it and write its snapshot, which alone is timed."""
    before_mb, start_s = memory_mb("VmRSS"), time.process_time()
    found = journal.summed(path)
    if pack:
        start_s = time.process_time()
        found, told = packing.older_packed(path, found, worth=1)
        assert "are packed" in told, told
    spent_s, most_mb = time.process_time() - start_s, memory_mb("VmHWM")
    masks = journal.rebuilt(found)
    weight = sum(len(tile) for held in masks.tiles.values() for tile in held.values())
    return Alone(
        spent_s, before_mb, most_mb, image(masks), masks.swept_cells, masks.credited_cells, found.fresh, weight / 1e6
    )


def memory_mb(name: str) -> float:
    """Of this process: VmRSS now, VmHWM at its most."""
    rows = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(rows[name].split()[0]) * 1024 / 1e6


def image(state: LedgerState) -> int:
    """A sum over all masks."""
    found = 0
    for column, row, tile in raster.each(state.tiles):
        found = zlib.crc32(tile.data, zlib.crc32(f"{column},{row}".encode(), found))
    return found


def cut_at(path: Path, share: float) -> int:
    """Place after this share of the records."""
    content, number = opened(path)
    ends = [found.end for found in Scanner(content, number).found()]
    return ends[round(len(ends) * share) - 1]


def beside(checkout: Path, hectares: float, folder: Path, at_once: Alone, tail_s: float, *, even: bool) -> str:
    """What the code of another checkout takes for the same strokes."""
    path = folder / f"{hectares:g}.strokes"
    rows = [stroke_codec.from_grid(row) for row in field(hectares, even=even)]
    path.write_bytes(msgspec.msgpack.encode([msgspec.structs.asdict(row) for row in rows]))
    times = 2 if hectares <= SLOW_MAX_HA else 1
    made = subprocess.run(  # noqa: S603
        [sys.executable, "-c", OTHER_BUILD, str(path), str(times)],
        env=os.environ | {"PYTHONPATH": str(checkout)}, cwd=checkout, check=True, capture_output=True, text=True,
    )  # fmt: skip
    other_s, swept, credited, size = json.loads(made.stdout)
    assert (swept, credited) == (at_once.swept_cells, at_once.credited_cells), "other ground"
    than = f"{other_s / at_once.cpu_s:.1f} times as long as at once, {other_s / tail_s:.0f} as long as from a snapshot"
    return f"; {checkout.name}: {other_s:.3f} s, journal {size / 1e6:.1f} MB: {than}"


def measured(hectares: float, folder: Path, checkout: Path | None, *, even: bool) -> str:
    """One line."""
    path = folder / f"{hectares:g}" / "ledger.journal"
    path.parent.mkdir()
    write(path, hectares, even=even)
    loose_mb, kept = path.stat().st_size / 1e6, snapshot.beside(path)
    at_once = alone("sum", path)
    line = f"{hectares:g} ha, {at_once.fresh - 1:,} strokes: unpacked journal {told(at_once)}, {loose_mb:.1f} MB"
    if hectares <= SLOW_MAX_HA:
        start_s = time.process_time()
        slow = one_by_one(path)
        assert image(slow) == at_once.image
        line += f" (one by one {time.process_time() - start_s:.2f} s)"
    place = cut_at(path, 19 / 20)
    with path.open("rb+") as file:
        file.seek(place)
        rest = file.read()
        file.truncate(place)
    packing_it = alone("pack", path)
    kept_mb = kept.stat().st_size / 1e6
    with path.open("ab") as file:
        file.write(rest)
    tail = alone("sum", path)
    assert tail.fresh * 19 < at_once.fresh, "the snapshot was not found"
    alone("pack", path)
    kept.unlink()
    again = alone("sum", path)
    assert tail.image == again.image == at_once.image, "other masks"
    packed_mb = path.stat().st_size / 1e6
    line += (
        f"; packing it and its snapshot {told(packing_it)}; from snapshot and tail {told(tail)}; packed journal "
        f"{told(again)}, {packed_mb:.1f} MB; snapshot {kept_mb:.1f} MB, both {packed_mb + kept_mb:.1f} MB; masks "
        f"{again.masks_mb:.1f} MB"
    )
    if checkout is not None:
        line += beside(checkout, hectares, folder, at_once, tail.cpu_s, even=even)
    return line


def told(row: Alone) -> str:
    """In words."""
    return f"{row.cpu_s:.2f} s and at most {row.most_mb:.0f} MB (from {row.before_mb:.0f})"


def main() -> None:
    """Print a line for each size."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("hectares", type=float, nargs="*", default=[0.06, 1.0, 10.0])
    asked.add_argument("--even", action="store_true", help="strokes that do not scatter")
    asked.add_argument("--beside", type=Path, help="a checkout of ab14cea")
    asked.add_argument("--sum", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--pack", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.sum is not None or given.pack is not None:
        done = in_own_process(given.sum or given.pack, pack=given.pack is not None)
        sys.stdout.buffer.write(msgspec.json.encode(done))
        return
    with tempfile.TemporaryDirectory() as folder:
        for hectares in given.hectares:
            print(measured(hectares, Path(folder), given.beside, even=given.even), flush=True)


if __name__ == "__main__":
    main()
