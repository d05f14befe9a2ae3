"""Writes docs/TELEMETRY.md from the streams and the types of their bodies: `python -m tests.telemetry.page`."""

import inspect
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from vehicle.telemetry.schemas import BODIES, GapBody, Header
from vehicle.telemetry.streams import ROOT as TOPICS
from vehicle.telemetry.streams import STREAMS, Stream

PAGE = Path(__file__).parents[2] / "docs/TELEMETRY.md"
HEAD = f"""\
# Telemetry

`python -m tests.telemetry.page` writes this page from `vehicle/telemetry/streams.py` and
`vehicle/telemetry/schemas.py`; a test refuses a page that is out of date. How to add a field is in
[CONTRIBUTING.md](../CONTRIBUTING.md), *Add a telemetry field*. The keys of the `[telemetry]` table are in
[configs/README.md](../configs/README.md), *Telemetry*.

The vehicle publishes JSON over MQTT 5 and subscribes to nothing: no message of a broker can move a machine. A broker
that is absent, slow or failing never delays a tick. To look at everything on the vehicle's own computer:

    mosquitto_sub -h 127.0.0.1 -t '{TOPICS}/#' -v

`configs/broker/mosquitto.conf` is a broker for other computers: TLS, certificates both ways, and an access list by
which a vehicle writes below its own name only.

Each message is `{{"header": {{...}}, "body": {{...}}}}`. The unit is the end of a field's name; angles are
radians, except where a name ends in `_deg`. null means *not known*, never 0.

## Topics

A topic is `{TOPICS}/{{vehicle_id}}/` and the suffix.

| suffix | QoS | retained | how often | dropped by the broker after |
|---|---|---|---|---|
"""


NAMES: dict[Any, str] = {
    float: "number",
    int: "whole number",
    str: "text",
    bool: "true or false",
    type(None): "null",
    GapBody: "gap",
}


def name_of(kind: Any) -> str:
    """A type as readers of JSON call it."""
    if get_origin(kind) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(kind))
    if isinstance(kind, types.UnionType) or get_origin(kind) is Union:
        return " or ".join(name_of(one) for one in get_args(kind))
    if get_origin(kind) is tuple:
        return f"list of {name_of(get_args(kind)[0])}"
    names = {
        float: "number",
        int: "whole number",
        str: "text",
        bool: "true or false",
        type(None): "null",
        GapBody: "gap",
    }
    return names[kind]


def how_often(stream: Stream) -> str:
    """A rate for QoS 0; for QoS 1 each change, and the longest silence."""
    if stream.qos == 0:
        return f"at most every {stream.period_s:g} s"
    return f"at each change, and every {stream.period_s:g} s" if stream.period_s else "when it happens"


def fields(body: type[msgspec.Struct]) -> list[str]:
    """The docstring of a body and its fields as a table."""
    rows = [f"| `{name}` | {name_of(kind)} |" for name, kind in get_type_hints(body).items()]
    return [inspect.getdoc(body) or "", "", "| field | type |", "|---|---|", *rows, ""]


def page() -> str:
    """The whole page."""
    lines = [
        f"| `{stream.suffix}` | {stream.qos} | {'yes' if stream.retain else 'no'} | {how_often(stream)} | "
        f"{f'{stream.expiry_s} s' if stream.expiry_s else 'never'} |"
        for stream in STREAMS.values()
    ]
    lines += ["", "## Header", "", *fields(Header)]
    for name, body in BODIES.items():
        lines += [f"## {name}", "", *fields(body)]
    lines += ["## gap", "", *fields(GapBody)]
    return HEAD + "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
