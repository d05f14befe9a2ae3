"""`flailpilot ledger take-over`: names another vehicle's record in the own one, by its seal."""

from pathlib import Path

from flailpilot.exit_status import DONE
from flailpilot.run_folder import JOURNAL
from vehicle.config.drive import load_drive
from vehicle.contracts.errors import InputError
from vehicle.host.clock import utc_now
from vehicle.records import journal, taking_over
from vehicle.records.journal import Journal
from vehicle.records.records import Header
from vehicle.runtime.app import fresh_state
from vehicle.runtime.kept_ledger import kept_of
from vehicle.runtime.own_site import own_site


def take_over(run: Path, into: Path, seal: str, who: str) -> int:
    """Check the other record and name it in this vehicle's own.

    `into`: the configuration of this vehicle's program, which must not be running, or its journal.

    Raises:
        InputError: One line: why nothing is taken over.
    """
    path = run / JOURNAL if run.is_dir() else run
    if not path.exists():
        raise InputError(f"{path}: is not there; name the folder of the other vehicle's run, or its {JOURNAL}")
    if not who.strip():
        raise InputError("--who: name who answers for it, such as the team leader")
    own_path, header, own = _own(into)
    found = taking_over.checked(path, seal, header, own_path)
    theirs = found.header
    assert theirs is not None, "checked"
    new = taking_over.taken_over(path, found, own_path, own, header, who.strip(), f"{utc_now():%Y-%m-%dT%H:%M:%SZ}")
    if not new:
        print(f"{own_path}: has taken over this record of {theirs.vehicle_id} before; nothing changed")
        return DONE
    masks = journal.rebuilt(found)
    print(
        f"taken over: the record of {theirs.vehicle_id}, {masks.credited_m2:,.1f} m2 processed, seal {found.seal}, by "
        f"{who.strip()}; {header.vehicle_id} may be given plans that rest on it: flailpilot plan SITE --resume {run}"
    )
    print("what that vehicle works, or withdraws, from now on is not in it")
    return DONE


def _own(into: Path) -> tuple[Path, Header, Journal]:
    """Return the own journal, its header and its content."""
    if into.suffix == ".toml":
        file = load_drive(into)
        own = own_site(file)
        kept = kept_of(file, fresh_state(file, own, None), own)
        if kept is None:
            raise InputError(f"{into}: names no state_folder, keys_file or recorder, so no record is kept")
        return kept.path, kept.header, kept.found
    path = into / JOURNAL if into.is_dir() else into
    found = journal.read(path)
    if found.header is None:
        raise InputError(f"{path}: holds no record; name the configuration of this vehicle's program, or its journal")
    if found.lost is not None:
        raise InputError(f"{path}: {found.lost.text}; mend the own record first")
    return path, found.header, found
