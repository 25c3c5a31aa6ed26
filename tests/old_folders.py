"""Run folders as earlier versions wrote them."""

from __future__ import annotations

import json
from pathlib import Path


def as_of_an_earlier_version(folder: Path, without: str = "") -> None:
    """Take the digests out of a run folder, and a file that earlier versions did not have."""
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    del summary["files"], summary["digest"]
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    if without:
        (folder / without).unlink()
