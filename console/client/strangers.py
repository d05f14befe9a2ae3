"""Names another vehicle, or another radio, whose frames are heard on the channel of an open link."""

from typing import Final

from console.client.view import Text
from firmware_bridge.mavlink import _dialect as d

HEARD_MIN: Final = 5
WITHIN_NS: Final = 5_000_000_000
"""So many frames of another key within this time are no chance."""
AGAIN_NS: Final = 30_000_000_000
WORDS: Final = "Another vehicle or radio is on this channel: give each a channel of its own"


class Strangers:
    """Counts frames whose signature is not that of the own key."""

    def __init__(self) -> None:
        self._heard: list[int] = []
        self._said_ns = -AGAIN_NS

    def heard(self, now_ns: int) -> tuple[Text, ...]:
        """Note a frame of another key; return the line to show, at most once in half a minute."""
        self._heard = [one for one in self._heard if now_ns - one <= WITHIN_NS] + [now_ns]
        if len(self._heard) < HEARD_MIN or now_ns - self._said_ns < AGAIN_NS:
            return ()
        self._said_ns = now_ns
        return (Text(severity=d.MAV_SEVERITY_WARNING, text=WORDS, t_ns=now_ns),)
