"""Settings made on the page and stored: the console's name, driving by sight, addresses, the shift's checklist.

`setup.json` holds the present settings, `checklists.jsonl` every checklist that was ever saved.
"""

import re
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from console.server.settings import ServerSettings
from vehicle.contracts.errors import InputError
from vehicle.host.atomic_file import write_whole

Text = Annotated[str, Meta(max_length=200)]
ITEMS_MAX: Final = 50
PORT: Final = re.compile(r"[0-9]{1,5}")


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the checklist; an item that was not done has a reason."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    done: bool
    reason: Text = ""


class Checklist(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The checklist of a shift; `operator` names who went through it."""

    operator: Annotated[str, Meta(min_length=1, max_length=80)]
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=ITEMS_MAX)]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/setup; a key that is left out is not changed.

    `address`: HOST:PORT of the steered vehicle. With it and with a checklist, `vehicle` must be the id of the vehicle.
    """

    console_name: Annotated[str, Meta(min_length=1, max_length=40)] | UnsetType = UNSET
    by_sight: bool | UnsetType = UNSET
    address: Text | UnsetType = UNSET
    vehicle: Text | UnsetType = UNSET
    camera: Annotated[int, Meta(ge=0, le=255)] | UnsetType = UNSET
    checklist: Checklist | UnsetType = UNSET


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The present settings. `addresses`: of vehicles by id, if they differ from the configuration."""

    console_name: str = ""
    by_sight: bool | None = None
    by_sight_since_utc: str = ""
    camera: int | None = None
    addresses: dict[str, str] = {}


class SetupStore:
    """The two files. Checklists are of this shift, one for each vehicle; a restarted console begins new ones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.kept = self._read()
        self._checklists: dict[str, Checklist] = {}

    def _read(self) -> Kept:
        try:
            return msgspec.json.decode((self._folder / "setup.json").read_bytes(), type=Kept)
        except (OSError, ValueError, RecursionError):  # ValueError: no JSON, or no UTF-8
            return Kept()

    def by_sight(self, settings: ServerSettings) -> bool:
        """Whether the operator drives by sight: as set on the page, else as configured."""
        return settings.by_sight if self.kept.by_sight is None else self.kept.by_sight

    def checklist(self, vehicle_id: str) -> Checklist | None:
        """Return the checklist of this shift for a vehicle: another machine has another e-stop and another strop."""
        return self._checklists.get(vehicle_id)

    def checklist_due(self, vehicle_id: str, driver: str | None) -> bool:
        """Whether nobody went through the checklist for this vehicle, or another person than `driver` did.

        `driver`: who has control at this console, as the vehicle's record names the person, by the beginning of a long
        name; None if it names nobody.
        """
        found = self._checklists.get(vehicle_id)
        if found is None:
            return True
        return driver is not None and not found.operator.strip().casefold().startswith(driver.strip().casefold())

    def keep(self, asked: Asked, utc: str) -> None:
        """Store the requested settings with this time.

        Raises:
            InputError: The disk refuses to write; then no setting is changed.
        """
        changes: dict[str, object] = {
            name: value
            for name in ("console_name", "by_sight", "camera")
            if (value := getattr(asked, name)) is not UNSET
        }
        if "by_sight" in changes:
            changes["by_sight_since_utc"] = utc if changes["by_sight"] else ""
        self._write(msgspec.structs.replace(self.kept, **changes))
        if isinstance(asked.checklist, Checklist):
            vehicle_id = asked.vehicle if isinstance(asked.vehicle, str) else ""
            self._append({"utc": utc, "vehicle": vehicle_id, "checklist": asked.checklist})
            self._checklists[vehicle_id] = asked.checklist

    def keep_address(self, vehicle_id: str, address: str) -> None:
        """Store a vehicle's new address. Raises InputError as `keep` does."""
        self._write(msgspec.structs.replace(self.kept, addresses={**self.kept.addresses, vehicle_id: address}))

    def _write(self, kept: Kept) -> None:
        if kept == self.kept:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / "setup.json", msgspec.json.encode(kept))
        except OSError as refusal:
            raise self._refused(refusal) from None
        self.kept = kept

    def _append(self, row: dict[str, object]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / "checklists.jsonl").open("ab") as file:
                file.write(msgspec.json.encode(row) + b"\n")
        except OSError as refusal:
            raise self._refused(refusal) from None

    def _refused(self, refusal: OSError) -> InputError:
        return InputError(f"{self._folder}: {(refusal.strerror or str(refusal)).lower()}")


def asked_of(body: bytes) -> Asked | None:
    """Decode a page's request; None if it is impossible."""
    try:
        return msgspec.json.decode(body, type=Asked)
    except (ValueError, RecursionError):  # ValueError: no JSON, or no UTF-8
        return None


def host_port(address: str) -> tuple[str, int] | None:
    """Split HOST:PORT; None if the text is not of this form."""
    host, _, port = address.strip().rpartition(":")
    if not host or PORT.fullmatch(port) is None or not 0 < int(port) < 65536:
        return None
    return host.strip("[]"), int(port)
