"""The exit statuses of all commands."""

DONE, FAILED, BAD_INPUT = 0, 1, 2
