"""Bad inputs as a table: what comes over the wire, and that nothing but counters may change.

`python -m tests.operator_link.bad_inputs` writes `docs/BAD_INPUTS.md` from it.
"""

import itertools
import math
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from console.client.link import LinkProtocol
from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import frame_bytes
from firmware_bridge.mavlink.signature import key_of, sign
from firmware_bridge.mavlink.stamps import STAMP_MAX, STAMPS_PER_S
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from tests.operator_link.test_attacks import FORGERIES, MESSAGES, SECRET, Radio, forged
from vehicle.operator_link.sessions import MachineIdentity, proof

STRANGER = ("10.6.6.6", 666)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "BAD_INPUTS.md"
DAY = 86_400 * STAMPS_PER_S
Datagrams = list[bytes]
Make = Callable[[Radio, LinkProtocol], Datagrams]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One bad input; sent from the console's own address and from a stranger's."""

    id: str
    words: str
    make: Make

    @property
    def genuine(self) -> bool:
        """Its signature and stamp are right: it is heard, and what it asks for is refused."""
        return self.id.startswith(("6-", "3-proof"))


def _newest(radio: Radio) -> int:
    """The stamp that a station which hears the vehicle would sign with now."""
    plain = codec.encode_fields("HEARTBEAT", {}, 0, 1, 1)
    signed = radio.link.verifier.sign(plain, SPEC_BY_NAME["HEARTBEAT"].seed, 250, 0, radio.now_ns)
    return int.from_bytes(signed[-12:-6], "little")


def _good(radio: Radio, name: str, fields: dict[str, Any], *, offset: int = 1, **more: int) -> bytes:
    """A frame signed with the console's own key."""
    plain = codec.encode_fields(name, fields, 0, 250, more.get("component", 190))
    return sign(plain, SPEC_BY_NAME[name].seed, key_of(SECRET), more.get("link", 0), _newest(radio) + offset)


# --- E.2.1: MAVLink 2 only, signed only ------------------------------------------------------------------------------
FORGERY_WORDS = {
    "unsigned": "unsigned MAVLink 2",
    "wrong key": "right checksum, signed with another key",
    "far future": "wrong key, stamp 2^48 - 2",
    "unknown id": "signed for a system id without a key",
    "vehicle's id": "signed under the vehicle's own id",
    "cut": "signature cut short",
    "flag cleared": "signed, its flag cleared",
    "moved": "with the signature of another message",
    "v1": "MAVLink 1",
}


def _forgeries() -> Iterator[Case]:
    for kind, message in itertools.product(FORGERIES, MESSAGES):
        yield Case(
            id=f"1-{kind.replace(' ', '-').replace(chr(39), '')}-{message}",
            words=f"{MESSAGES[message][0]} ({message}): {FORGERY_WORDS[kind]}",
            make=lambda _r, _c, k=kind, m=message: [forged(k, *MESSAGES[m])],  # type: ignore[misc]
        )


def _framing() -> Iterator[Case]:
    def flipped(radio: Radio, _: LinkProtocol, byte: int) -> Datagrams:
        frame = bytearray(_good(radio, *MESSAGES["parameter"]))
        frame[byte] ^= 0x10
        return [bytes(frame)]

    for byte in (0, 1, 2, 3, 5, 6, 7, 12, -14, -13, -8, -1):
        place = f"byte {byte}" if byte >= 0 else f"byte {-byte} from the end"
        yield Case(
            id=f"1-flip{byte:+d}",
            words=f"rightly signed PARAM_SET, one bit of {place} turned",
            make=lambda r, c, b=byte: flipped(r, c, b),  # type: ignore[misc]
        )

    def other_flag(radio: Radio, _: LinkProtocol) -> Datagrams:
        frame = _good(radio, *MESSAGES["parameter"])
        return [frame[:2] + b"\x03" + frame[3:]]

    def trimmed(radio: Radio, _: LinkProtocol) -> Datagrams:
        frame = _good(radio, *MESSAGES["arm"])
        return [frame[:1] + bytes([frame[1] - 4]) + frame[2:-19] + frame[-15:]]

    def empty(_radio: Radio, _console: LinkProtocol) -> Datagrams:
        spec = SPEC_BY_NAME["COMMAND_LONG"]
        plain = frame_bytes(spec.header_id, spec.seed, b"", 0, 250, 190)
        return [sign(plain, spec.seed, key_of("guess"), 0, 1)]

    yield Case(id="1-other-flag", words="rightly signed, an incompatibility flag besides", make=other_flag)
    yield Case(id="1-trimmed", words="rightly signed, its payload cut afterwards", make=trimmed)
    yield Case(id="1-empty", words="payload of nothing, wrong key", make=empty)


