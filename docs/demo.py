"""Draws the run that `make demo` has just made, and writes its report."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

import ohmtick as ot
from ohmtick.analysis import plots
from ohmtick.analysis.report.runs import write_report

latest = max(Path("runs").glob("breadboard-iii*"), key=lambda folder: folder.stat().st_mtime)
run = ot.open_run(latest)
figure, (above, below) = plt.subplots(2, figsize=(5.0, 5.0), layout="constrained")
plots.learning_curve(run.probes, ax=above)
above.set_title(run.summary["title"], fontsize="medium")
plots.ticks(run.events, start=0.0, stop=10.0, ax=below)
figure.savefig(latest / "demo.png", dpi=150)
print(f"  figure   {latest / 'demo.png'}: the error, and when each edge ticked")
page = write_report([latest], latest / "report.html")
print(f"  report   {page}: open it in a browser, and press space")
