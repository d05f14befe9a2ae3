"""The follow-up that each piece of ground needs before anybody may rely on it; people decide on release.

The texts here are English, for the exports; the report takes them from its catalogue: `then.*`.
"""

from typing import Final

from vehicle.contracts.plan import UntreatableReason
from vehicle.reports.gaps import GapReason
from vehicle.reports.words import ENGLISH, words_of

_say: Final = words_of(ENGLISH)
PROCESSED: Final = _say("then.processed")
BELOW_DEPTH: Final = _say("then.below_depth")
OF_GAP: Final = {reason: _say(f"then.gap.{reason.value}") for reason in GapReason}
OF_LISTED: Final = {reason: _say(f"then.listed.{reason.value}") for reason in UntreatableReason}
KEEP_OUT: Final = _say("then.keep_out")
OUTSIDE: Final = _say("then.outside")
