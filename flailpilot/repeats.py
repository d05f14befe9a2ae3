"""An option that is given twice is refused: the last would win, though the first may be what was meant."""

from collections import Counter

import typer
from typer.core import TyperCommand, TyperOption

from vehicle.contracts.errors import InputError


class OnceCommand(TyperCommand):
    """A command whose options are given once each, except those that take several values."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the arguments of the command line.

        Raises:
            InputError: An option is given twice.
        """
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = Counter(one for one in order if isinstance(one, TyperOption) and not (one.multiple or one.is_eager))
        if twice := next((one for one, times in given.items() if times > 1), None):
            raise InputError(f"{'/'.join((*twice.opts, *twice.secondary_opts))} is given twice; keep one")
        return super().parse_args(ctx, args)


def refuse_repeats(app: typer.Typer) -> None:
    """Make every command of an application, and of its groups, refuse repeated options."""
    for command in app.registered_commands:
        command.cls = OnceCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            refuse_repeats(group.typer_instance)
