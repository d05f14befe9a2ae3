"""Reads configuration files: TOML becomes a strict model, or one line says what is wrong and where.

Every refusal is an `InputError`: file, key, what to do. Each file is read once; the models are frozen.
"""

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from vehicle.config.depth_margin import shortfall
from vehicle.config.errors import first_line, missing_figures, only_missing
from vehicle.config.machine import MachineConfig
from vehicle.config.vehicle import MissionConfig, SafetyConfig, VehicleConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept

ModelT = TypeVar("ModelT", bound=BaseModel)

CONFIGS_PATH = Path(__file__).resolve().parents[2] / "configs"
"""`configs/` lies beside `vehicle/` in a checkout and in an installed wheel alike."""
MACHINES_PATH = CONFIGS_PATH / "machines"


def load_toml_model(path: str | Path, model: type[ModelT]) -> ModelT:
    """Read a TOML file into a strict model.

    Raises:
        InputError: One line naming the file and the key: unreadable file, TOML error, unknown key (with the nearest
            match), wrong type, NaN or infinity, missing key, or a contradiction that the model itself refuses.
    """
    return _validated(Path(path), read_toml(path), model)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return the tables of a TOML file; lists become tuples, as the strict frozen models require.

    Raises:
        InputError: The file cannot be read or is not TOML; the message has the line and column.
    """
    shown = str(path)
    try:
        shown = shown_path(Path(path))
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        Kept.CONFIGURATION.check(shown, tables.pop("format", 1))
        return {key: _frozen(value) for key, value in tables.items()}
    except FileNotFoundError:
        raise InputError(f"{shown}: no such file") from None
    except OSError as error:
        raise InputError(f"{shown}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{shown}: not a text file in UTF-8 (byte {error.start}); save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{shown}: not valid TOML: {error}") from None
    except ValueError:
        raise InputError(f"{str(path)!r}: not a file name; write the path of a TOML file") from None


def load_machine(name_or_path: str | Path, tool: str | None = None) -> MachineConfig:
    """Load a machine profile by name, alias or path, with its own tool or with one of its `[tools.*]`.

    Names ignore case, blanks, dots, hyphens and underscores: `memat`, `MV-4` and `mv4` all find their file. A text
    that ends with `.toml` or holds a path separator is a path.

    Raises:
        InputError: Unknown machine or tool (nearest match and what exists), an incomplete profile (the missing
            keys), or anything `load_toml_model` refuses.
    """
    path = _machine_path(name_or_path)
    tables = read_toml(path)
    if tables.get("complete") is False:
        _refuse_incomplete(path, tables)
    machine = _validated(path, tables, MachineConfig)
    return machine if tool is None else _with_tool(path, machine, tool)


def assemble_vehicle(
    where: str | Path,
    vehicle_id: str,
    machine: MachineConfig,
    mission: MissionConfig,
    safety: SafetyConfig | None = None,
) -> VehicleConfig:
    """Build a vehicle's configuration; `where` names the file of `mission` for the error message.

    Raises:
        InputError: The parts do not fit: a depth that the tool cannot reach or that cannot be proven with it, a vehicle
            id with blanks.
    """
    parts = {"vehicle_id": vehicle_id, "machine": machine, "mission": mission, "safety": safety or SafetyConfig()}
    vehicle = _validated(Path(where), parts, VehicleConfig)
    if short := shortfall(mission, machine):
        raise InputError(f"{shown_path(Path(where))}: mission.required_depth_m: {short}")
    return vehicle


def machine_names() -> tuple[str, ...]:
    """Return the sorted names of the profiles in `configs/machines`."""
    return tuple(sorted(path.stem for path in MACHINES_PATH.glob("*.toml")))


def shown_path(path: Path) -> str:
    """Return a path for messages; files of the package are shown from `configs/` on."""
    resolved = path.resolve()
    return str(resolved.relative_to(CONFIGS_PATH.parent)) if resolved.is_relative_to(CONFIGS_PATH) else str(path)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` for the closest known word, or ""."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(_frozen(inner) for inner in value) if isinstance(value, list) else value


def _validated(path: Path, tables: dict[str, Any], model: type[ModelT]) -> ModelT:
    try:
        return model.model_validate(tables)
    except ValidationError as error:
        raise InputError(f"{shown_path(path)}: {first_line(error, model)}") from None


def _machine_path(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.lower().endswith(".toml") or "/" in text or "\\" in text:
        return Path(text)
    names = _names_and_aliases()
    found = sorted(set(names.get(_plain(text), ())))
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            f"machine {text!r}: the name of {' and '.join(path.name for path in found)}; write the path of one"
        )
    spelling = {_plain(name): name for name in machine_names()} | {key: key for key in names}
    close = difflib.get_close_matches(_plain(text), sorted(spelling), n=1, cutoff=0.5)
    hint = f"; did you mean {names[close[0]][0].stem}?" if close else ""
    raise InputError(f"unknown machine {text!r}{hint} (there are: {', '.join(machine_names())}; or give a .toml file)")


def _names_and_aliases() -> dict[str, list[Path]]:
    """Return every spelling that finds a profile; a file that cannot be read is still found by its own name."""
    found: dict[str, list[Path]] = {}
    for path in sorted(MACHINES_PATH.glob("*.toml")):
        try:
            aliases = read_toml(path).get("aliases")
        except InputError:
            aliases = None
        words = (path.stem, *(aliases if isinstance(aliases, tuple) else ()))
        for key in {_plain(str(word)) for word in words}:
            found.setdefault(key, []).append(path)
    return found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _refuse_incomplete(path: Path, tables: dict[str, Any]) -> None:
    """Report a wrong value first; otherwise the list of missing keys."""
    try:
        MachineConfig.model_validate(tables)
    except ValidationError as error:
        if not only_missing(error):
            raise InputError(f"{shown_path(path)}: {first_line(error, MachineConfig)}") from None
    missing = missing_figures(tables)
    what = (
        f"no figure yet for {missing}; copy the file, fill these in with their sources and" if missing else "when done,"
    )
    raise InputError(f"{shown_path(path)}: profile is not complete: {what} set complete = true")


def _with_tool(path: Path, machine: MachineConfig, tool: str) -> MachineConfig:
    if tool == machine.tool.kind:
        return machine
    if tool not in machine.tools:
        known = sorted({machine.tool.kind, *machine.tools})
        raise InputError(f"{shown_path(path)}: no tool {tool!r}{nearest(tool, known)} (there are: {', '.join(known)})")
    return machine.with_tool(tool)
