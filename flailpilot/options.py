"""The options of each command as one value; the names are those of the command line."""

from pathlib import Path

import msgspec


class PlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`flailpilot plan`. `overlap_m`, `depth_m`, `outside`, `feature`, `unmarked` are None if not given.

    `overrun_m`: how far beyond the work area unknown ground may be worked; None: as far as the site allows.
    `poses`: write poses.csv too. `soil_mj_per_m3`: specific energy of the soil; None: assumed.
    `role`, `survey`, `net_hours`: of the task, as typed; `task`: the file that may say role and utilisation.
    """

    site: Path
    machine: str
    out: Path
    time_limit_s: float
    overrun_m: float | None = None
    poses: bool = False
    soil_mj_per_m3: float | None = None
    role: str | None = None
    survey: str | None = None
    net_hours: float | None = None
    task: Path | None = None
    as_json: bool = False
    outside: str | None = None
    overlap_m: float | None = None
    depth_m: float | None = None
    base_frame: str = "EPSG:4326"
    feature: str | None = None
    unmarked: str | None = None


class ResumeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`plan --resume RUN`: folders of runs, the newest last; `at`: LAT,LON,HEADING; `craters`: a file of polygons."""

    runs: tuple[Path, ...]
    at: str | None = None
    craters: Path | None = None

    @property
    def newest(self) -> Path:
        """Return the newest run, in which the machine's position is recorded."""
        return self.runs[-1]


class WayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`plan --to-parking RUN`, or `--back-to-work RUN` (`back`); `at`, `craters`: as for `--resume`."""

    run: Path
    back: bool = False
    at: str | None = None
    craters: Path | None = None

    @property
    def option(self) -> str:
        """Return the name of the option."""
        return "--back-to-work" if self.back else "--to-parking"


class SimOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`flailpilot sim`. `broker`: HOST:PORT; `plan`: the folder of a plan to drive; None if not given.

    `lines`: print progress in lines if there is no terminal for a bar.
    """

    out: Path
    scenario: Path | None = None
    site: Path | None = None
    machine: str | None = None
    seed: int | None = None
    outside: str | None = None
    broker: str | None = None
    plan: Path | None = None
    depth_m: float | None = None
    feature: str | None = None
    unmarked: str | None = None
    task: Path | None = None
    as_json: bool = False
    lines: bool = False


class DemoConsole(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a demo's server, in a file that only its owner can read. `speed`: simulated seconds per second.

    `exercises`: names of those that its page offers.
    """

    state_folder: str
    name: str
    host: str
    port: int
    system_id: int
    secret: str
    machine_id: str
    page_port: int
    token: str
    speed: float = 1.0
    exercises: tuple[str, ...] = ()
    video_port: int | None = None
