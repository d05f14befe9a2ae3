"""Limits of the values in an operator's frame, for all code that makes, forwards, scales or checks one."""

STICK_CENTRE = 0.05
"""Sticks within this of their centre count as centred and neutral: they ask for no motion."""
TOOL_VALUE_MAX_M = 3.0
"""Largest height or depth in any frame; the gate limits it to the reach of the machine."""
