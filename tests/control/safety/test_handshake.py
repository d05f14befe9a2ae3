"""Row 41: the one judge of the controller's greeting, word by word."""

import re
from pathlib import Path

import msgspec
import pytest

from firmware_bridge.handshake import PROTOCOL_VERSION, WATCHDOG_MAX_MS, mismatches, version_text
from firmware_bridge.types import ControllerHello

HASH = b"abcdefgh"
THEIRS = ControllerHello(protocol_version=2, firmware_version=0x010203, config_hash=HASH, watchdog_ms=150, boot_count=3)
HEADER = Path(__file__).resolve().parents[3] / "firmware_bridge/controller/include/flail_controller.h"
OLDER = "protocol: the controller speaks version 1, the vehicle program 2; update the controller's firmware"
NEWER = "protocol: the controller speaks version 3, the vehicle program 2; update the vehicle program"
OTHER = (
    "configuration: the controller is set up for 696a6b6c6d6e6f70, the vehicle program runs 6162636465666768; "
    "load the same machine profile into both"
)
WATCHDOG = "watchdog: the controller lets a command live {} ms, 1 to 200 ms are safe; set the controller's watchdog"


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ()),
        ({"watchdog_ms": 1}, ()),
        ({"watchdog_ms": 200}, ()),
        ({"firmware_version": 0, "boot_count": 0}, ()),
        ({"protocol_version": 1}, (OLDER,)),
        ({"protocol_version": 3}, (NEWER,)),
        ({"config_hash": b"ijklmnop"}, (OTHER,)),
        ({"watchdog_ms": 0}, (WATCHDOG.format(0),)),
        ({"watchdog_ms": 201}, (WATCHDOG.format(201),)),
        ({"protocol_version": 3, "config_hash": b"ijklmnop", "watchdog_ms": 0}, (NEWER, OTHER, WATCHDOG.format(0))),
    ],
)
def test_row_41_what_forbids_to_arm(changes: dict[str, object], lines: tuple[str, ...]) -> None:
    assert mismatches(msgspec.structs.replace(THEIRS, **changes), HASH) == lines


def test_row_41_the_c_reference_speaks_the_same_version_and_grants_no_longer_life() -> None:
    text = HEADER.read_text()
    told = {name: int(value) for name, value in re.findall(r"#define (FC_\w+) (\d+)u", text)}
    assert told["FC_PROTOCOL_VERSION"] == PROTOCOL_VERSION
    assert told["FC_WATCHDOG_MAX_MS"] == WATCHDOG_MAX_MS


def test_a_version_in_words() -> None:
    assert version_text(0x010203) == "1.2.3"
    assert version_text(0xFEFFFD) == "254.255.253"
