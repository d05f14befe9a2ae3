"""The word of a simulated operator after a small shock: *AP, picture good*, where a text on the screen asks for it."""

from firmware_bridge.mavlink import adapters
from firmware_bridge.types import Observation, ObservationKind
from sim import manual_text
from vehicle.contracts.detonation import AP_CLASS, PICTURE_GOOD
from vehicle.contracts.messages import Mode

LOOK_FRAMES = 50
"""The picture is looked at for 2.5 s first."""
AGAIN_FRAMES = 40
"""A word that changed nothing on the screen is said again after 2 s."""


class PictureWord:
    """Call `step` once for each frame of the operator; `said` counts the words."""

    def __init__(self, station_id: int) -> None:
        self._station_id = station_id
        self._frames = 0
        self.said = 0

    def step(self, mode: Mode, session_id: int, shown: tuple[str, ...]) -> bytes | None:
        """Return the word's frame if it is due now; `shown`: texts on the screen."""
        asked = mode is Mode.WAIT and manual_text.asks_for_word(shown)
        self._frames = self._frames + 1 if asked else 0
        if self._frames < LOOK_FRAMES:
            return None
        self._frames = LOOK_FRAMES - AGAIN_FRAMES
        self.said += 1
        return adapters.encode_observation(
            Observation(
                station_id=self._station_id,
                session_id=session_id,
                sequence=self.said,
                kind=ObservationKind.DETONATION_CLASS,
                value=AP_CLASS,
                who="operator",
                text=PICTURE_GOOD,
            )
        )
