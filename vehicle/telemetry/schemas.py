"""Types of the bodies on each topic. Retained bodies carry no coordinates.

A client that connects years later receives what is retained, and positions of ground that is not released are
confidential. `None` stands for a figure that is not known; JSON has no NaN.
"""

from typing import Literal

import msgspec

from vehicle.contracts.frames import LocalFrame
from vehicle.telemetry.streams import SCHEMA_VERSION


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The same for every message. `seq` counts by topic and boot; a consumer finds doubles and gaps by it.

    A gap in `connection` or `factsheet` is an attempt to connect that failed. A gap in a QoS 0 stream is a message
    that could not be sent in time. What is missing from `state`, `event` or `progress` is reported by an event of kind
    `telemetry_gap`.

    `historical`: the message waited in the outbox while the broker was away; it is never a present state.
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
    """ONLINE after connecting, OFFLINE after a deliberate end, CONNECTION_BROKEN by the broker (last will)."""

    connection: Literal["ONLINE", "OFFLINE", "CONNECTION_BROKEN"]


class FactsheetBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the machine is. `unverified_count`: figures of its profile without a public source."""

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
    """What the vehicle does, and why it stands. Retained, so without coordinates and without the operator's number.

    `wait_left_s`: until a WAIT becomes a stop; null outside a WAIT.
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
    """Pose of the body origin in the site's plane; latitude and longitude if the site's datum is known."""

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
    """The tool as measured; null if the controller is silent. Depth counts from the undisturbed ground."""

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
    """Records that a full outbox dropped: `count` of them, between two sequence numbers of a stream and boot."""

    boot_id: str
    stream: str
    first_seq: int
    last_seq: int
    count: int


class EventBody(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log; never retained, so it may carry a place."""

    kind: str
    text: str
    east_m: float | None = None
    north_m: float | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    gap: GapBody | None = None


class ProgressBody(msgspec.Struct, frozen=True, kw_only=True):
    """How far a mission is. `processed_m2` is the ledger's figure, never more than was proven.

    It also counts ground beside the work area, because the tool runs in and out. So its ratio to `area_m2` may be more
    than 1, and says nothing about gaps; the report of the task does.
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
"""The body's type by stream: what documents and consumers decode with."""


class Mission(msgspec.Struct, frozen=True, kw_only=True):
    """What progress is measured against. `datum` gives latitude and longitude to pose and events."""

    mission_id: str
    area_m2: float
    datum: LocalFrame | None = None


class PublisherCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Counters of the publisher. Every report is taken, dropped or still in the queue; nothing vanishes uncounted.

    `acknowledged`: QoS 1 messages that the broker took. `refused`: those that it answered with an error; they stay in
    the outbox. `lost`: those that a full outbox dropped (reported as gaps). `backlog`: what the outbox holds.
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
