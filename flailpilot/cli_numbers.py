"""Numbers on the command line: each with its unit, its help, and one clear error line."""

from typing import Annotated

import typer

from flailpilot.numbers import metres, plain, seconds, whole

TimeLimit = Annotated[
    float,
    typer.Option(
        "--time-limit",
        parser=seconds("--time-limit", "120"),
        metavar="S",
        help="Seconds of work, counted and not by a clock, after which the best plan so far is taken.",
    ),
]
Soil = Annotated[
    float | None,
    typer.Option(
        "--soil",
        parser=plain("--soil", "MJ/m3, a number", "1.5"),
        metavar="MJ",
        help="Energy that the soil takes, MJ/m3: 1 loose, 1.5 if not said, 7 hard dry clay. Decides the hours.",
    ),
]
WHOLE = "a whole number"
Seed = Annotated[
    int | None,
    typer.Option("--seed", parser=whole("--seed", WHOLE, "7"), metavar="N", help="Seed of every noise source."),
]
Value = Annotated[
    float | None,
    typer.Argument(
        parser=plain("VALUE", "a number: metres of depth or off a point, hammers, a class", "0.17"),
        metavar="[VALUE]",
        help="m of depth, m off a control point, hammers, class, objects",
    ),
]
Sigma = Annotated[
    float | None,
    typer.Option(
        "--sigma",
        parser=plain("--sigma", "a number in the unit of the value", "0.01"),
        metavar="N",
        help="1-sigma of the value.",
    ),
]
Height = Annotated[
    float | None,
    typer.Option("--height", parser=metres("--height", "0.01"), metavar="M", help="base: difference in height, m."),
]
Ago = Annotated[
    float,
    typer.Option(
        "--ago",
        parser=plain("--ago", "minutes since it was measured, a number", "20"),
        metavar="MIN",
        help="Minutes since it was measured.",
    ),
]
Ring = Annotated[
    float | None,
    typer.Option("--ring", parser=metres("--ring", "50"), metavar="M", help="With --at: ring round the post, m."),
]
Seeds = Annotated[
    int,
    typer.Option(
        "--seeds",
        parser=whole("--seeds", WHOLE, "60"),
        metavar="N",
        help="How many seeds; one is up to 2.5 simulated minutes.",
    ),
]
First = Annotated[
    int, typer.Option("--first", parser=whole("--first", WHOLE, "0"), metavar="N", help="The first seed.")
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", parser=whole("--jobs", WHOLE, "2"), metavar="N", help="Processes; default: one a core."),
]
NetHours = Annotated[
    float | None,
    typer.Option(
        "--net-hours",
        parser=plain("--net-hours", "hours a working day with the tool down, a number", "2.5"),
        metavar="H",
        help="Hours of an 8 h day with the tool down, for the site days; if not said they are given for 2 and 3.5.",
    ),
]
Minutes = Annotated[
    float | None,
    typer.Option(
        "--minutes",
        parser=plain("--minutes", "how long it took in minutes, a number", "5"),
        metavar="MIN",
        help="How long it took, in minutes.",
    ),
]
Overlap = Annotated[
    float | None,
    typer.Option(
        "--overlap",
        parser=metres("--overlap", "0.2"),
        metavar="M",
        help="Overlap in metres; default: computed from the credit rule.",
    ),
]
Depth = Annotated[
    float | None,
    typer.Option(
        "--depth",
        parser=metres("--depth", "0.15"),
        metavar="M",
        help="Required processing depth in metres; default: the site's own.",
    ),
]
Overrun = Annotated[
    float | None,
    typer.Option(
        "--overrun",
        parser=metres("--overrun", "1.0"),
        metavar="M",
        help="Unknown ground outside is worked no further than this from the work area; else what the site allows (2).",
    ),
]
