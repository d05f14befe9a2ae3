"""A user's mistake, told in one line."""


class InputError(Exception):
    """Bad input: the message says what, where, and what to do. The command line prints it and exits with 2."""


class NotYetError(InputError):
    """Something that is not there yet, and may come: worth trying again for so long [s]."""

    def __init__(self, words: str, patience_s: float) -> None:
        super().__init__(words)
        self.patience_s = patience_s
