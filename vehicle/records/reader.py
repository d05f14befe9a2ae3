"""The newest of a recording, whole or torn: read as far as it goes, never further than can be believed.

What is damaged is left out, and said.
"""

from pathlib import Path
from typing import Final

import msgspec

from vehicle.contracts.kept_formats import Kept
from vehicle.records import parts
from vehicle.records.parts import Attachment, Damage, End, Message, Metadata

MAGIC: Final = parts.MAGIC
RUN: Final = "run"
"""The metadata that say what the recording is of."""


class Newest(msgspec.Struct, frozen=True):
    """The newest message of a topic; `t_ns` as it was logged."""

    t_ns: int
    data: bytes


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording holds of the topics that were asked for.

    `whole`: it was finished. `read_bytes` of `total_bytes` could be read; `damaged_chunks` between them were left out.
    `end_ns`: the newest message of any topic. `attachments`: name -> content, the newest of each name.
    """

    newest: dict[str, Newest]
    run: dict[str, str]
    whole: bool
    read_bytes: int
    total_bytes: int
    damaged_chunks: int
    end_ns: int | None
    attachments: dict[str, bytes]


def read(path: Path, topics: tuple[str, ...]) -> Recording:
    """The newest message of each topic, and how far the file could be read.

    Raises:
        OSError: It cannot be read.
        InputError: It is no recording, or one of a later format.
    """
    newest: dict[str, Newest] = {}
    run: dict[str, str] = {}
    attachments: dict[str, bytes] = {}
    damaged, end_ns = 0, None
    end = End(finished=False, read_bytes=0, total_bytes=0)
    for part in parts.parts(path):
        if isinstance(part, Message):
            end_ns = part.t_ns if end_ns is None else max(part.t_ns, end_ns)
            if part.topic in topics:
                newest[part.topic] = Newest(part.t_ns, part.data)
        elif isinstance(part, Attachment):
            attachments[part.name] = part.content
        elif isinstance(part, Metadata):
            run = part.values if part.name == RUN else run
        elif isinstance(part, Damage):
            damaged += 1
        else:
            end = part
    check_format(path, run)
    return Recording(
        newest=newest,
        run=run,
        whole=end.finished and not damaged,
        read_bytes=end.read_bytes,
        total_bytes=end.total_bytes,
        damaged_chunks=damaged,
        end_ns=end_ns,
        attachments=attachments,
    )


def check_format(path: Path, run: dict[str, str]) -> int:
    """The format that the metadata say. Raises InputError where it is a later one than this program reads."""
    said = run.get("format", "1")
    number = int(said) if said.isdecimal() else 0
    Kept.RECORDING.check(path, number or said)
    return number
