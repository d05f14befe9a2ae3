"""Types of the bodies on each topic. Retained bodies carry no coordinates.

The broker gives a retained message even to a client that connects years later, and positions of ground that is not
released are confidential. `None` stands for an unknown value, because JSON has no NaN.
"""

from typing import Literal

import msgspec

from vehicle.contracts.frames import LocalFrame
from vehicle.telemetry.streams import SCHEMA_VERSION


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The header of every message. `seq` counts per topic and boot; a consumer uses it to find duplicates and gaps.

    If a number is missing on the topic `connection` or `factsheet`, an attempt to connect to the broker failed. If one
    is missing in a QoS 0 stream, a message could not be sent in time. Missing numbers of `state`, `event` and
    `progress` are reported by an event of kind `telemetry_gap`.

    `historical`: the message waited in the outbox while there was no broker; it does not describe the present.
    """

    vehicle_id: str
    boot_id: str
    stream: str
    seq: int
    t_utc: str
    tick: int
    historical: bool = False
    schema_version: str = SCHEMA_VERSION


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A message as bytes on the wire: `{"header": {...}, "body": {...}}`."""

    header: Header
    body: msgspec.Raw


class ConnectionBody(msgspec.Struct, frozen=True, kw_only=True):
    """State of the vehicle's connection to the broker.

    ONLINE: connected. OFFLINE: ended on purpose. CONNECTION_BROKEN: lost; the broker sends it as the vehicle's last
    will.
    """

    connection: Literal["ONLINE", "OFFLINE", "CONNECTION_BROKEN"]


class FactsheetBody(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the machine. `unverified_count`: figures of its profile without a public source."""

    machine: str
    maker: str
    tool_kind: str
    tool_width_m: float
    tool_ahead_m: float
    depth_max_m: float
    required_depth_m: float
    track_outer_width_m: float
    track_length_m: float
    working_speed_mps: float
    transit_speed_mps: float
    mass_kg: float
    config_hash: str
    unverified_count: int
    streams: tuple[str, ...]


class StateBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the vehicle does, and why it stands. It is retained, so it has no coordinates and no number of an operator.

    `wait_left_s`: time left until a mission that stands in mode WAIT is stopped; null in every other mode.
    """

    mode: str
    phase: str
    rotor: str | None
    reasons: tuple[str, ...]
    driving: bool
    operator_present: bool
    fix: str | None
    position_proven: bool
    speed_cap_mps: float | None
    processed_m2: float
    swept_m2: float
    provisional_m2: float
    withdrawn_m2: float
    wait_left_s: float | None = None


class PoseBody(msgspec.Struct, frozen=True, kw_only=True):
    """Pose of the body origin in the site's plane; with latitude and longitude if the site's datum is known."""

    east_m: float | None
    north_m: float | None
    lat_deg: float | None
    lon_deg: float | None
    yaw_rad: float | None
    roll_rad: float | None
    pitch_rad: float | None
    speed_mps: float | None
    yaw_rate_radps: float | None
    sigma_east_m: float | None
    sigma_north_m: float | None
    sigma_yaw_rad: float | None
    tool_east_m: float | None
    tool_north_m: float | None
    cross_track_m: float | None
    position_proven: bool


class ToolBody(msgspec.Struct, frozen=True, kw_only=True):
    """The tool as measured; null if no controller is heard. Depth is measured from the undisturbed ground."""

    rotor: str | None
    rotor_speed_radps: float | None
    depth_m: float | None
    height_m: float | None


class LinkBody(msgspec.Struct, frozen=True, kw_only=True):
    """Ages of the sources that the vehicle depends on, and counters of the publisher."""

    operator_age_s: float | None
    gnss_age_s: float | None
    controller_age_s: float | None
    session_id: int
    lease_holder: int
    reports_dropped: int
    events_dropped: int
    live_dropped: int
    backlog: int
    connects: int


class GapBody(msgspec.Struct, frozen=True, kw_only=True):
    """Records that a full outbox dropped: `count` of them, between two sequence numbers of one stream and boot."""

    boot_id: str
    stream: str
    first_seq: int
    last_seq: int
    count: int


class EventBody(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log; it is never retained, so it may contain a position."""

    kind: str
    text: str
    east_m: float | None = None
    north_m: float | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    gap: GapBody | None = None


class ProgressBody(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of a mission. `processed_m2` is the ledger's figure, never more than was proven.

    It includes ground beside the work area, because the tool runs in and out there. So its ratio to `area_m2` may be
    more than 1 and does not show gaps; the report of the task shows them.
    """

    mission_id: str
    phase: str
    segment_seq: int
    segment_count: int
    area_m2: float
    processed_m2: float
    swept_m2: float
    provisional_m2: float
    withdrawn_m2: float


BODIES: dict[str, type[msgspec.Struct]] = {
    "connection": ConnectionBody,
    "factsheet": FactsheetBody,
    "state": StateBody,
    "pose": PoseBody,
    "tool": ToolBody,
    "link": LinkBody,
    "event": EventBody,
    "progress": ProgressBody,
}
"""Type of the body by stream, for consumers and documents."""


class Mission(msgspec.Struct, frozen=True, kw_only=True):
    """What progress is measured against. With `datum`, poses and events have latitude and longitude."""

    mission_id: str
    area_m2: float
    datum: LocalFrame | None = None


class PublisherCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Counters of the publisher. Every report is taken, dropped and counted, or still in the queue.

    `acknowledged`: QoS 1 messages that the broker accepted. `refused`: those that it answered with an error; they stay
    in the outbox. `lost`: those that a full outbox dropped (reported as gaps). `backlog`: number of records in the
    outbox.
    """

    reports_offered: int = 0
    reports_dropped: int = 0
    reports_taken: int = 0
    events_offered: int = 0
    events_dropped: int = 0
    events_taken: int = 0
    live_sent: int = 0
    live_dropped: int = 0
    acknowledged: int = 0
    refused: int = 0
    lost: int = 0
    backlog: int = 0
    attempts: int = 0
    connects: int = 0
    connected: bool = False
    alive: bool = False
    durable: bool = True
