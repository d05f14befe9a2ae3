"""`flailpilot`: one command for each job. Bad input is one line on stderr and exit status 2; never a traceback."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from flailpilot import keys, ledger, paper_commands, plan_command
from flailpilot.cli_numbers import WHOLE, Ago, Depth, First, Height, Jobs, Minutes, Ring, Seed, Seeds, Sigma, Value
from flailpilot.cli_options import AsJson, FeatureWish, OutDir, Outside, TaskPath, Unmarked
from flailpilot.exit_status import BAD_INPUT, FAILED
from flailpilot.numbers import plain, whole
from flailpilot.options import SimOptions
from flailpilot.repeats import refuse_repeats
from vehicle.contracts.errors import InputError

app = typer.Typer(
    name="flailpilot",
    help="Control software for remote-controlled mine-clearance flails.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

SitePath = Annotated[Path | None, typer.Option("--site", help="Site file; replaces the scenario's.")]
MachineName = Annotated[str | None, typer.Option("--machine", help="Machine profile: a name or a TOML file.")]


def _told_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it
    if asked:
        from flailpilot.version import words

        print(words())
        raise typer.Exit


@app.callback()
def about(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_told_version,
            is_eager=True,
            help="Print the program's version and the formats that it writes.",
        ),
    ] = False,
) -> None:
    """Control software for remote-controlled mine-clearance flails."""


@app.command()
def sim(
    scenario: Annotated[
        Path | None, typer.Argument(help="Scenario (TOML); without it: --site on level ground.")
    ] = None,
    site: SitePath = None,
    machine: MachineName = None,
    seed: Seed = None,
    out: OutDir = Path("runs/sim"),
    outside: Outside = None,
    broker: Annotated[str | None, typer.Option("--broker", help="HOST:PORT of an MQTT broker.")] = None,
    *,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Folder of a plan to drive; without it one is made.")
    ] = None,
    depth: Depth = None,
    feature: FeatureWish = None,
    unmarked: Unmarked = None,
    task: TaskPath = None,
    as_json: AsJson = False,
) -> None:
    """Drive a whole mission in virtual time: the unchanged stack with a simulated machine."""
    from flailpilot.simulate import run

    asked = SimOptions(
        out=out,
        scenario=scenario,
        site=site,
        machine=machine,
        seed=seed,
        outside=outside,
        broker=broker,
        plan=plan,
        depth_m=depth,
        feature=feature,
        unmarked=unmarked,
        task=task,
        as_json=as_json,
    )
    raise typer.Exit(run(asked))


app.command()(plan_command.plan)


@app.command()
def drive(
    config: Annotated[Path, typer.Argument(help="Configuration of the vehicle program (TOML).")],
    task: TaskPath = None,
) -> None:
    """Run the vehicle program on real ports; it always starts disarmed."""
    from flailpilot.drive import run

    raise typer.Exit(run(config, task))


@app.command()
def demo(
    port: Annotated[
        int, typer.Option("--port", parser=whole("--port", WHOLE, "8080"), metavar="N", help="Of the page; 0: any.")
    ] = 8080,
    speed: Annotated[
        float,
        typer.Option(
            "--speed",
            parser=plain("--speed", "a number, 0.1 to 10", "2"),
            metavar="N",
            help="Simulated seconds a second.",
        ),
    ] = 1.0,
    scenario: Annotated[Path | None, typer.Option("--scenario", help="Scenario (TOML); else a small field.")] = None,
    site: SitePath = None,
    training: Annotated[str, typer.Option("--training", metavar="NAME", help="An exercise; `list` names them.")] = "",
    state: Annotated[Path | None, typer.Option("--state", help="Folder of keys; else a temporary one.")] = None,
    *,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    headless: Annotated[bool, typer.Option("--headless", help="No console: a whole mission in virtual time.")] = False,
    out: OutDir = Path("runs/demo"),
) -> None:
    """Drive a simulated machine from the console, in real time; without a display, a whole mission in virtual time."""
    from flailpilot.demo import DemoOptions, run

    asked = DemoOptions(
        port=port, speed=speed, scenario=scenario, site=site, training=training, browser=browser, state=state,
        headless=headless, out=out,
    )  # fmt: skip
    raise typer.Exit(run(asked))


@app.command(hidden=True)
def demo_console(settings: Annotated[Path, typer.Argument(help="Made by demo.")]) -> None:
    """Run the console's server for `demo`; it ends with it."""
    from flailpilot.demo_console import main as serve

    raise typer.Exit(serve(settings))


