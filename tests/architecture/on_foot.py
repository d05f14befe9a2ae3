"""Sentences that send a person to the machine, or onto ground that only the machine has worked.

Two kinds are looked for. On foot: a verb of walking with such a place ("walk to the machine", "step onto processed
ground"). With hands: a verb of handling with a part of the machine, or at such a place, unless the sentence or the
heading of its table names ground on which people may stand ("count the hammers in the parking bay"). What is forbidden
("nobody walks to it") is no such sentence, as long as the words that forbid it stand before the verb, in its own
clause, without "but" or "until". It finds words and not meanings: of sentences that it was not made for, about half
pass unseen. So on the page of steps each sentence that names worked ground is looked at by a person, too
(`WORKED_GROUND`).
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

WORKED: Final = (
    r"(?:the |its |own |that |this |a |an |any |each |such |all |freshly |already |just )*"
    r"(?:processed|worked|swept|treated|credited|flailed|blue|proven|unproven|unprocessed|mined)\b"
)
FIELD: Final = (
    r"(?:the |its |own |a |that |this )*(?:swaths?|strips?|work(?:ing)? areas?|task area|minefield|mined area|tracks?\b"
    r"(?! of)|ruts?|lane|crater)\b"
)
MACHINE: Final = (
    r"(?:the |its |a |this |that |stopped |broken |dead |stuck |stalled )*(?:machine|vehicle|flail|rotor|tool|hammers?)"
)
ON_IT: Final = r"(?:(?:the )?ground (?:that|which) (?:only )?(?:the |a )?(?:machine|flail)|(?:the )?ground behind)"
PLACE: Final = rf"(?:{WORKED}|{FIELD}|{MACHINE}|{ON_IT}|it\b|there\b|where it (?:stands|stopped)\b)"
WALK: Final = (
    r"(?:walk|go|goes|going|step|run|come|climb|crawl|move up|hurry|get|return|stand|kneel|stay|wait|follow|lead|send|"
    r"sent|bring|carry|take|enter|approach|cross|reach|visit|meet|work)(?:s|es|ed|ing|ping|ped|ning)?"
)
WAY: Final = (
    r"(?:(?:back|out|over|across|up|down|close|closer|near|nearer|straight|on foot|slowly|carefully|together|beside|"
    r"right|along|behind|directly|in)[ ,]+)*"
    r"(?:to|onto|on|into|in|over|across|along|behind|beside|next to|up to|near|nearer|at|upon|through|under|inside)\b"
)
OBJECT: Final = (
    r"(?:(?:a|an|the|one|two|some|your|their) )?(?:deminers?|mechanics?|persons?|people|somebody|someone|operators?|"
    r"medics?|leaders?|sentry|fuel|hammers?|tools?|ropes?|hooks?|strops?|batter(?:y|ies)|spares?|men|them)"
)
PEOPLE: Final = (
    r"\b(?:deminers?|mechanics?|persons?|people|somebody|someone|operators?|medics?|leaders?|sentry|sentries|you|"
    r"they|who|whoever|team|visitors?|crew|everybody|guests?|officers?)\b(?!')"
)
DRIVES: Final = r"(?![^,]*\bdrives? (?:the machine|straight|\d|by stick|in by stick))"
GROUND: Final = rf"(?:{WORKED}|{FIELD})"
ACTING: Final = rf"(?:^|{PEOPLE}[^,]{{0,40}} |\b(?:then|and|please|now) )(?:to )?"
"""An order, or a person who acts."""
ON_FOOT: Final = tuple(
    re.compile(one)
    for one in (
        rf"\b(?:walk|step|climb|crawl|hurry|kneel)(?:s|ed|ing|ping|ped)? {WAY} {PLACE}",
        r"\b(?:walk|go|goes|run|step)(?:s|ed|ing)? (?:back |out |over |in )?there\b",
        r"\b(?:walk|step)(?:s|ed|ing)? (?:in|out)\b(?! the (?:parking|access))",
        r"\bon foot\b(?! (?:only )?(?:in|on) (?:the )?(?:parking|access|safe))",
        rf"{ACTING}{WALK} {WAY} {PLACE}",
        rf"{ACTING}(?:enter|approach|cross|reach|visit)(?:s|es|ed|ing)? {PLACE}",
        rf"{PEOPLE}{DRIVES}[^,]* (?:over|onto|across|along|through|on|in|from|by|to|beside) {GROUND}",
        (
            r"\b(?:walk|step|stand|stay|keep|leave|kneel|wait|carry|goes|go|bring)(?:s|ed|ing)? [^,]{0,30}"
            rf"\b(?:in|on|by|to|along|over|from) {GROUND}"
        ),
        rf"\b(?:send|bring|carry|take|lead)(?:s|ing)? {OBJECT} (?:over|out|in|up|forward)\b",
        rf"\b(?:send|bring|carry|take|lead)(?:s|ing)? {OBJECT} (?:back |out |over |up )*(?:to|onto|into) {PLACE}",
        rf"\b(?:search|inspect|sample|measure|probe)(?:s|es|ed|ing)? [^,]{{0,30}}from {MACHINE}\b",
        rf"\b(?:samples?|inspects?|searches|probes?|follows?|enters?|walks? up|cross(?:es)?) {GROUND}",
        rf"{PEOPLE}[^,]* (?:fetch|carr|bring|lift|get out|climb|reach)[^,]*",
        rf"{PEOPLE}[^,]* (?:up|out|over|back|close) to {MACHINE}\b",
        rf"(?:^|{PEOPLE}[^,]*|\b(?:then|and|please|now) )(?:use|take)s? {GROUND}[^,]*\b(?:as|for|to)\b",
        rf"(?:^|{PEOPLE}[^,]*|\bteam )\b(?:come|go|move|step|walk)(?:s|es)? (?:in|out|closer|near|nearer|and see)\b",
        rf"\bway to {MACHINE} (?:is|leads|goes)\b",
        (
            r"\b(?:may|can|could|is|are|be) (?:now |then |also )*"
            r"(?:approached|entered|walked on|crossed on|stepped on)\b"
        ),
        r"\b(?:safe|allowed|free|good|fit) (?:for feet|to (?:walk|step|stand|enter|approach|go))\b",
        (
            rf"\b{WORKED} (?:ground|strips?|swaths?|area)? ?(?:is|are|bears?|carr(?:y|ies)|can) (?!not )[^,]{{0,30}}"
            r"\b(?:feet|walked|people|persons?|entered|stepped)\b"
        ),
    )
)
PART: Final = (
    r"(?:the |its |that |a |each |all |both |machine's |winch |broken |loose )*(?:e-?stop(?: button)?|button|hammers?|"
    r"chains?|rotor|shafts?|bolts?|tracks?|brakes?|strop|hose|cables?|wires?|stones?|valves?|engine|mast|antennas?|"
    r"hood|bonnet|cover|lever|pump|cameras?|lens|hatch|radiator|battery|free end|rope|hook|oil|"
    r"(?:machine|vehicle)\b(?! check)|controller|computer|fuse|eyes?)"
)
BESIDE: Final = (
    rf"(?:there|on the spot|where it (?:stands|stopped)|(?:at|beside|behind|under|next to|on) {MACHINE}\b|"
    rf"(?:in|on|beside|from|along) {GROUND})"
)
HANDLE: Final = (
    r"(?:release|press|touch|count|check|examine|inspect|look|refuelling|mend|repair|replace|change|refuel|wash|wipe|"
    r"clean|unplug|plug in|hook(?: up)?|unhook|hang|attach|fasten|fit|rig|start|restart|reset|lock|remove|pull|push|"
    r"put|turn|insert|switch|pick up|mark|probe|dig out|cut(?!s? (?:the|its) engine)|free|open|close|loosen|tighten|"
    r"catch|measure|read|take off|tie|swap|top up|disconnect|connect|photographs? of|lift|fetch|clear|dig)"
)
HANDS: Final = tuple(
    re.compile(one)
    for one in (
        rf"\b{HANDLE}(?:s|es|ed|d|ting|ing)? (?:(?:closely|at|up|out|down) )*{PART}\b",
        rf"\b{PART} (?:is|are|be|must be|may be) (?!cut){HANDLE}(?:s|es|ed|d|ted)?\b",
        rf"\b{HANDLE}(?:s|es|ed|d|ing)?\b[^,]{{0,40}}? {BESIDE}",
        rf"\b(?:at|beside|under|behind) {MACHINE}\b(?!')",
    )
)
FORBIDDEN: Final = re.compile(
    r"\b(?P<person>nobody|no one|no person|no console|no frame|not for feet|without (?:anybody|somebody|a person)|"
    r"no (?:\w+ )?(?:text|step|line|reading|page)\b)(?! (?:but|else|except)\b)|"
    r"\b(?:never|do not|don't|must not|may not|cannot)\b"
)
ANOTHER: Final = re.compile(r"\b(?:and|then)\b")
"""After "do not wait", what comes behind one of these is not forbidden; after "nobody" it is."""
AFTER_ALL: Final = re.compile(r"\b(?:until|unless|before|except|but|other than)\b")
FOR_PEOPLE: Final = re.compile(
    r"\b(?:in|on|to|into|onto|inside) (?:the |its |that |their |an |your )*(?:parking(?: bay)?|bay|safe ground|"
    r"washing place|access lanes?|workshop)\b|\bat (?:the |each visit to the )?parking\b|\bfrom safe ground\b|"
    r"\bon ground that deminers hold safe\b|\bbehind (?:the|a) follow-up team\b|\bby camera\b|\bfrom a distance\b|"
    r"\bonce people may stand beside it\b"
)
"""Ground on which people may stand, and ways to look and pull that need nobody at the machine."""
CLAUSE: Final = re.compile(r"[,:()|]|\s-\s|\bbut then\b|\band then\b")
SENTENCE: Final = re.compile(r"(?<=[.;!?])\s+|;\s*|\s*\|\s*")
WORKED_GROUND: Final = re.compile(r"\b(?:strips?|swaths?|ruts?|processed|worked|swept|treated|unproven|crater|mined)\b")
"""Names of ground that only the machine has worked. On the page of steps every sentence with one is looked at once."""


class Said(NamedTuple):
    """One sentence, and what the heading and the first column of its table row say."""

    words: str
    about: str = ""


def sends(said: Said) -> bool:
    """Whether the sentence sends a person to the machine, or onto ground that only the machine has worked."""
    words = said.words.replace("RELEASE E-STOP", "").replace("START ENGINE", "").lower()
    for clause in CLAUSE.split(words):
        if any(_is_sent(pattern, clause, places=True) for pattern in ON_FOOT):
            return True
    if FOR_PEOPLE.search(f"{words} | {said.about.lower()}"):
        return False
    return any(_is_sent(pattern, clause, places=False) for clause in CLAUSE.split(words) for pattern in HANDS)


def _is_sent(pattern: re.Pattern[str], clause: str, *, places: bool) -> bool:
    clause = clause.strip()
    for found in pattern.finditer(clause):
        before, after = clause[: found.start()], clause[found.start() :]
        if _is_forbidden(clause, found) and not AFTER_ALL.search(after):
            continue
        if places and FOR_PEOPLE.search(after) and not AFTER_ALL.search(before):
            continue
        return True
    return False


def _is_forbidden(clause: str, found: re.Match[str]) -> bool:
    for word in FORBIDDEN.finditer(clause[: found.end()]):
        between = clause[word.end() : found.start()]
        if word.start() <= found.start() and (word["person"] or not ANOTHER.search(between)):
            return True
    return False


def sentences(page: str) -> Iterator[Said]:
    """The sentences of a page of Markdown: wrapped lines are joined, cells of tables stand alone, code is left out."""
    page = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    head: list[str] = []
    for block in re.split(r"\n\s*\n", page):
        lines = block.splitlines()
        if lines and lines[0].startswith("|"):
            head = _cells(lines[0])
            for line in lines[2:]:
                yield from _row(head, _cells(line))
        elif not block.startswith("    "):
            text = re.sub(r"\n(?=\s*(?:[-*]|\d+\.) )", " ; ", block)
            yield from (Said(one) for one in _split(text))


def _row(head: list[str], cells: list[str]) -> Iterator[Said]:
    # a place in one cell of a step ("in the parking bay") does not excuse the others: only the heading does
    for title, cell in zip(head, cells, strict=False):
        yield from (Said(one, title) for one in _split(cell))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def said_in(text: str) -> list[Said]:
    """The sentences of a text without tables."""
    return [Said(one) for one in _split(text)]


def _split(text: str) -> list[str]:
    plain = re.sub(r"\]\([^)]*\)", "", re.sub(r"`[^`]*`", "CODE", text))
    plain = re.sub(r"[*\[\]#>]", "", plain)
    return [one for one in (" ".join(part.split()) for part in SENTENCE.split(plain)) if one]
