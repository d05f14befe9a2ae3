"""How long a journal takes to become masks, and what it weighs, for fields of 0.06, 1 and 10 ha.

    python -m benchmarks.record [--beside CHECKOUT] [HECTARES ...]

Processor seconds of one process, the same strokes each time: stroke after stroke as the vehicle's tick adds them, all
strokes at once, and a snapshot of the first nineteen twentieths with the rest as strokes. The masks of all three are
compared. Memory is that of the masks with every tile packed. `--beside` names a checkout of ab14cea, whose journal is
written and read by its own code in another process: `git archive ab14cea vehicle firmware_bridge configs`.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from vehicle.contracts import stroke_codec
from vehicle.contracts.ledger_types import LedgerStroke
from vehicle.contracts.stroke_codec import BAND_PER_M, GridBand, GridStroke
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes
from vehicle.control.state import LedgerState
from vehicle.records import journal, snapshot
from vehicle.records.journal_file import opened
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
RESULT = TypeVar("RESULT")


def field(hectares: float) -> Iterator[GridStroke]:
    """Slanted swaths to and fro over a square, the depth from stroke to stroke another."""
    side_m, yaw_rad, number = math.sqrt(hectares * 10_000), YAW / stroke_codec.PER_RAD, 0
    bands = [
        (GridBand(1, 0, -1_815, 2, -8_499, 8_500), GridBand(2, depth, -2_215, -399, -8_098, 8_100))
        for depth in range(256)
    ]
    for swath in range(round(side_m / PITCH_M)):
        for step in range(round(side_m / STEP_M)):
            number += 1
            along_m, left_m = step * STEP_M, swath * PITCH_M
            yield GridStroke(
                number=number,
                t_ms=number * 400,
                east_mm=round((along_m * math.cos(yaw_rad) - left_m * math.sin(yaw_rad)) * stroke_codec.PER_M),
                north_mm=round((along_m * math.sin(yaw_rad) + left_m * math.cos(yaw_rad)) * stroke_codec.PER_M),
                heading=YAW,
                slope=0,
                bands=bands[18 + number * 7919 % 6],
            )


def write(path: Path, hectares: float) -> None:
    """The journal of such a field."""
    assert BAND_PER_M == 10_000, "the bands are in tenths of a millimetre"
    with path.open("wb") as file:
        file.write(journal.MAGIC)
        frame, check = encoded(HEADER, first_check())
        file.write(frame)
        for row in field(hectares):
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


def from_snapshot(path: Path) -> Callable[[], LedgerState]:
    """A start that finds a snapshot of the first nineteen twentieths."""
    content = path.read_bytes()
    whole = journal.summed(path).count
    place, check = len(journal.MAGIC), first_check()
    for _ in range(whole * 19 // 20):
        found = found_at(content, place, check)
        assert found is not None
        place, check = found.end, found.check
    path.write_bytes(content[:place])
    snapshot.write(snapshot.beside(path), path, journal.summed(path))
    path.write_bytes(content)
    assert journal.summed(path).fresh == whole - whole * 19 // 20
    return lambda: journal.rebuilt(journal.summed(path))


def timed(what: Callable[[], RESULT], times: int = 2) -> tuple[RESULT, float]:
    """The result, and the best of so many in processor seconds."""
    best_s = math.inf
    for _ in range(times):
        start_s = time.process_time()
        result = what()
        best_s = min(best_s, time.process_time() - start_s)
    return result, best_s


def images(state: LedgerState) -> list[tuple[int, int, bytes]]:
    """The masks."""
    return [(column, row, tile.tobytes()) for column, row, tile in raster.each(state.tiles)]


def beside(checkout: Path, hectares: float, folder: Path, at_once: LedgerState, at_once_s: float, tail_s: float) -> str:
    """What the code of another checkout takes for the same strokes."""
    path = folder / f"{hectares:g}.strokes"
    rows = [stroke_codec.from_grid(row) for row in field(hectares)]
    path.write_bytes(msgspec.msgpack.encode([msgspec.structs.asdict(row) for row in rows]))
    times = 2 if hectares <= SLOW_MAX_HA else 1
    made = subprocess.run(  # noqa: S603
        [sys.executable, "-c", OTHER_BUILD, str(path), str(times)],
        env=os.environ | {"PYTHONPATH": str(checkout)}, cwd=checkout, check=True, capture_output=True, text=True,
    )  # fmt: skip
    other_s, swept, credited, size = json.loads(made.stdout)
    assert (swept, credited) == (at_once.swept_cells, at_once.credited_cells), "other ground"
    told = (
        f"{other_s / at_once_s:.1f} times as long as at once, {other_s / tail_s:.0f} times as long as from a snapshot"
    )
    return f"; {checkout.name}: {other_s:.3f} s, journal {size / 1e6:.1f} MB: {told}"


def measured(hectares: float, folder: Path, checkout: Path | None) -> str:
    """One line."""
    path = folder / f"{hectares:g}" / "ledger.journal"
    path.parent.mkdir()
    write(path, hectares)
    disk_mb = path.stat().st_size / 1e6
    times = 2 if hectares <= SLOW_MAX_HA else 1
    at_once, at_once_s = timed(lambda: journal.rebuilt(journal.summed(path)), times)
    strokes_count = at_once.stroke.number if at_once.stroke is not None else 0
    line = f"{hectares:g} ha, {strokes_count:,} strokes: at once {at_once_s:.3f} s"
    by_snapshot, by_snapshot_s = timed(from_snapshot(path))
    assert images(by_snapshot) == images(at_once)
    line += f", from snapshot and tail {by_snapshot_s:.3f} s"
    if hectares <= SLOW_MAX_HA:
        slow, slow_s = timed(lambda: one_by_one(path))
        assert images(slow) == images(at_once)
        line += (
            f", one by one {slow_s:.3f} s: {slow_s / at_once_s:.1f} and {slow_s / by_snapshot_s:.0f} times faster, the "
            "same masks"
        )
    if checkout is not None:
        line += beside(checkout, hectares, folder, at_once, at_once_s, by_snapshot_s)
    weight_mb = sum(len(tile) for held in at_once.tiles.values() for tile in held.values()) / 1e6
    kept_mb = snapshot.beside(path).stat().st_size / 1e6
    return f"{line}; journal {disk_mb:.1f} MB, snapshot {kept_mb:.1f} MB, masks {weight_mb:.1f} MB"


def main() -> None:
    """Print a line for each size."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("hectares", type=float, nargs="*", default=[0.06, 1.0, 10.0])
    asked.add_argument("--beside", type=Path, help="a checkout of ab14cea")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for hectares in given.hectares:
            print(measured(hectares, Path(folder), given.beside), flush=True)


if __name__ == "__main__":
    main()
