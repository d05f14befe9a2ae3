"""A user's mistake, told in one line."""


class InputError(Exception):
    """Bad input: the message says what, where, and what to do. The command line prints it and exits with 2."""