# --- E.2.2: the verifier's order -------------------------------------------------------------------------------------
STAMPS: dict[str, int] = {
    "older": -2_000,
    "equal": 0,
    "newer": 1,
    "ahead": 11 * STAMPS_PER_S,
    "far-future": 401 * DAY,
    "year-2084": 1 << 62,
}


def _stamps() -> Iterator[Case]:
    for good, stamp, known, link in itertools.product((True, False), STAMPS, (True, False), (0, 9)):
        if good and (stamp == "newer" or (not known and stamp in ("older", "equal"))):
            continue  # that one is good
        if good and stamp == "ahead":
            continue  # refused and followed, by design: tests/operator_link/test_signing.py

        def make(
            radio: Radio, _: LinkProtocol, good: bool = good, stamp: str = stamp, known: bool = known, link: int = link
        ) -> Datagrams:
            component = 190 if known else 77
            made: Datagrams = []
            mark = _newest(radio) + 1
            plain = codec.encode_fields("PARAM_SET", MESSAGES["parameter"][1], 0, 250, component)
            if known:
                radio.hear_out(sign(codec.encode_fields("PING", {"target_system": 9}, 0, 250, component),
                                    SPEC_BY_NAME["PING"].seed, key_of(SECRET), link, mark))  # fmt: skip
            value = min(mark + STAMPS[stamp], STAMP_MAX)
            key = key_of(SECRET) if good else key_of("guess")
            return [*made, sign(plain, SPEC_BY_NAME["PARAM_SET"].seed, key, link, value)]

        yield Case(
            id=f"2-{'good' if good else 'bad'}-hash-{stamp}-{'known' if known else 'new'}-stream-link{link}",
            words=f"{'right' if good else 'wrong'} hash, stamp {stamp}, {'known' if known else 'new'}, link {link}",
            make=make,
        )


# --- E.2.3: sessions and recordings ----------------------------------------------------------------------------------
def _sessions() -> Iterator[Case]:
    def proof_of(radio: Radio, given: bytes, nonce: bytes = b"n" * 16) -> bytes:
        return _good(radio, "FLAIL_PROOF", {"target_system": 1, "nonce": nonce, "proof": given})

    def answered(radio: Radio, **wrong: object) -> Datagrams:
        """A challenge for console 251, which has no session, answered with something wrong."""
        machine = MachineIdentity(machine_id=bytes(range(8)), boot_count=int(wrong.get("boot", 3)))  # type: ignore[call-overload]
        key = key_of(str(wrong.get("secret", SECRET)))
        role = bytes(wrong.get("role", b"console"))  # type: ignore[call-overload]
        return [proof_of(radio, proof(key, role, machine, 250, (b"v" * 16, b"n" * 16), b""))]

    yield Case(id="3-replay-all", words="everything the console ever sent", make=lambda r, _: r.recording[-40:])
    yield Case(id="3-replay-last", words="the console's newest frame", make=lambda r, _: r.recording[-1:])
    yield Case(id="3-replay-reversed", words="the newest frames backwards", make=lambda r, _: r.recording[:-30:-1])
    yield Case(id="3-proof-zero", words="proof of zeros but one", make=lambda r, _: [proof_of(r, b"\0" * 31 + b"\1")])
    for name, wrong in {
        "other-secret": {"secret": "guess"}, "other-boot": {"boot": 2}, "vehicles-role": {"role": b"vehicle"},
    }.items():  # fmt: skip
        yield Case(
            id=f"3-proof-{name}",
            words=f"proof with {name.replace('-', ' ')}, no challenge open",
            make=lambda r, _, w=wrong: answered(r, **w),  # type: ignore[misc]
        )


