"""Which frames are accepted: signed and verified, or unsigned on a link that was opened for them; and whose they are.

If two live senders use one identity, the machine is stopped, and neither sender is believed until one of them has been
silent for some time. Two senders are live if an address is heard again after another one was: a program that ended and
was started anew, however often, never speaks from an address that it left.
"""

import msgspec

from firmware_bridge.mavlink.framing import SIGNATURE_SIZE, Frame
from firmware_bridge.mavlink.signature import HASH_SIZE
from firmware_bridge.mavlink.signing import Verdict, Verifier
from vehicle.contracts.units import NS_PER_S

ALTERNATE_NS = 3 * NS_PER_S
"""An address that is heard again so soon after another one was is that of a second sender."""
ADDRESSES_MAX = 8
"""No person starts more programs than this within `ALTERNATE_NS`; senders that change their ports for each frame do."""
DOUBT_NS = 5 * NS_PER_S
STAMP_VERDICTS = frozenset({Verdict.AHEAD, Verdict.BEFORE_BOOT, Verdict.STALE})
Address = tuple[str, int] | str


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the vehicle: its name, its limit in bytes a second, and whether it accepts unsigned frames.

    `unsigned` is for first runs and tests on loopback; the transport refuses it on any other address.
    """

    name: str
    bytes_per_s: float = 20_000.0
    unsigned: bool = False
    link_id: int = 0


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """An accepted frame. `durable`: False if only a session may vouch for it. `age_s`: its age by its stamp."""

    ok: bool
    durable: bool = True
    age_s: float = 0.0
    stamp: int = 0
    """Of two frames of one key, on whatever links, the one with the lower stamp was made first. 0: unsigned."""
    behind: bool = False
    """The key is right and the stamp is not: a heartbeat with our stamp tells the station where we are."""
    verdict: Verdict | None = None
    """Of a signed frame."""


def stamp_of(signed: bytes) -> int:
    """The stamp of a frame whose signature was found right."""
    return int.from_bytes(signed[-SIGNATURE_SIZE + 1 : -HASH_SIZE], "little")


class _Identity(msgspec.Struct):
    """`left_ns`: addresses that were heard before this one, and when the next one was first heard."""

    address: Address
    left_ns: dict[Address, int] = {}
    doubted_ns: int = -(10**18)


class Admission:
    """The verifier of signatures, and the identities that it accepts."""

    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier
        self.unsigned_refused = 0
        self._identities: dict[tuple[str, int], _Identity] = {}

    def admit(self, channel: Channel, frame: Frame, now_ns: int) -> Admitted:
        """Judge one frame whose checksum held."""
        if frame.signed:
            judged = self.verifier.verify(frame.signed, channel.name, now_ns)
            if judged.verdict is Verdict.NOT_DURABLE:
                return Admitted(ok=True, durable=False, age_s=judged.age_s, stamp=stamp_of(frame.signed))
            return Admitted(
                ok=judged.verdict is Verdict.OK,
                age_s=judged.age_s,
                stamp=stamp_of(frame.signed),
                behind=judged.verdict in STAMP_VERDICTS,
                verdict=judged.verdict,
            )
        if channel.unsigned and frame.system_id > 1 and self.verifier.key(frame.system_id) is None:
            return Admitted(ok=True)
        self.unsigned_refused += 1
        return Admitted(ok=False)

    def seen(self, channel: Channel, system_id: int, address: Address, now_ns: int) -> bool:
        """Note where an identity was heard; True in the moment in which it becomes doubtful."""
        identity = self._identities.get((channel.name, system_id))
        if identity is None:
            self._identities[(channel.name, system_id)] = _Identity(address)
            return False
        if identity.address == address:
            return False
        left_ns = {one: then_ns for one, then_ns in identity.left_ns.items() if now_ns - then_ns < ALTERNATE_NS}
        returns = address in left_ns
        left_ns[identity.address] = now_ns
        identity.address, identity.left_ns = address, left_ns
        # a console that was restarted changes its port and never goes back; two of them take turns
        if not returns and len(left_ns) < ADDRESSES_MAX:
            return False
        fresh = now_ns - identity.doubted_ns >= DOUBT_NS
        identity.doubted_ns = now_ns
        return fresh

    def doubted(self, system_id: int, now_ns: int) -> bool:
        """True while two senders claim this identity."""
        held = [identity for (_, known), identity in self._identities.items() if known == system_id]
        return any(now_ns - identity.doubted_ns < DOUBT_NS for identity in held)
