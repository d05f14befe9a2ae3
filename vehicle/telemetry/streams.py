"""The topics of `flail/v1/{vehicle_id}/...`: one row per stream, used by the publisher, the documents and the tests."""

from enum import IntEnum

import msgspec

SCHEMA_VERSION = "1.0"
ROOT = "flail/v1"
CONTENT_TYPE = "application/json"


class Keep(IntEnum):
    """The order in which a full outbox drops records: old states first, events last."""

    STATE = 0
    EVENT = 1


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """How one stream is sent.

    `period_s`: with QoS 0 the shortest time between two messages; with QoS 1 the longest time without one while the
    content does not change. `expiry_s` 0: the broker keeps a message as long as it can.
    """

    name: str
    suffix: str
    qos: int
    retain: bool
    period_s: float = 0.0
    expiry_s: int = 0
    keep: Keep = Keep.STATE


CONNECTION = Stream(name="connection", suffix="connection", qos=1, retain=True)
FACTSHEET = Stream(name="factsheet", suffix="factsheet", qos=1, retain=True)
STATE = Stream(name="state", suffix="state", qos=1, retain=True, period_s=1.0)
POSE = Stream(name="pose", suffix="pose", qos=0, retain=False, period_s=0.1, expiry_s=2)
TOOL = Stream(name="tool", suffix="tool", qos=0, retain=False, period_s=0.2, expiry_s=5)
LINK = Stream(name="link", suffix="link", qos=0, retain=False, period_s=1.0, expiry_s=10)
EVENT = Stream(name="event", suffix="event", qos=1, retain=False, keep=Keep.EVENT)
PROGRESS = Stream(name="progress", suffix="mission/{mission_id}/progress", qos=1, retain=True, period_s=5.0)

STREAMS = {stream.name: stream for stream in (CONNECTION, FACTSHEET, STATE, POSE, TOOL, LINK, EVENT, PROGRESS)}


def topic(vehicle_id: str, stream: Stream, mission_id: str = "") -> str:
    """Return the full topic of a stream; `mission_id` is used only for `progress`."""
    return f"{ROOT}/{vehicle_id}/{stream.suffix.format(mission_id=mission_id)}"
