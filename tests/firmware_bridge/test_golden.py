"""Both sides of the wire agree with pymavlink, byte for byte, on the file that the C controller is tested with too."""

import json
import math
from types import ModuleType
from typing import Any

import pytest

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from tests.firmware_bridge import golden

ROWS: list[dict[str, Any]] = json.loads(golden.FILE.read_text(encoding="utf-8"))


def wire_value(value: Any) -> Any:
    if value is None:
        return math.nan
    return bytes(value) if isinstance(value, list) else value


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and math.isnan(left):
        return isinstance(right, float) and math.isnan(right)
    return bool(left == right)


def test_file_is_what_pymavlink_makes(oracle: ModuleType) -> None:
    assert golden.rows(oracle) == ROWS


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['message']}: {row['name']}" for row in ROWS])
def test_encoder_makes_the_golden_bytes(row: dict[str, Any]) -> None:
    fields = {name: wire_value(value) for name, value in row["fields"].items()}
    made = codec.encode_fields(row["message"], fields, row["sequence"], row["system"], row["component"])
    assert made.hex() == row["hex"]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['message']}: {row['name']}" for row in ROWS])
def test_decoder_reads_the_golden_bytes(row: dict[str, Any]) -> None:
    (frame,) = FrameParser().feed(bytes.fromhex(row["hex"]))
    assert (frame.sequence, frame.system_id, frame.component_id) == (row["sequence"], row["system"], row["component"])
    assert frame.msg_id == SPEC_BY_NAME[row["message"]].msg_id
    read = codec.decode_fields(frame)
    assert read.keys() == row["fields"].keys()
    for name, value in row["fields"].items():
        assert same(wire_value(value), read[name]), name
