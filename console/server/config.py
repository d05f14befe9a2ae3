"""Configuration of a console: name, keys, its vehicles. Read once; unknown keys are refused."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Self

import msgspec
from pydantic import Field, model_validator

from console.client import key_file
from console.client.protocol import Credentials
from console.server.settings import ServerSettings, VehicleSettings
from vehicle.config.load import load_toml_model
from vehicle.config.vehicle import Strict
from vehicle.contracts.errors import InputError

Name = Annotated[str, Field(min_length=1, max_length=40)]
Port = Annotated[int, Field(ge=1, le=65535)]
HOST_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


class VehicleEntry(Strict):
    """A vehicle: UDP `host` and `port` of its operator link, TCP `video_port` of its cameras, its own `keys` file."""

    name: Name
    host: str
    port: Port = 14555
    video_port: Port | None = None
    keys: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not is_host(self.host):
            raise ValueError(f"host: {self.host!r} is no address; write one such as 192.0.2.10, and the port as port")
        return self


class ConsoleConfig(Strict):
    """`flailpilot console CONFIG`. Paths are relative to the file's folder.

    `keys`: this console's key file, for every vehicle without its own. `port`: of the page, on this
    computer only. `by_sight`: the machine is driven by sight, without a picture. `state_folder`: folder for settings
    made on the page; by default the folder of this file.
    """

    console: Name
    port: Port = 8080
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Za-z]{2,4})?$")] = "en"
    by_sight: bool = False
    keys: str | None = None
    state_folder: str | None = None
    vehicles: Annotated[tuple[VehicleEntry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [one.name for one in self.vehicles]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"vehicles: two are called {twice!r}; give each its own name")
        without = next((one.name for one in self.vehicles if one.keys is None and self.keys is None), None)
        if without is not None:
            raise ValueError(f"keys: vehicle {without!r} has no key file; write keys for it, or one for all at the top")
        return self


class ConsoleFile(msgspec.Struct, frozen=True):
    """The file as read: the server's settings, and the page's port."""

    vehicles: tuple[VehicleSettings, ...]
    settings: ServerSettings
    port: int


def load_console(path: Path) -> ConsoleFile:
    """Read and check the file and the key files that it names.

    Raises:
        InputError: One line: file, key, what to do.
    """
    config = load_toml_model(path, ConsoleConfig)
    vehicles = tuple(_vehicle(path, config, one) for one in config.vehicles)
    folder = path.parent if config.state_folder is None else _beside(path, config.state_folder)
    settings = ServerSettings(
        console_name=config.console, state_folder=folder, by_sight=config.by_sight, language=config.language
    )
    return ConsoleFile(vehicles, settings, config.port)


def credentials(path: Path, told: str) -> Credentials:
    """Read a console's key file; `told` names its source in messages.

    Raises:
        InputError: The file is missing, it is no key file, or its key may do nothing but STOP.
    """
    held = key_file.credentials(path, f"{told}: {path}", "bring it to this computer on a memory stick, never by radio")
    if held.stop_only:
        raise InputError(f"{told}: {path}: this key may do nothing but STOP; `flailpilot stop {path}` takes it")
    return held


def _vehicle(path: Path, config: ConsoleConfig, one: VehicleEntry) -> VehicleSettings:
    file = one.keys if one.keys is not None else config.keys
    assert file is not None
    return VehicleSettings(
        id=one.name,
        name=one.name,
        host=one.host,
        port=one.port,
        video_port=one.video_port,
        credentials=credentials(_beside(path, file), f"{path}: keys"),
    )


def _beside(path: Path, name: str) -> Path:
    return path.parent / Path(name).expanduser()


def is_host(text: str) -> bool:
    """Whether a text is an IP address or a host name, not a URL and without a port."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return HOST_NAME.fullmatch(text) is not None and not text.replace(".", "").isdigit()
    return True
