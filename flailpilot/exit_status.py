"""What a command ends with."""

DONE, FAILED, BAD_INPUT = 0, 1, 2