@app.command()
def console(
    config: Annotated[Path, typer.Argument(help="Configuration of the console (TOML).")],
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            parser=whole("--port", "a whole number, 0 for a free one", "8080"),
            metavar="N",
            help="Port of the page; else the file's.",
        ),
    ] = None,
    *,
    text: Annotated[bool, typer.Option("--text", help="In this terminal: shows the state, SPACE is STOP.")] = False,
) -> None:
    """Open the operator's console: serves its page to a browser on this computer."""
    from flailpilot.console import run

    raise typer.Exit(run(config, port, text=text))


@app.command()
def stop(
    key: Annotated[Path, typer.Argument(help="Key file of this station, made with `keys create --stop-only`.")],
    vehicle: Annotated[str, typer.Option("--vehicle", help="HOST:PORT of the vehicle.")] = "127.0.0.1:14555",
    *,
    name: Annotated[str, typer.Option("--name", help="What the machine is called; else its number.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Send STOP, wait for the answer, exit 0 or 1.")] = False,
    serve: Annotated[
        str | None, typer.Option("--serve", metavar="HOST:PORT", help="A page with the button, for a phone.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help="Share the place of the post: LAT,LON in degrees.")] = None,
    ring: Ring = None,
) -> None:
    """A station that can do nothing but STOP: for sentry, medic and team leader."""
    from flailpilot import stop as stopping

    asked = stopping.Asked(key=key, vehicle=vehicle, name=name, once=once, serve=serve, at=at, ring_m=ring)
    raise typer.Exit(stopping.run(asked))


@app.command()
def video(config: Annotated[Path, typer.Argument(help="Configuration of the vehicle program (TOML).")]) -> None:
    """Serve the machine's cameras to consoles, in a separate program beside `drive`."""
    from vehicle.runtime.video_program import video as serve

    serve(config)
    raise typer.Exit(0)


@app.command()
def replay(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or its run.mcap.", show_default=False)],
    *,
    as_json: AsJson = False,
) -> None:
    """Run a recording of sim or drive again; name the first tick and field that this program makes different."""
    from flailpilot import replay as replays

    raise typer.Exit(replays.run(run, as_json=as_json))


app.command()(paper_commands.report)
app.command()(paper_commands.figures)
app.command()(paper_commands.days)


@app.command()
def doctor(
    config: Annotated[Path, typer.Argument(help="Configuration of the vehicle program (TOML).")],
    *,
    as_json: AsJson = False,
) -> None:
    """Check configuration, port, handshake, clock, disk, broker and keys; say what to do about each failure."""
    from flailpilot.doctor import run

    raise typer.Exit(run(config, as_json=as_json))


app.add_typer(keys.app, name="keys")
app.add_typer(ledger.app, name="ledger")
app.command("incident")(ledger.incident)


@app.command()
def observe(
    kind: Annotated[str, typer.Argument(help="depth | base | hammers | detonation | find | note")],
    value: Value = None,
    key: Annotated[Path, typer.Option("--key", help="Key file of this station alone.")] = Path("observer.json"),
    vehicle: Annotated[str, typer.Option("--vehicle", help="HOST:PORT of the vehicle.")] = "127.0.0.1:14555",
    *,
    sigma: Sigma = None,
    height: Height = None,
    at: Annotated[str | None, typer.Option("--at", help="LAT,LON in degrees.")] = None,
    where: Annotated[str | None, typer.Option("--from", help="depth: arm | strip | behind")] = None,
    missing: Annotated[str, typer.Option("--missing", help="hammers: missing at tracks N,N; 1 = far right.")] = "",
    who: Annotated[str, typer.Option("--who", help="Who measured or saw it.")] = "",
    text: Annotated[str, typer.Option("--text", help="A note, at most 50 bytes; base: which control point.")] = "",
    ago: Ago = 0.0,
    yes: Annotated[
        bool, typer.Option("--yes", help="hammers: do not ask whether a count that is short is meant.")
    ] = False,
) -> None:
    """Send a measurement or an observation to the vehicle; it is recorded and moves nothing."""
    from flailpilot import observe as observing

    asked = observing.Asked(
        kind=kind, value=value, sigma=sigma, height=height, at=at, where=where, missing=missing, who=who, text=text,
        key=key, vehicle=vehicle, yes=yes, ago_min=ago,
    )  # fmt: skip
    raise typer.Exit(observing.run(asked))


@app.command()
def shift(
    config: Annotated[
        Path | None, typer.Argument(help="Configuration of the vehicle program, for its address; or --vehicle.")
    ] = None,
    vehicle: Annotated[str | None, typer.Option("--vehicle", help="HOST:PORT of the vehicle.")] = None,
    key: Annotated[Path, typer.Option("--key", help="Key file of this station alone.")] = Path("observer.json"),
    *,
    who: Annotated[str, typer.Option("--who", help="Whose words are recorded, at most 20 bytes.")] = "",
    done: Annotated[str | None, typer.Option("--done", metavar="ITEM", help="Tell one item as done.")] = None,
    not_done: Annotated[
        str | None, typer.Option("--not-done", metavar="ITEM", help="Tell one item as not done; with --because.")
    ] = None,
    because: Annotated[str, typer.Option("--because", help="Why it was not done.")] = "",
    minutes: Minutes = None,
    to: Annotated[str, typer.Option("--to", help="hand-over: who takes over.")] = "",
    role: Annotated[str, typer.Option("--role", help="sign-in: the role.")] = "",
    listed: Annotated[
        bool, typer.Option("--list", help="Show the shift; exit status 1 while START of a mission is blocked.")
    ] = False,
) -> None:
    """Guide through the working day; each act is recorded by the vehicle and moves nothing."""
    from flailpilot import shift as shifts

    asked = shifts.Asked(
        config=config, vehicle=vehicle, key=key, who=who, done=done, not_done=not_done, because=because,
        minutes=minutes, to=to, role=role, listed=listed,
    )  # fmt: skip
    raise typer.Exit(shifts.run(asked))


@app.command()
def campaign(
    out: Annotated[Path, typer.Argument(help="Folder for campaign.json.")] = Path("runs/campaign"),
    seeds: Seeds = 60,
    first: First = 0,
    jobs: Jobs = None,
    keep: Annotated[str | None, typer.Option("--keep", help="Repeat the first seed with these events only.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Inject random faults into short runs and check every invariant, then that it can be driven again."""
    from flailpilot import campaign as campaigns

    raise typer.Exit(campaigns.run(out, seeds, first, jobs, keep, as_json=as_json))


refuse_repeats(app)


def fail(message: str) -> NoReturn:
    """Print one clear line and exit with status 2."""
    sys.stderr.write(f"flailpilot: {' '.join(message.split())}\n")  # a file name or a field may contain line ends
    raise SystemExit(BAD_INPUT)


def main() -> None:
    """Entry point of the `flailpilot` command."""
    try:
        app()
    except InputError as error:
        fail(str(error))
    except BrokenPipeError:
        raise SystemExit(FAILED) from None
    except OSError as error:  # a full disk, a folder without write permission
        fail(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))
