"""`flailpilot replay RUN`: runs a recording again with the present program and reports the first difference."""

import json
import sys
from pathlib import Path

import msgspec

from flailpilot.run_folder import RECORDING
from vehicle.contracts.errors import InputError
from vehicle.host.clock import elapsed_s
from vehicle.runtime.replay import Replayed, replay

SAME, DIFFERENT = 0, 1


def run(asked: Path, *, as_json: bool) -> int:
    """Replay; exit status 0 if every outcome is the same, 1 if one differs.

    Raises:
        InputError: There is no recording that can be run again.
    """
    path = recording_of(asked)
    started_s = elapsed_s()
    try:
        found = replay(path)
    except OSError as refusal:
        words = (refusal.strerror or str(refusal)).lower()
        raise InputError(f"{path}: {words}; name a recording that can be read") from None
    wall_s = elapsed_s() - started_s
    same = found.difference is None
    if as_json:
        facts = {"recording": str(path), "same": same, **msgspec.to_builtins(found), "wall_s": round(wall_s, 3)}
        sys.stdout.write(json.dumps(facts, indent=2) + "\n")
    else:
        for line in lines(path, found, wall_s):
            print(line)
    return SAME if same else DIFFERENT


def recording_of(asked: Path) -> Path:
    """Return the recording in a run's folder, or the named file itself. Raises InputError if there is none."""
    if not asked.exists():
        raise InputError(f"{asked}: is not there; name the folder of a run, or its {RECORDING}")
    if not asked.is_dir():
        return asked
    if not (asked / RECORDING).exists():
        raise InputError(f"{asked}: holds no {RECORDING}; name the folder of a run")
    return asked / RECORDING


def lines(path: Path, found: Replayed, wall_s: float) -> list[str]:
    """Return the result as lines for people."""
    told = []
    if found.difference is not None:
        apart = found.difference
        where = f"tick {apart.tick:,}, {apart.time_s:.2f} s"
        told.append(f"DIFFERENT at {where}: {apart.field} was {apart.recorded}, is {apart.replayed}")
        told.append(f"{found.ticks - 1:,} ticks before it are the same")
    else:
        told.append(
            f"the same: {found.ticks:,} ticks ({found.time_s:,.1f} s) with their commands, {found.reports:,} reports, "
            f"{found.events:,} events, {found.strokes:,} strokes, {found.states:,} hashes of the whole state"
        )
    if found.left_out:
        told.append(
            f"parts of the state not compared, because this program has other fields there: {', '.join(found.left_out)}"
        )
    if found.torn is not None:
        told.append(
            f"{path} was not closed (the program was killed, or the power failed): replayed up to its last whole "
            f"record, byte {found.torn.read_bytes:,} of {found.torn.total_bytes:,}"
        )
    told.append(f"replayed in {wall_s:.1f} s, {found.time_s / max(wall_s, 1e-3):.0f}x real time")
    return told
