"""Reads the newest message of each topic from a recording, complete or torn.

Damaged parts are left out and reported.
"""

from pathlib import Path
from typing import Final

import msgspec

from vehicle.contracts.kept_formats import Kept
from vehicle.records import parts
from vehicle.records.parts import Attachment, Damage, End, Message, Metadata

MAGIC: Final = parts.MAGIC
RUN: Final = "run"
"""Name of the metadata record that describes the run."""


class Newest(msgspec.Struct, frozen=True):
    """The newest message of a topic; `t_ns` is its log time."""

    t_ns: int
    data: bytes


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Content of a recording for the requested topics.

    `whole`: the writer closed the file. `read_bytes` of `total_bytes` could be read; `damaged_chunks` between them were
    left out. `end_ns`: log time of the newest message of any topic. `attachments`: name -> newest content.
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
        InputError: The file is no recording, or has a later format.
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
    """Check the format in the metadata. Raises InputError if it is later than this program reads."""
    said = run.get("format", "1")
    number = int(said) if said.isdecimal() else 0
    Kept.RECORDING.check(path, number or said)
    return number
