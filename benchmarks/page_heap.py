"""What the console's page holds in the browser's memory, each time after its garbage is collected.

The JavaScript heap of a page is three things. What the page itself keeps: objects, arrays, texts, closures and their
shapes. What the browser compiled of its functions: machine code, bytecode and what was noted for them. It compiles a
function after so many calls, so functions that are seldom called still add to it after an hour. The rest are the
browser's own tables, among them the lists of which compiled code depends on what. What a page lets pile up is in the
first: a snapshot of the heap tells it apart.
"""

import json
from collections import Counter
from typing import Any

import msgspec

from tests.console.page.browser import Page

KEPT = frozenset(
    (
        "object", "array", "string", "concatenated string", "sliced string", "number", "bigint", "symbol", "regexp",
        "closure", "object shape",
    )
)  # fmt: skip
"""Types of a snapshot's nodes that are the page's own; of the others "code" is what the browser compiled."""
LOOKS = 5
"""One collection leaves what is let go of in several: maps, bytecode that is not run any more. The page runs on between
collection and look, so the least of these counts."""


class Held(msgspec.Struct, frozen=True):
    """Bytes, and counts of what a document has. `outside`: array buffers and what the document's elements take."""

    heap: int
    kept: int
    compiled: int
    outside: int
    nodes: int
    listeners: int

    def __str__(self) -> str:
        rest = self.heap - self.kept - self.compiled
        return (
            f"heap {self.heap / 1e6:.2f} MB = page {self.kept / 1e6:.3f} + compiled {self.compiled / 1e6:.2f}"
            f" + browser's tables {rest / 1e6:.2f}; outside {self.outside / 1e6:.2f} MB,"
            f" {self.nodes} nodes, {self.listeners} listeners"
        )


def look(page: Page) -> Held:
    """After the garbage is collected."""
    uses = []
    for _ in range(LOOKS):
        page.cdp("HeapProfiler.collectGarbage")
        uses.append(page.cdp("Runtime.getHeapUsage"))
    sizes = by_type(snapshot(page))
    document = page.cdp("Memory.getDOMCounters")
    return Held(
        heap=int(min(one["usedSize"] for one in uses)),
        kept=sum(sizes[kind] for kind in KEPT),
        compiled=sizes["code"],
        outside=int(min(one["backingStorageSize"] + one["embedderHeapUsedSize"] for one in uses)),
        nodes=int(document["nodes"]),
        listeners=int(document["jsEventListeners"]),
    )


def snapshot(page: Page) -> dict[str, Any]:
    """The heap's nodes as Chrome's own tools save them; it collects the garbage first."""
    page.driver.command_executor.add_command("heapSnapshot", "GET", "/session/$sessionId/chromium/heap_snapshot")
    found: dict[str, Any] = json.loads(page.driver.execute("heapSnapshot")["value"])
    return found


def by_type(found: dict[str, Any]) -> Counter[str]:
    """Bytes of a snapshot's nodes."""
    fields, types = (found["snapshot"]["meta"][name] for name in ("node_fields", "node_types"))
    kind, size, step = fields.index("type"), fields.index("self_size"), len(fields)
    nodes, sizes = found["nodes"], Counter[str]()
    for at in range(0, len(nodes), step):
        sizes[types[kind][nodes[at + kind]]] += nodes[at + size]
    return sizes
