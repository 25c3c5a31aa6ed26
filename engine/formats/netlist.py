"""Circuits as SPICE netlists: resistors, and what is held by voltage sources.

A netlist calls a node ``n_`` and its label, where that is a word in small letters, and else ``n``
and its number; comments say which label that is, and where to draw it. ``0``, the ground, is no
node of the circuit that is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..circuit import Circuit
from ..errors import CircuitError, shortened, shown
from ..networks.network import FloatArray

_WORD = re.compile(r"[a-z0-9_]{1,32}")
_NUMBER = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(meg|mil|[tgkmunpfa])?[a-z]*", re.IGNORECASE
)
_SCALE = {
    "t": 1e12, "g": 1e9, "meg": 1e6, "k": 1e3, "mil": 25.4e-6, "m": 1e-3, "u": 1e-6, "n": 1e-9,
    "p": 1e-12, "f": 1e-15, "a": 1e-18,
}  # fmt: skip
_NODE = re.compile(r'\*node (\S+) ("(?:[^"\\]|\\.)*")(?: (\S+) (\S+))?')
_GROUND = {"0", "gnd"}
#: What a netlist tells a simulator to do, which is not what the circuit is.
_COMMANDS = {
    ".ac", ".backanno", ".dc", ".end", ".ic", ".meas", ".measure", ".nodeset", ".op", ".option",
    ".options", ".plot", ".print", ".probe", ".save", ".title", ".tran", ".width",
}  # fmt: skip
#: What is said of commands that are refused; of any other, that it is not known.
_OWN, _PLAIN = "have its resistors in itself", "have its numbers written out, and no parameters"
_MUST = {
    ".include": _OWN, ".inc": _OWN, ".lib": _OWN, ".subckt": _OWN, ".ends": _OWN,
    ".param": _PLAIN, ".params": _PLAIN, ".func": _PLAIN, ".step": _PLAIN,
    ".model": "have resistors without models",
    ".temp": "have resistances that are the same at all temperatures",
}  # fmt: skip


def write_netlist(
    circuit: Circuit,
    conductances: FloatArray,
    held: Mapping[int, tuple[str, float]],
    title: str,
) -> str:
    """Return a netlist whose operating point is that of a circuit.

    Parameters
    ----------
    circuit
        Its edges are ``R0``, ``R1``, …; one that conducts nothing is a comment.
    conductances
        S, shape (E,).
    held
        Which nodes voltage sources hold: what each source is called, and its voltage, V.
    title
        The first line.
    """
    names = [
        f"n_{label}" if _WORD.fullmatch(label) else f"n{index}"
        for index, label in enumerate(circuit.labels)
    ]
    lines = [f"* {shortened(title)}", "* Nodes: their names here, their labels, their positions."]
    for index, (name, label) in enumerate(zip(names, circuit.labels, strict=True)):
        place = [] if circuit.positions is None else circuit.positions[index].tolist()
        lines.append(" ".join(["*node", name, json.dumps(label), *map(repr, place)]))
    ends = circuit.edges.tolist()
    for edge, ((tail, head), k) in enumerate(zip(ends, conductances.tolist(), strict=True)):
        between = f"{names[tail]} {names[head]}"
        lines.append(f"R{edge} {between} {1.0 / k!r}" if k else f"* R{edge} {between} is cut")
    lines += [f"V{what} {names[node]} 0 {volts!r}" for node, (what, volts) in held.items()]
    return "\n".join([*lines, ".op", ".end", ""])


def read_netlist(content: bytes) -> tuple[Circuit, FloatArray]:
    """Return the circuit of the resistors of a netlist, and their conductances, S.

    A voltage source from a node to the ground holds that node: that is the task's to say, and is
    not read. Nor is what tells a simulator what to do.

    Raises
    ------
    CircuitError
        For any other element, a resistance that is no positive number, or text that is no netlist.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise CircuitError("must be a netlist, got what is no UTF-8 text") from None
    number, labels, places = _table(text)
    edges, conductances = [], []
    for line, words in _elements(text):
        if words[0][0] in "rR":
            conductances.append(1.0 / _resistance(words, line))
            ends = ["0" if name.lower() in _GROUND else name for name in words[1:3]]
            for name in ends:
                if name.lower() not in number:
                    number[name.lower()] = len(labels)
                    labels.append(name)
            edges.append([number[name.lower()] for name in ends])
        elif words[0][0] not in "vV" or not {word.lower() for word in words[1:3]} & _GROUND:
            raise CircuitError(
                f"line {line}: a netlist must have resistors, and voltage sources from a node to "
                f"the ground, got {shown(' '.join(words))}"
            )
    if not edges:
        raise CircuitError("must be a netlist with resistors, got none")
    placed = places if len(places) == len(labels) else None
    circuit = Circuit(edges, nodes=len(labels), labels=labels, positions=placed)
    return circuit, np.array(conductances)


def _table(text: str) -> tuple[dict[str, int], list[str], list[tuple[float, float]]]:
    """Return what comments say of the nodes: their numbers by name, their labels, their places."""
    number: dict[str, int] = {}
    labels: list[str] = []
    places: list[tuple[float, float]] = []
    for line, raw in enumerate(text.splitlines(), start=1):
        if found := _NODE.fullmatch(raw.strip()):
            try:
                number[found[1].lower()] = len(labels)
                labels.append(json.loads(found[2]))
                if found[3]:
                    places.append((float(found[3]), float(found[4])))
            except ValueError:
                raise CircuitError(
                    f"line {line}: must be '*node name \"label\" x y', got {shown(raw)}"
                ) from None
    return number, labels, places


def _elements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the words of each element's line, to which its continuations belong."""
    title, *rest = text.splitlines() or [""]
    if re.match(r"\s*[rR]\S*\s+\S+\s+\S+\s+[.\d]", title):
        raise CircuitError(
            "line 1: the first line of a netlist must be its title, which is not read, "
            f"got {shown(title)}"
        )
    held: tuple[int, list[str]] | None = None
    control = False
    for line, raw in enumerate(rest, start=2):
        words = re.split(r";|(?:^|\s)\$\s", raw)[0].replace("=", " = ").split()
        if not words or words[0][0] == "*":
            continue
        command = words[0].lower()
        if command in (".control", ".endc"):
            control = command == ".control"
        elif control:
            continue
        elif command[0] == "+":
            if held is not None:  # else it goes on with what is not read
                held[1].extend(" ".join(words)[1:].split())
        else:
            if held is not None:
                yield held
            held = None if command[0] == "." else (line, words)
            if command == ".end":
                break
            if held is None and command not in _COMMANDS:
                must = _MUST.get(command, "have resistors, and no commands that are not known")
                raise CircuitError(
                    f"line {line}: a netlist must {must}, got {shown(' '.join(words))}"
                )
    if held is not None:
        yield held


def _resistance(words: Sequence[str], line: int) -> float:
    """Return the resistance of a resistor, Ω."""
    value = words[5:] if [word.lower() for word in words[3:5]] == ["r", "="] else words[3:]
    found = _NUMBER.fullmatch(value[0]) if len(value) == 1 else None
    ohm = float(found[1]) * _SCALE.get((found[2] or "").lower(), 1.0) if found else 0.0
    if not 0.0 < ohm < float("inf"):
        raise CircuitError(
            f"line {line}: a resistor must be 'Rname node node resistance' with a positive number, "
            f"got {shown(' '.join(words))}"
        )
    return ohm
