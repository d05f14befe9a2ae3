"""What an operator's frame may say, the same for everybody who sends, carries, scales or judges one."""

STICK_CENTRE = 0.05
"""Sticks within this of their middle are centred: they ask for nothing, and count as neutral."""
TOOL_VALUE_MAX_M = 3.0
"""Height or depth that any frame may ask for; the gate keeps it within the machine's own reach."""
