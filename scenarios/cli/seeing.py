"""The subcommands that look at what was recorded: plot, report, animate, export."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ...analysis.report.figures import FIGURES, draw
from ...analysis.runs import open_run
from ...engine.errors import OhmtickError
from ...engine.formats.files import SPICE
from ..export import export
from ..replay import COPIES

#: What each format of an export is called, and the suffix that it has unless told.
SUFFIXES = {"spice": ".cir", "graphml": ".graphml", "json": ".json"}
#: What a suffix says.
FORMATS = {suffix: name for name, suffix in SUFFIXES.items()} | dict.fromkeys(SPICE, "spice")


def add_commands(commands: Any) -> None:
    """Add them to the subcommands of `ohmtick`."""
    plot = commands.add_parser("plot", help="draw a figure of a run or of a study")
    plot.add_argument("run", metavar="RUN", help="a run folder, or a study folder")
    plot.add_argument(
        "kind",
        metavar="KIND",
        help=f"{', '.join(FIGURES)}; of a study learning, response-KEY or heat-map-KEY-KEY",
    )
    plot.add_argument("--out", metavar="FILE", help="default: RUN/KIND.png")
    plot.set_defaults(action=_plot)

    report = commands.add_parser(
        "report", help="write one HTML file: what ran, the figures, and a replay"
    )
    report.add_argument(
        "runs", metavar="RUN", nargs="+", help="run folders, shown side by side, or a study folder"
    )
    report.add_argument("--out", metavar="FILE", help="default: RUN/report.html, of the first")
    report.set_defaults(action=_report)

    animate = commands.add_parser("animate", help="make a film of a run, for talks")
    animate.add_argument(
        "runs", metavar="RUN", nargs="+", help="run folders; several play side by side"
    )
    animate.add_argument("--out", metavar="FILE", required=True, help=".gif, or .mp4 with ffmpeg")
    animate.add_argument("--start", type=float, metavar="S", default=0.0, help="simulated s")
    animate.add_argument("--stop", type=float, metavar="S", help="default: the end")
    animate.add_argument("--frames", type=int, metavar="N", default=150)
    animate.add_argument("--fps", type=int, metavar="N", default=15, help="frames a second")
    animate.set_defaults(action=_animate)

    exporting = commands.add_parser("export", help="write the network of a run for other programs")
    exporting.add_argument("run", metavar="RUN", help="a run folder")
    exporting.add_argument("--to", choices=SUFFIXES, help="default: spice, or what --out ends in")
    exporting.add_argument("--out", metavar="FILE", help="default: RUN/COPY.cir, .graphml or .json")
    exporting.add_argument("--copy", choices=COPIES, default="free")
    exporting.add_argument("--at", type=float, metavar="S", help="simulated s; default: the end")
    exporting.add_argument(
        "--datum", type=int, metavar="N", help="what is presented, from 0; default: what was then"
    )
    exporting.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    exporting.set_defaults(action=_export)


def _plot(options: argparse.Namespace) -> int:
    print(draw(options.run, options.kind, options.out))
    return 0


def _report(options: argparse.Namespace) -> int:
    from ...analysis.report.runs import write_report

    out = options.out or f"{options.runs[0].rstrip('/')}/report.html"
    print(write_report(options.runs, out))
    return 0


def _animate(options: argparse.Namespace) -> int:

    from ...analysis.report.animation import animate

    with tqdm(total=options.frames, unit="frame", disable=not sys.stderr.isatty()) as bar:
        film = animate(
            options.runs,
            options.out,
            window=(options.start, options.stop),
            frames=options.frames,
            fps=options.fps,
            watch=lambda frame, frames: bar.update(),
        )
    print(film)
    return 0


def _export(options: argparse.Namespace) -> int:
    suffix = SUFFIXES[options.to or "spice"]
    out = Path(options.out) if options.out else Path(options.run, options.copy + suffix)
    if options.to and FORMATS.get(out.suffix.lower()) != options.to:
        raise OhmtickError(f"--to {options.to} and --out {out} are of two formats")
    run = open_run(options.run)
    print(export(run, out, options.copy, options.at, options.datum, overwrite=options.overwrite))
    return 0
