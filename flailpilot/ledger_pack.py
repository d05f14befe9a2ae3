"""`flailpilot ledger pack`: packs the strokes of a journal; the record stays the same."""

from pathlib import Path

from flailpilot.exit_status import DONE
from flailpilot.run_folder import JOURNAL
from vehicle.contracts.errors import InputError
from vehicle.records import journal, packing


def pack_run(run: Path) -> int:
    """Pack the journal of a run, which no program may be writing.

    Raises:
        InputError: One line: why it is not packed. The file is unchanged.
    """
    named = run / JOURNAL if run.is_dir() else run
    if not named.exists():
        raise InputError(f"{named}: is not there; name the folder of a run, or a {JOURNAL}")
    path = named.resolve()  # in the folder of a run it is a link
    found = journal.summed(path)
    try:
        found, line = packing.packed(path, found)
    except OSError as refusal:
        raise InputError(f"{path}: was not packed: {(refusal.strerror or str(refusal)).lower()}") from None
    print(f"{line}; seal {found.seal}")
    return DONE
