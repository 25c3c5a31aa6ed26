"""The `ohmtick` command."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...analysis.learning import settled_error
from ...analysis.recorded import stage_of
from ...analysis.units import share
from ...engine.errors import (
    OhmtickError,
    OhmtickWarning,
    RecordError,
    ScenarioError,
    reason,
    shortened,
    shown,
    visible,
)
from ...engine.records.run import Run
from ...engine.records.segments import UNFINISHED
from ..build import build
from ..estimate import estimate
from ..in_step import warn_in_step
from ..plugins import load_plugin
from ..resuming import resume
from ..running import ENGINES, run
from ..scenario import Scenario, library, load, naming, source_text
from ..unfinished import before as what_goes_on
from ..versions import versions
from . import listing, reproduce, seeing
from . import study as study_command
from .terminal import Terminal, interruptible, patience, snapshots_told

#: Exit codes: all went well; could not read or write; bad input; ended by Ctrl-C.
OK, IO_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `ohmtick` command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings(), interruptible():
            warnings.simplefilter("always", OhmtickWarning)
            warnings.showwarning = _warned
            for plugin in options.plugins:
                load_plugin(plugin)
            code = int(options.action(options))
            sys.stdout.flush()  # here, where it can still be said that nobody could take it
            return code
    except RecordError as error:
        return _fail(error, IO_FAILED)
    except OhmtickError as error:
        return _fail(error, BAD_INPUT)
    except MemoryError as error:
        said = f"out of memory: {error}" if str(error) else "out of memory"
        return _fail(f"{options.command} asked for more than there is: {said}", BAD_INPUT)
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        _drop_output()
        return OK
    except OSError as error:
        if error.filename is not None or not error.errno:  # a file's, or a missing library's
            return _fail(error, IO_FAILED)
        _drop_output()
        return _fail(f"cannot write the output: {reason(error)}", IO_FAILED)
    except KeyboardInterrupt as error:
        return _fail(f"interrupted; {str(error) or 'nothing was kept'}", INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ohmtick", description="A laboratory for circuits that learn without a clock."
    )
    parser.add_argument("--version", action="version", version=f"ohmtick {versions()['ohmtick']}")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", dest="command"
    )

    lists = commands.add_parser("list", help="list the scenarios of the library, or all kinds")
    lists.add_argument("what", nargs="?", choices=("scenarios", "kinds"), default="scenarios")
    lists.set_defaults(action=_list)

    show = commands.add_parser("show", help="print a scenario as TOML")
    _takes_a_scenario(show)
    show.add_argument(
        "--complete", action="store_true", help="with every key, those at their defaults too"
    )
    show.set_defaults(action=_show)

    check = commands.add_parser("check", help="say whether a scenario can run, and what it takes")
    _takes_a_scenario(check)
    _takes_a_seed(check)
    check.set_defaults(action=_check)

    running = commands.add_parser("run", help="run a scenario and keep what happened")
    _takes_a_scenario(running)
    _takes_a_seed(running)
    running.add_argument("--engine", choices=ENGINES, default="auto")
    running.add_argument(
        "--out", metavar="DIR", help="a new folder for the run; default: runs/NAME, numbered"
    )
    running.add_argument(
        "--from",
        metavar="RUN",
        dest="start",
        help="a run folder, with whose last values the edges begin; clocks begin at 0",
    )
    running.set_defaults(action=_run)

    resuming = commands.add_parser("resume", help="go on with a run from where it ended")
    resuming.add_argument(
        "run", metavar="RUN", help="a run folder, or that of a run that was killed after a snapshot"
    )
    resuming.add_argument(
        "--horizon", type=float, metavar="S", help="where it ends now; default: the scenario's own"
    )
    resuming.add_argument("--engine", choices=ENGINES, default="auto")
    resuming.add_argument("--no-stop", action="store_true", help="without the scenario's [stop]")
    resuming.add_argument(
        "--out", metavar="DIR", help="a new folder for the whole run; default: RUN, numbered"
    )
    resuming.set_defaults(action=_resume)

    study = commands.add_parser("study", help="vary a scenario, run it with many seeds, answer")
    study_command.add_arguments(study)
    study.set_defaults(action=_study)

    seeing.add_commands(commands)
    reproduce.add_command(commands)
    for command in commands.choices.values():
        command.add_argument(
            "--plugin",
            metavar="MODULE-or-FILE.py",
            action="append",
            default=[],
            dest="plugins",
            help="know the kinds of a module, too, or of a file; may be repeated",
        )
    return parser


def _takes_a_scenario(command: argparse.ArgumentParser) -> None:
    command.add_argument("scenario", metavar="NAME-or-FILE")
    command.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        dest="changes",
        help="change a key, e.g. --set edges.clock.jitter=0.2, or remove it, e.g. --set "
        "probe=none; may be repeated",
    )


def _takes_a_seed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, metavar="N", help="default: the scenario's own, or 0")


def _warned(message: Warning | str, *_: object, **__: object) -> None:
    """Say what is warned of in a line, without the line of code that does."""
    print(f"ohmtick: warning: {message}", file=sys.stderr)


def _list(options: argparse.Namespace) -> int:
    if options.what == "kinds":
        for line in listing.kinds():
            print(visible(line))
        return OK
    names = library()
    width = max(map(len, names))
    for name in names:
        print(f"{name:{width}}  {visible(load(name).title)}")
    return OK


def _show(options: argparse.Namespace) -> int:
    scenario = _scenario(options)
    as_written = not options.complete and not options.changes
    print(visible(source_text(options.scenario) if as_written else scenario.to_toml()), end="")
    return OK


def _check(options: argparse.Namespace) -> int:
    scenario = _scenario(options)
    seed = scenario.seed if options.seed is None else options.seed
    with naming(options.scenario), patience():
        found = estimate(scenario, seed)
        if found.advice:
            warnings.warn(found.advice, OhmtickWarning, stacklevel=2)
        circuit = build(scenario, seed).simulation.twin.circuit
    warn_in_step([scenario])
    print(
        f"{visible(options.scenario)} can run: {_what(scenario, circuit.nodes, len(circuit.edges))}"
    )
    print(replace(found, advice=""))
    return OK


def _run(options: argparse.Namespace) -> int:
    scenario = _scenario(options)
    out = options.out or Path("runs") / (Path(options.scenario).name.removesuffix(".toml") or "run")
    with (
        naming(options.scenario),
        snapshots_told(out),
        Terminal(scenario.horizon) as terminal,
    ):
        result = run(
            scenario,
            options.seed,
            options.engine,
            out=out,
            numbered=not options.out,
            start=options.start,
            poll=terminal.watch,
        )
    print(visible(_report(result)))
    return INTERRUPTED if result.summary["interrupted"] else OK


def _resume(options: argparse.Namespace) -> int:
    source = what_goes_on(options.run)
    horizon = source.run.scenario.horizon if options.horizon is None else options.horizon
    place = Path(options.run) if Path(options.run).name else Path(options.run).absolute()
    out = options.out or place.with_name(place.name.removesuffix(UNFINISHED))
    with snapshots_told(out), Terminal(horizon) as terminal:
        result = resume(
            source,
            horizon,
            options.engine,
            out=out,
            numbered=not options.out,
            stop=False if options.no_stop else None,
            poll=terminal.watch,
        )
    print(visible(_report(result)))
    return INTERRUPTED if result.summary["interrupted"] else OK


def _study(options: argparse.Namespace) -> int:
    return study_command.main(options, dict(map(_change, options.changes)))


def _report(result: Run) -> str:
    scenario, summary = result.scenario, result.summary
    lines = [
        scenario.title or "untitled",
        f"  what     {_what(scenario, len(result.nodes), len(result.edges))}",
        f"  run      seed {summary['seed']}, {summary['engine']} engine, "
        f"{summary['simulated_s']:g} s simulated",
        f"  error    {summary['initial_error']:.3g} V² before, "
        f"{summary['final_error']:.3g} V² after",
    ]
    if "not_compiled" in summary:
        lines.insert(3, f"           the compiled engine cannot run {summary['not_compiled']}")
    if len(result.probes) >= 4:
        lines.append(f"           {settled_error(result.probes)} over the last quarter")
    if "final_accuracy" in summary:
        lines.append(
            f"  accuracy {share(summary['initial_accuracy'])} before, "
            f"{share(summary['final_accuracy'])} after, on the test data"
        )
    if scenario.schedule:
        lines.append(f"  schedule {stage_of(result)} of {len(scenario.schedule)} changes happened")
    lines += [
        f"  updates  {summary['updates']} in {summary['wall_s']:.2f} s: "
        f"{summary['updates_per_s']:,.0f} a second",
        f"  files    {result.folder}",
    ]
    if summary["stopped_by"]:
        lines.append(f"  stopped  at {summary['simulated_s']:g} s by its {summary['stopped_by']}")
    if summary["interrupted"]:
        lines.append(f"  interrupted at {summary['simulated_s']:g} s; what happened is kept")
    return "\n".join(lines)


def _what(scenario: Scenario, nodes: int, edges: int) -> str:
    parts = scenario.edges
    kinds = (parts.rule.kind, parts.resistor.kind, f"{parts.clock.kind} clock")
    how = ", ".join(kind.replace("_", " ") for kind in kinds)
    if parts.groups:
        how += f"; {len(parts.groups)} group{'s' * (len(parts.groups) > 1)} of edges differ"
    if parts.mismatch.conductance:
        how += f"; copies mismatch by {parts.mismatch.conductance:g}"
    if scenario.physics.kind != "equilibrium":
        how += f"; {scenario.physics.kind}"
    return f"{scenario.circuit.kind.replace('_', ' ')}, {nodes} nodes, {edges} edges; {how}"


def _scenario(options: argparse.Namespace) -> Scenario:
    scenario = load(options.scenario)
    return scenario.replace(**dict(map(_change, options.changes))) if options.changes else scenario


def _change(assignment: str) -> tuple[str, Any]:
    """Return the key and the value of KEY=VALUE: TOML, or else plain text, or None for none."""
    key, equals, text = assignment.partition("=")
    key, text = key.strip(), text.strip()
    if not equals or not key:
        raise ScenarioError(f"--set must be given KEY=VALUE, got {shown(assignment)} instead")
    if text == "none":
        return key, None
    try:
        tables = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        tables = {"value": text}
    except RecursionError:
        raise ScenarioError(f"--set {shortened(key)} must not be nested so deeply") from None
    except ValueError:  # an integer of more digits than Python reads
        raise ScenarioError(f"--set {shortened(key)} must be short, got {shown(text)}") from None
    if len(tables) > 1:
        raise ScenarioError(f"--set must be given one KEY=VALUE, got {shown(assignment)} instead")
    return key, tables["value"]


def _drop_output() -> None:
    """Let what is left to print go nowhere, lest Python complain of it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(error: object, code: int) -> int:
    print(f"ohmtick: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
