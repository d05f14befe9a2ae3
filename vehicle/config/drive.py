"""Configuration of the vehicle program: machine, connections, site. Read once; unknown keys are refused."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec
from pydantic import Field, model_validator

from vehicle.config.load import assemble_vehicle, load_machine, load_toml_model
from vehicle.config.required_depth import agreed_m
from vehicle.config.task import TaskFile, load_task
from vehicle.config.telemetry import TelemetryConfig
from vehicle.config.vehicle import MissionConfig, SafetyConfig, Strict, VehicleConfig
from vehicle.config.video import VideoConfig
from vehicle.contracts.kept_formats import Kept

Name = Annotated[str, Field(min_length=1)]


class DatumConfig(Strict):
    """Origin of all metres if no site gives one: WGS 84, altitude above the ellipsoid."""

    lat_deg: Annotated[float, Field(ge=-90, le=90)]
    lon_deg: Annotated[float, Field(ge=-180, le=180)]
    alt_m: Annotated[float, Field(ge=-500, le=9_000)] = 0.0


class ControllerConfig(Strict):
    """Connection to the low-level controller: a serial device or a URL such as `tcp://192.0.2.7:4001`."""

    port: Name
    baud: Literal[115_200, 230_400, 460_800, 921_600] = 115_200


class StationConfig(Strict):
    """A station that the vehicle contacts first: its address, and the system id whose key signs frames sent to it."""

    host: Name
    port: Annotated[int, Field(ge=1, le=65535)] = 14550
    system_id: Annotated[int, Field(ge=2, le=255)] = 255

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            raise ValueError(f"host: {self.host!r} is no IP address; write one such as 192.0.2.20") from None
        return self


class RadioConfig(Strict):
    """A serial radio of the operators; `bytes_per_s` limits what is sent to it, by default 0.6 of the line rate."""

    port: Name
    baud: Literal[9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600] = 57_600
    bytes_per_s: Annotated[float, Field(gt=0)] | None = None


BENCH_STATIONS = (StationConfig(host="127.0.0.1"),)
"""Port on which a ground station on the same computer listens; the vehicle itself uses another port."""


class OperatorConfig(Strict):
    """The operators' wires; `host` is the address of this machine on which UDP `port` and TCP `tcp_port` listen.

    `stations` are contacted first; on a bench without any it is 127.0.0.1:14550. `radio` is a serial radio.
    `upload_outside`: whether ground outside an uploaded work area bears the tracks; without this key no uploaded site
    is accepted.
    """

    host: Name = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 14555
    tcp_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    radio: RadioConfig | None = None
    stations: tuple[StationConfig, ...] | None = None
    upload_outside: Literal["safe", "unknown"] | None = None

    @property
    def loopback(self) -> bool:
        """Whether only programs on this computer can reach the address."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.casefold().removesuffix(".") == "localhost"


class RecorderConfig(Strict):
    """`folder` receives one recording for each program start; `doctor` warns below `free_min_mb` of free space."""

    folder: Name
    free_min_mb: Annotated[int, Field(ge=1)] = 2_000


class IncidentConfig(Strict):
    """Sealing after a roll-over, a fire, a runaway, a heavy detonation, or words of people (docs/OPERATION.md).

    `after_s`: time until the copy is made, so that it holds what came after. `copy_to`: folder on a second medium.
    """

    automatic: bool = True
    after_s: Annotated[float, Field(ge=0, le=600)] = 30.0
    copy_to: Name | None = None


class SiteConfig(Strict):
    """The vehicle's own site, planned at the start; without it the machine is driven by stick or a mission is uploaded.

    `plan`: the folder of a reviewed plan of this site; it is driven unchanged, or refused. `base_frame`: the
    system of the base's coordinates, and so of the machine's fixes: WGS 84, ETRS89, NAD83 or the like.
    """

    file: Name
    plan: Name | None = None
    outside: Literal["safe", "unknown"] | None = None
    base_frame: Name = "EPSG:4326"
    feature: str | None = None
    unmarked: Literal["keep_out", "work_area"] | None = None


class DriveConfig(Strict):
    """`flailpilot drive CONFIG`. Paths are relative to the file's folder.

    `format`: version of the keys' meaning, checked when the file is read. `state_folder`: where the program may write;
    by default the folder of the keys, else of the recordings, else of this file. `task`: the task file, whose facts go
    into the run's folder, recording and reports.
    """

    format: int = Kept.CONFIGURATION.number
    vehicle_id: str
    machine: Name
    tool: str | None = None
    mission: MissionConfig
    safety: SafetyConfig = SafetyConfig()
    datum: DatumConfig | None = None
    site: SiteConfig | None = None
    controller: ControllerConfig
    operator: OperatorConfig = OperatorConfig()
    keys_file: str | None = None
    state_folder: Name | None = None
    recorder: RecorderConfig | None = None
    incident: IncidentConfig = IncidentConfig()
    telemetry: TelemetryConfig | None = None
    video: VideoConfig | None = None
    task: Name | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.datum is None) == (self.site is None):
            raise ValueError("datum: write either a [datum] or a [site] table, which brings its own datum")
        if self.safety.bench and not self.operator.loopback:
            raise ValueError(
                "safety.bench: takes unsigned frames, so operator.host must be a loopback address such as 127.0.0.1"
            )
        if self.safety.bench and self.operator.radio is not None:
            raise ValueError("operator.radio: a bench takes unsigned frames, and those on loopback only; leave it out")
        return self


class DriveFile(msgspec.Struct, frozen=True):
    """The file as read: its path, its content, and the vehicle configuration made from it."""

    path: Path
    config: DriveConfig
    vehicle: VehicleConfig
    task: TaskFile | None = None

    def beside(self, name: str) -> Path:
        """Return a path in the file as relative to the file's folder."""
        return self.path.parent / Path(name).expanduser()

    @property
    def ring_m(self) -> float | None:
        """Radius of the task's exclusion ring [m]; None if no task states one."""
        work = self.task.task.work if self.task is not None else None
        return work.exclusion_ring_m if work is not None else None

    @property
    def state_folder(self) -> Path:
        """Folder for data that arrives while the program runs; writable under the supplied systemd unit."""
        config = self.config
        if config.state_folder is not None:
            return self.beside(config.state_folder)
        if config.keys_file is not None:
            return self.beside(config.keys_file).parent
        return self.beside(config.recorder.folder) if config.recorder is not None else self.path.parent


def load_drive(path: Path, task: Path | None = None) -> DriveFile:
    """Read and check the file, and the machine and task that it names; `task` replaces the task file.

    Raises:
        InputError: One line: file, key, what to do.
    """
    config = load_toml_model(path, DriveConfig)
    name = config.machine
    machine = load_machine(path.parent / name if name.endswith(".toml") else name, config.tool)
    vehicle = assemble_vehicle(path, config.vehicle_id, machine, config.mission, config.safety)
    file = DriveFile(path, config, vehicle)
    where = task or (file.beside(config.task) if config.task is not None else None)
    if where is None:
        return file
    found = load_task(where)
    agreed_m({str(path): config.mission.required_depth_m, str(where): found.task.required_depth_m})
    return msgspec.structs.replace(file, task=found)
