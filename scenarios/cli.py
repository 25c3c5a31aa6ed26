"""The `ohmtick` command."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..engine.errors import OhmtickError, RecordError, ScenarioError
from ..engine.record import Run
from .build import build
from .running import ENGINES, run
from .scenario import Scenario, library, load
from .terminal import Terminal

#: Exit codes: all went well; could not read or write; bad input; ended by Ctrl-C.
OK, IO_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `ohmtick` command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.action(options))
    except RecordError as error:
        return _fail(error, IO_FAILED)
    except OhmtickError as error:
        return _fail(error, BAD_INPUT)
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return _fail("interrupted; nothing was kept", INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ohmtick", description="A laboratory for circuits that learn without a clock."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="list the scenarios of the library")
    listing.set_defaults(action=_list)

    show = commands.add_parser("show", help="print a scenario, complete, as TOML")
    show.add_argument("scenario", metavar="NAME-or-FILE")
    show.set_defaults(action=_show)

    check = commands.add_parser("check", help="say whether a scenario can run")
    check.add_argument("scenario", metavar="NAME-or-FILE")
    check.set_defaults(action=_check)

    running = commands.add_parser("run", help="run a scenario and keep what happened")
    running.add_argument("scenario", metavar="NAME-or-FILE")
    running.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        dest="changes",
        help="change a key, e.g. --set edges.clock.jitter=0.2; may be repeated",
    )
    running.add_argument("--seed", type=int, metavar="N", help="default: the scenario's own, or 0")
    running.add_argument("--engine", choices=ENGINES, default="auto")
    running.add_argument(
        "--out", metavar="DIR", help="a new folder for the run; default: runs/NAME, numbered"
    )
    running.set_defaults(action=_run)

    plot = commands.add_parser("plot", help="draw a figure of a run")
    plot.add_argument("run", metavar="RUN", help="a run folder")
    plot.add_argument("kind", metavar="KIND", help="learning, conductances or ticks")
    plot.add_argument("--out", metavar="FILE", help="default: RUN/KIND.png")
    plot.set_defaults(action=_plot)
    return parser


def _list(options: argparse.Namespace) -> int:
    names = library()
    width = max(map(len, names))
    for name in names:
        print(f"{name:{width}}  {load(name).title}")
    return OK


def _show(options: argparse.Namespace) -> int:
    print(load(options.scenario).to_toml(), end="")
    return OK


def _check(options: argparse.Namespace) -> int:
    scenario = load(options.scenario)
    circuit = build(scenario, scenario.seed).simulation.twin.circuit
    print(f"{options.scenario} can run: {_what(scenario, circuit.nodes, len(circuit.edges))}")
    return OK


def _run(options: argparse.Namespace) -> int:
    scenario = load(options.scenario)
    scenario = scenario.replace(**dict(map(_change, options.changes)))
    folder = Path(options.out) if options.out else _free_folder(options.scenario)
    with Terminal(scenario.horizon) as terminal:
        result = run(scenario, options.seed, options.engine, out=folder, watch=terminal.watch)
    print(_report(scenario, result, folder))
    return INTERRUPTED if result.summary["interrupted"] else OK


def _plot(options: argparse.Namespace) -> int:
    from ..analysis.figures import draw

    print(draw(options.run, options.kind, options.out))
    return OK


def _report(scenario: Scenario, result: Run, folder: Path) -> str:
    from ..analysis.learning import final_error

    summary = result.summary
    lines = [
        scenario.title or "untitled",
        f"  what     {_what(scenario, len(result.nodes), len(result.edges))}",
        f"  run      seed {summary['seed']}, {summary['engine']} engine, "
        f"{summary['simulated_s']:g} s simulated",
        f"  error    {summary['initial_error']:.3g} V² before, "
        f"{summary['final_error']:.3g} V² after",
    ]
    if len(result.probes) >= 4:
        late = final_error(result.probes)
        lines.append(
            f"           {late.mean:.3g} ± {late.fluctuation:.2g} V² over the last quarter"
        )
    if "final_accuracy" in summary:
        lines.append(
            f"  accuracy {summary['initial_accuracy']:.1%} before, "
            f"{summary['final_accuracy']:.1%} after, on the test data"
        )
    lines += [
        f"  updates  {summary['updates']} in {summary['wall_s']:.2f} s: "
        f"{summary['updates_per_s']:,.0f} a second",
        f"  files    {folder}",
    ]
    if summary["interrupted"]:
        lines.append(f"  interrupted at {summary['simulated_s']:g} s; what happened is kept")
    return "\n".join(lines)


def _what(scenario: Scenario, nodes: int, edges: int) -> str:
    parts = scenario.edges
    kinds = (parts.rule.kind, parts.resistor.kind, f"{parts.clock.kind} clock")
    how = ", ".join(kind.replace("_", " ") for kind in kinds)
    return f"{scenario.circuit.kind.replace('_', ' ')}, {nodes} nodes, {edges} edges; {how}"


def _change(assignment: str) -> tuple[str, Any]:
    """Return the key and the value of KEY=VALUE; the value is TOML, or else plain text."""
    key, equals, text = assignment.partition("=")
    if not equals or not key:
        raise ScenarioError(f"--set must be given KEY=VALUE, got {assignment!r} instead")
    try:
        return key.strip(), tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), text.strip()


def _free_folder(scenario: str) -> Path:
    name = Path(scenario).name.removesuffix(".toml") or "run"
    folder, number = Path("runs") / name, 1
    while folder.exists():
        number += 1
        folder = Path("runs") / f"{name}-{number}"
    return folder


def _fail(error: object, code: int) -> int:
    print(f"ohmtick: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
