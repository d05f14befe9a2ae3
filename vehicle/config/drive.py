"""Configuration of the vehicle program: which machine, which wires, which site. Read once, unknown keys refused."""

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
    """Where all metres count from, if no site says it: WGS 84, altitude above the ellipsoid."""

    lat_deg: Annotated[float, Field(ge=-90, le=90)]
    lon_deg: Annotated[float, Field(ge=-180, le=180)]
    alt_m: float = 0.0


class ControllerConfig(Strict):
    """The low-level controller's wire: a serial device or a URL, `tcp://192.0.2.7:4001`."""

    port: Name
    baud: Literal[115_200, 230_400, 460_800, 921_600] = 115_200


class StationConfig(Strict):
    """A station that waits to be spoken to: an address, and the system id whose key signs what is sent there."""

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
    """A serial radio of the operators; `bytes_per_s` is what may be sent to it, without it six tenths of the line."""

    port: Name
    baud: Literal[9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600] = 57_600
    bytes_per_s: Annotated[float, Field(gt=0)] | None = None


BENCH_STATIONS = (StationConfig(host="127.0.0.1"),)
"""Where a ground station on the same computer listens; hence the vehicle itself is bound elsewhere."""


class OperatorConfig(Strict):
    """The operators' wires; `host` is the address of this machine on which UDP `port` and TCP `tcp_port` listen.

    `stations` are spoken to first, without any on a bench 127.0.0.1:14550; `radio` is a serial one.
    `upload_outside`: whether the ground outside a work area that a station uploads bears the tracks; without it no
    site is taken by radio.
    """

    host: Name = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 14555
    tcp_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    radio: RadioConfig | None = None
    stations: tuple[StationConfig, ...] | None = None
    upload_outside: Literal["safe", "unknown"] | None = None

    @property
    def loopback(self) -> bool:
        """Nobody outside this computer can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class RecorderConfig(Strict):
    """`folder` takes one recording for each start of the program; below `free_min_mb` doctor complains."""

    folder: Name
    free_min_mb: Annotated[int, Field(ge=1)] = 2_000


class SiteConfig(Strict):
    """A site to be planned at the start; without it the machine is driven by stick, or a mission is uploaded.

    `plan`: the folder of a plan of this site that was looked at; it is driven as it is, or refused. `base_frame`: the
    system of the base's coordinates, and so of the machine's fixes: WGS 84, ETRS89, NAD83 or the like.
    """

    file: Name
    plan: Name | None = None
    outside: Literal["safe", "unknown"] | None = None
    base_frame: Name = "EPSG:4326"
    feature: str | None = None
    unmarked: Literal["keep_out", "work_area"] | None = None


class DriveConfig(Strict):
    """`flailpilot drive CONFIG`. Paths count from the folder of the file.

    `format`: of the keys' meaning, checked where the file is read.
    `state_folder`: where the program may write; without it that of the keys, else of the recordings, else of the file.
    `task`: the task file, whose facts go into the run's folder, recording and reports.
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
    """The file as read: where it lies, what it says, and the vehicle that it makes."""

    path: Path
    config: DriveConfig
    vehicle: VehicleConfig
    task: TaskFile | None = None

    def beside(self, name: str) -> Path:
        """A path of the file, seen from the file's folder."""
        return self.path.parent / Path(name).expanduser()

    @property
    def state_folder(self) -> Path:
        """Where what comes in while it runs is kept; writable under the shipped unit."""
        config = self.config
        if config.state_folder is not None:
            return self.beside(config.state_folder)
        if config.keys_file is not None:
            return self.beside(config.keys_file).parent
        return self.beside(config.recorder.folder) if config.recorder is not None else self.path.parent


def load_drive(path: Path, task: Path | None = None) -> DriveFile:
    """Read and check the file, the machine and the task that it names; `task` names another task file.

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
