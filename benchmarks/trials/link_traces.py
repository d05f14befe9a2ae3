"""Recorded radio links as delay over time: four public formats -> `RadioParams.trace`. One way is half of a round trip.

A trace is a tuple of (seconds from its start, one-way delay or None where nothing came through); an entry holds until
the next one.
"""

import bisect
from datetime import datetime
from pathlib import Path

from vehicle.contracts.errors import InputError

Trace = tuple[tuple[float, float | None], ...]

GAP_S = 0.2
"""Senders of 20 Hz that stay silent for longer had no link."""
GRID_S = 0.01
AIR_S = 0.02
"""Mahimahi's traces give only the waiting for capacity; this is the way through the air besides."""
LOST_DELAY_S = 5.0


def load(path: Path) -> Trace:
    """Read a recording; which format it is, its name says.

    Raises:
        InputError: not one of the four formats, or a line in it that is not.
    """
    for prefix, read in _READERS.items():
        if path.name.startswith(prefix):
            try:
                trace = read(path.read_text(encoding="ascii").splitlines())
            except (ValueError, IndexError) as error:
                raise InputError(f"{path}: not a {prefix} link recording ({error})") from error
            if len(trace) < 2:
                raise InputError(f"{path}: fewer than two entries")
            return trace
    raise InputError(f"{path}: unknown link recording; its name should begin with {', '.join(_READERS)}")


def load_folder(folder: Path) -> dict[str, Trace]:
    """All recordings of a folder by file name; metadata files are left out."""
    names = sorted(path for path in folder.iterdir() if path.name.startswith(tuple(_READERS)))
    return {path.name: load(path) for path in names if "metadata" not in path.name}


def window(trace: Trace, from_s: float, length_s: float, at_s: float) -> Trace:
    """The part from `from_s` on, moved to begin at `at_s`; the entry in force at its beginning comes first."""
    first = max(0, bisect.bisect_right(trace, from_s, key=_time) - 1)
    kept = [
        (max(from_s, time_s) - from_s + at_s, delay_s)
        for time_s, delay_s in trace[first:]
        if time_s < from_s + length_s
    ]
    return tuple(kept)


def outages_s(trace: Trace, longer_s: float) -> tuple[float, ...]:
    """Beginnings of the spells in which the way took longer than `longer_s`, or nothing came through."""
    found, bad = [], False
    for time_s, delay_s in trace:
        late = delay_s is None or delay_s > longer_s
        if late and not bad:
            found.append(time_s)
        bad = late
    return tuple(found)


def _time(entry: tuple[float, float | None]) -> float:
    return entry[0]


def _cicv(lines: list[str]) -> Trace:
    """20 Hz messages to a server and back: time sent [ms], time returned, round trip."""
    rows = [line.split() for line in lines[1:] if line.strip()]
    start_ms, last_s = int(rows[0][0]), 0.0
    trace: list[tuple[float, float | None]] = []
    for row in rows:
        time_s = (int(row[0]) - start_ms) / 1e3
        if time_s - last_s > GAP_S:
            trace.append((last_s + GRID_S, None))
        trace.append((time_s, float(row[2]) / 2e3))
        last_s = time_s
    return tuple(trace)


def _tyrell(lines: list[str]) -> Trace:
    """Round trips [ms] one after the other: the next request leaves when the answer is there."""
    time_s, trace = 0.0, []
    for line in lines:
        if line.strip():
            trip_s = float(line) / 1e3
            trace.append((time_s, trip_s / 2.0))
            time_s += trip_s
    return tuple(trace)


def _ucc(lines: list[str]) -> Trace:
    """Drive tests, about one line a second; some carry the mean of pings [ms] and their loss [%]."""
    header = lines[0].split(",")
    at, average, loss = (header.index(name) for name in ("Timestamp", "PINGAVG", "PINGLOSS"))
    start: datetime | None = None
    trace: list[tuple[float, float | None]] = []
    for line in lines[1:]:
        cells = line.split(",")
        if len(cells) <= loss or cells[loss] == "-":
            continue
        when = datetime.strptime(cells[at], "%Y.%m.%d_%H.%M.%S")  # noqa: DTZ007  # only differences count
        start = start or when
        lost = cells[average] == "-" or float(cells[loss]) >= 100.0
        trace.append(((when - start).total_seconds(), None if lost else float(cells[average]) / 2e3))
    return tuple(trace)


def _mahimahi(lines: list[str]) -> Trace:
    """Times [ms] at which 1500 bytes could leave: what is sent waits for the next one."""
    chances = [int(line) / 1e3 for line in lines if line.strip()]
    trace: list[tuple[float, float | None]] = []
    for step in range(int(chances[-1] / GRID_S)):
        time_s = step * GRID_S
        wait_s = chances[bisect.bisect_left(chances, time_s)] - time_s
        trace.append((time_s, AIR_S + wait_s if wait_s < LOST_DELAY_S else None))
    return tuple(trace)


_READERS = {"cicv5g": _cicv, "tyrell": _tyrell, "ucc5g": _ucc, "mahimahi": _mahimahi}
