"""Cost of a signed frame from bytes to verdict, beside pymavlink's parser with its own signature check."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pymavlink.dialects.v20 import common

from firmware_bridge.mavlink.framing import FrameParser
from tests.operator_link.signing_bench import KEY, START_NS, STATION, frame, newest, verifier
from vehicle.host.clock import elapsed_s

FRAMES, ROUNDS = 5_000, 5


def ours(wire: bytes) -> float:
    made = verifier()
    parser = FrameParser()
    began_s = elapsed_s()
    accepted = sum(not made.verify(one.signed, "udp", START_NS).verdict for one in parser.feed(wire))
    spent_s = elapsed_s() - began_s
    assert accepted == FRAMES
    return spent_s


def theirs(wire: bytes) -> float:
    peer = common.MAVLink(None, srcSystem=1, srcComponent=1)
    peer.signing.secret_key, peer.signing.sign_outgoing = KEY, True
    began_s = elapsed_s()
    accepted = len(peer.parse_buffer(wire) or [])
    spent_s = elapsed_s() - began_s
    assert accepted == FRAMES
    return spent_s


def main() -> None:
    made = verifier()
    first = newest(made)
    wire = b"".join(frame(first + n, system_id=STATION) for n in range(FRAMES))
    our_us = min(ours(wire) for _ in range(ROUNDS)) / FRAMES * 1e6
    their_us = min(theirs(wire) for _ in range(ROUNDS)) / FRAMES * 1e6
    print(f"signed frame, parsed and verified: {our_us:.2f} us, pymavlink {their_us:.2f} us, {their_us / our_us:.1f} x")


if __name__ == "__main__":
    main()