# --- E.2.6 and values with a right key that mean nothing -------------------------------------------------------------
def _values() -> Iterator[Case]:
    to = {"target_system": 1, "target_component": 1}
    parameters = {
        "nan": ("MAN_SPEED", math.nan), "infinite": ("MAN_SPEED", math.inf), "above": ("MAN_SPEED", 3.0),
        "below": ("MAN_SPEED", -0.1), "fraction": ("JOY_HOLD_BTN", 3.5), "read-only": ("FS_TIMEOUT", 9.0),
        "unknown": ("SECRET_KEY", 1.0), "empty": ("", 1.0), "fence-off": ("FENCE_ENABLE", 0.0),
        "arming-off": ("ARMING_REQUIRE", 0.0), "huge": ("MAN_TURN", 3e38), "id": ("SYSID_THISMAV", 7.0),
    }  # fmt: skip
    for name, (parameter, value) in parameters.items():
        fields = {**to, "param_id": parameter, "param_value": value, "param_type": 9}
        yield Case(
            id=f"6-parameter-{name}",
            words=f"right key, PARAM_SET {parameter or '(no name)'} = {value:g}",
            make=lambda r, _, f=fields: [_good(r, "PARAM_SET", f)],  # type: ignore[misc]
        )
    for opcode, name in {6: "create", 7: "write", 8: "remove", 11: "make-folder", 13: "rename"}.items():
        payload = struct.pack("<HBBBBBxI", 3, 9, opcode, 9, 0, 0, 0) + b"keys.json"
        yield Case(
            id=f"6-file-{name}",
            words=f"right key, MAVFTP {name.replace('-', ' ')} keys.json",
            make=lambda r, _, p=payload: [_good(r, "FILE_TRANSFER_PROTOCOL", {**to, "payload": p.ljust(251, b"\0")})],  # type: ignore[misc]
        )
    yield Case(
        id="6-signing-by-radio",
        words="right key, SETUP_SIGNING with a new secret",
        make=lambda r, _: [_good(r, "SETUP_SIGNING", {**to, "secret_key": b"x" * 32})],
    )
    sticks = {"rail": {"z": 32767}, "minus": {"z": -32768}, "steer": {"y": 1001}, "other-vehicle": {"target": 3}}
    for name, more in sticks.items():
        fields = {"target": 1, "buttons": 16, **more}
        yield Case(
            id=f"6-sticks-{name}",
            words=f"right key, MANUAL_CONTROL with {more}",
            make=lambda r, _, f=fields: [_good(r, "MANUAL_CONTROL", f)],  # type: ignore[misc]
        )
    for name, field in {"nan": "drive", "nan-turn": "turn", "nan-tool": "tool_value"}.items():
        yield Case(
            id=f"6-operator-{name}",
            words=f"right key, FLAIL_OPERATOR whose {field} is no number",
            make=lambda r, _, f=field: [_good(r, "FLAIL_OPERATOR", {"session_id": 77, "sequence": 9**6, f: math.nan})],  # type: ignore[misc]
        )


# --- E.2.9: noise ----------------------------------------------------------------------------------------------------
def _noise() -> Iterator[Case]:
    for size in (1, 9, 12, 25, 280, 1_400, 65_000):
        yield Case(id=f"9-noise-{size}", words=f"{size} random bytes", make=lambda _r, _c, n=size: [os.urandom(n)])  # type: ignore[misc]
    yield Case(id="9-markers", words="1400 frame markers", make=lambda _r, _c: [b"\xfd" * 1_400])
    head = bytes([0xFD, 255, 1, 0, 0, 250, 190])
    wanted = SPEC_BY_NAME["FLAIL_OPERATOR"].msg_id.to_bytes(3, "little")
    yield Case(id="9-promises", words="headers that promise long frames", make=lambda _r, _c: [(head + wanted) * 100])


CASES: dict[str, Case] = {
    case.id: case for case in itertools.chain(_forgeries(), _framing(), _stamps(), _sessions(), _values(), _noise())
}


def page() -> str:
    """The table as a page."""
    lines = [
        "# Bad inputs on the operator's wire",
        "",
        "`python -m tests.operator_link.bad_inputs` writes this page.",
        "",
        f"The table has {len(CASES)} inputs. Each is sent from the console's own address and from a stranger's,",
        "while the console has a session and holds control. Afterwards only counters have changed, nothing has",
        "reached the tick, and the console's next frame counts (`tests/operator_link/test_bad_inputs.py`, by id).",
        "",
        "The first figure of an id is the kind of requirement: 1 signed frames only, 2 the verifier of signatures,",
        "3 sessions and recordings, 6 keys and values, 9 noise. Tests of their own cover recordings that are played",
        "after a reboot (with the clock right, a month behind, at zero, ten years ahead), floods, clones and jamming:",
        "`test_attacks.py`, `test_ingress_limiter.py`, `test_jamming.py`.",
        "",
        "| id | input |",
        "|---|---|",
        *(f"| `{case.id}` | {case.words} |" for case in CASES.values()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
