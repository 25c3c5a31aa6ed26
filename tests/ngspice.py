"""The SPICE of the system, for tests: what it makes of a netlist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest


def ngspice(netlist: str, commands: str = "print all") -> dict[str, float]:
    """Return what ngspice prints of a netlist's operating point, to 16 digits, by name.

    Where there is none the test is skipped, but on CI it fails.
    """
    if shutil.which("ngspice") is None:
        absent = "there is no ngspice here: apt-get install ngspice"
        if os.environ.get("CI"):
            pytest.fail(absent)
        pytest.skip(absent)
    control = f".control\nset numdgt=16\nop\n{commands}\nquit 0\n.endc\n.end\n"
    before, end, _ = netlist.rpartition(".end\n")
    assert end
    said = subprocess.run(
        ["ngspice", "-b", "/dev/stdin"],
        input=before + control,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "rror" not in said.stdout + said.stderr, said
    printed = re.findall(r"^(\S+) = (\S+)$", said.stdout, re.MULTILINE)
    return {name: float(value) for name, value in printed}
