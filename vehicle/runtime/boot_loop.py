"""How often the vehicle program was started of late: more than three starts in five minutes are a loop (row 75).

Times are from the wall clock, the only clock that keeps running through a power cycle. A computer without a clock
battery may take starts of other days for recent ones. Then it asks for one acknowledgement too many, never for one too
few.
"""

import math
from pathlib import Path

from vehicle.contracts.kept_formats import Kept
from vehicle.host.atomic_file import write_whole

WINDOW_S = 300.0


def recent_starts(path: Path, now_s: float) -> int:
    """Write this start to the file and return the number of starts within the window, this one included.

    Raises:
        OSError: the file cannot be written.
    """
    recent = [time_s for time_s in _read(path) if abs(now_s - time_s) <= WINDOW_S] + [now_s]
    lines = (f"format={Kept.STARTS.number}", *(f"{time_s:.3f}" for time_s in recent))
    write_whole(path, "".join(f"{line}\n" for line in lines).encode())
    return len(recent)


def _read(path: Path) -> list[float]:
    """Return the times in the file; lines damaged by a crash or written by a later program version are skipped."""
    try:
        lines = path.read_text(errors="replace").split()
    except FileNotFoundError:
        return []
    return [time_s for time_s in map(_number, lines) if math.isfinite(time_s)]


def _number(line: str) -> float:
    try:
        return float(line)
    except ValueError:
        return math.nan
