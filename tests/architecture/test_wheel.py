"""The wheel holds what the program runs, and nothing that only tests or benchmarks import."""

import grimp

PACKAGES = ("vehicle", "firmware_bridge", "sim", "campaign", "console", "flailpilot", "configs")
ENTRIES = ("flailpilot.__main__", "flailpilot.cli", "console.server.planning.worker")
"""What is run by its name: the command, and the worker process of the operator's console."""
BUILT_WITH = {"firmware_bridge.mavlink.build_hook", "firmware_bridge.mavlink.generate", "configs"}
"""What the build of the wheel runs, and a folder of files that are data."""


def test_every_module_is_reached_from_the_command():
    graph = grimp.build_graph(*PACKAGES)
    parents = {module.rpartition(".")[0] for module in graph.modules}
    reached, to_see = set(), [*ENTRIES]
    while to_see:
        module = to_see.pop()
        if module not in reached:
            reached.add(module)
            to_see += graph.find_modules_directly_imported_by(module)
    assert graph.modules - reached - parents == BUILT_WITH
