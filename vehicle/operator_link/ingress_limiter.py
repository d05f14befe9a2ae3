"""How much of the arriving bytes is examined, decided before any checksum or hash is computed. Pure.

The bytes of an attacker cost computing time. So each address that has spoken with a key has a budget of its own, and
all others share one budget. A flood of strangers takes nothing from the console that drives. A flood under the
console's own address jams that console, like a noisy transmitter would, and only while it lasts: budgets refill within
a second.
"""

from collections.abc import Hashable

import msgspec

from vehicle.contracts.units import NS_PER_S

STRANGERS = ""
"""Key of the budget that all unknown addresses share."""
CHUNK_MAX = 4_096
"""A station never has more to say at once; of a longer piece the newest counts."""
BAD_FRAMES_PER_S = 100.0
"""At this rate a guess of a 48-bit hash succeeds after 45 000 years in the mean: 2^47 guesses at 100 a second."""


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes a second, and the most bytes at once."""

    bytes_per_s: float
    burst: float


STRANGER = Rate(bytes_per_s=20_000.0, burst=4_096.0)
KNOWN = Rate(bytes_per_s=60_000.0, burst=8_192.0)
"""A console sends 3 kB/s; an upload of a mission, answered at 50 Hz, 5 kB/s. Bytes cost at most a microsecond each."""


class _Budget(msgspec.Struct):
    rate: Rate
    bytes_left: float
    bad_left: float
    then_ns: int


class IngressLimiter:
    """Budgets by address. `dropped_bytes` counts the bytes that were not examined."""

    def __init__(self) -> None:
        self._budgets: dict[Hashable, _Budget] = {}
        self.dropped_bytes = 0

    def passes(self, key: Hashable, data: bytes, now_ns: int) -> bytes:
        """What of a piece is to be parsed: its newest part, or b"". `key` is a known address, else `STRANGERS`."""
        budget = self._budget(key, now_ns)
        kept = data[-CHUNK_MAX:] if len(data) > CHUNK_MAX else data
        if budget.bytes_left < len(kept) or budget.bad_left < 1.0:
            kept = b""
        budget.bytes_left -= len(kept)
        self.dropped_bytes += len(data) - len(kept)
        return kept

    def bad(self, key: Hashable, count: int) -> None:
        """So many frames of it were refused."""
        budget = self._budgets.get(key)
        if budget is not None:
            budget.bad_left = max(0.0, budget.bad_left - count)

    def forget(self, key: Hashable) -> None:
        """Nobody is there any more."""
        self._budgets.pop(key, None)

    def _budget(self, key: Hashable, now_ns: int) -> _Budget:
        budget = self._budgets.get(key)
        if budget is None:
            rate = STRANGER if key == STRANGERS else KNOWN
            budget = self._budgets[key] = _Budget(rate, rate.burst, BAD_FRAMES_PER_S, now_ns)
            return budget
        passed_s = (now_ns - budget.then_ns) / NS_PER_S
        budget.bytes_left = min(budget.rate.burst, budget.bytes_left + passed_s * budget.rate.bytes_per_s)
        budget.bad_left = min(BAD_FRAMES_PER_S, budget.bad_left + passed_s * BAD_FRAMES_PER_S)
        budget.then_ns = now_ns
        return budget
