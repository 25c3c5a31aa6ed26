"""What edges learn by and what they change, as the arrays that both engines work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.compiled.state import Devices, Rules
from ..engine.errors import FunctionError, OhmtickError, shortened
from ..engine.kernels.calls import CONDUCTED, bound, conducted
from ..engine.kernels.kernel import Function, Row
from ..engine.kernels.pointers import CHANGE, CONDUCTANCE, RULE, address_of
from ..engine.kind import Kind
from ..engine.state import State
from ..engine.streams import FloatArray, Streams
from .kernels import RuleFunction, adapted, compiled
from .resistors.base import EdgeNumbers, Resistor
from .rules.base import Rule
from .signatures import check_places

#: The purpose of the draws of devices.
DRAWS = "resistor.draw"


@dataclass(frozen=True)
class Group:
    """Edges that share a rule and a resistor.

    Attributes
    ----------
    edges : ndarray
        Their numbers, ascending, shape (n,).
    rule : Rule
    resistor : Resistor
    stand_in : CompiledFunction or None
        Stands in for the rule's `change` in one run; see `stand_in`.
    later : sequence of Rule
        The rules of later stages of the run, as many in every group.
    """

    edges: EdgeNumbers
    rule: Rule
    resistor: Resistor
    stand_in: CompiledFunction | None = None
    later: Sequence[Rule] = ()


@dataclass(frozen=True)
class Learning:
    """The arrays, and the functions behind the addresses in them.

    Attributes
    ----------
    rules, devices
        As the compiled loop is handed them. Of rules there is a row for each group, and after
        these as many for each later stage.
    groups : int
        How many there are.
    rule_functions : list
        The `change` of each row of rules.
    device_functions : list of tuple
        The `change` of each row of devices, and their `conductance`, None where the value is it.
    """

    rules: Rules
    devices: Devices
    groups: int
    rule_functions: list[CompiledFunction] = field(repr=False)
    device_functions: list[tuple[CompiledFunction, CompiledFunction | None]] = field(repr=False)

    @property
    def not_compiled(self) -> list[str]:
        """What numba cannot compile, in words, and why."""
        found = [*self.rule_functions, *(each for pair in self.device_functions for each in pair)]
        why = {each.what: each.why for each in found if each and each.compiled is None}
        return [f"{what} (numba: {said})" for what, said in why.items()]

    def device(self, edge: int) -> str:
        """Return what the device of an edge is, in words."""
        return self.device_functions[int(self.devices.row[edge])][0].what

    def conductances(self) -> FloatArray:
        """Return what each edge conducts at first, S, shape (E,)."""
        values, rows = self.devices.value, self.devices.row
        if not self.devices_with_conductance.any():
            return values.copy()
        siemens = values.copy()
        for edge in np.flatnonzero(self.devices_with_conductance[rows]).tolist():
            function = self.device_functions[rows[edge]][1]
            assert function is not None
            own = self.devices.parameters[rows[edge]]
            if function.compiled is None:
                siemens[edge] = function.interpreted(values[edge], own)
            else:  # the same machine code as ever after
                address = int(self.devices.conductance[rows[edge]])
                siemens[edge] = bound(conducted, CONDUCTED, address, own)(values[edge])
        return siemens

    def begin_stage(self) -> None:
        """Let edges learn by the rules of the next stage; a new kind of rule begins anew."""
        rows, functions = self.rules.row, self.rule_functions
        for row in np.unique(rows).tolist():
            if functions[row].python is not functions[row + self.groups].python:
                self.rules.state[rows == row] = 0.0
        rows += self.groups

    def restore(self, state: State) -> None:
        """Take over what edges and devices had of their own in a state of the same run."""
        self.rules.row[:] += state.stage * self.groups
        self.rules.state[:], self.devices.state[:] = state.rule_state, state.device_state
        self.devices.value[:], self.devices.actuations[:] = state.value, state.actuations

    @property
    def devices_with_conductance(self) -> NDArray[np.bool_]:
        """Whether the value of each row's devices is no conductance, shape (D,)."""
        return np.array([pair[1] is not None for pair in self.device_functions])


@dataclass(frozen=True)
class CompiledFunction:
    """A function, and what numba made of it, or why it made nothing."""

    what: str
    python: Function
    compiled: Function | None
    why: str = ""

    def address(self, signature: Any) -> int:
        """Return where its machine code lies; 0 where there is none."""
        return 0 if self.compiled is None else address_of(self.compiled, signature)

    def interpreted(self, *arguments: Any) -> Any:
        """Return what Python makes of it.

        Raises
        ------
        FunctionError
            When it raises anything but an `OhmtickError`.
        """
        try:
            return self.python(*arguments)
        except OhmtickError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {shortened(error)}"
            raise FunctionError(f"{self.what} raised {said}") from error


def learning_of(groups: Sequence[Group], edges: int, streams: Streams) -> Learning:
    """Return the arrays of groups that together are all edges."""
    rule_row, device_row = np.empty((2, edges), dtype=np.int64)
    rule_parameters: list[tuple[float, ...]] = []
    device_parameters: list[Sequence[float]] = []
    rule_functions: list[CompiledFunction] = []
    device_functions: list[tuple[CompiledFunction, CompiledFunction | None]] = []
    changes, conductances, draws = list[int](), list[int](), list[bool]()
    own_rules = [rule for group in groups for rule in (group.rule, *group.later)]
    rule_state = np.zeros((edges, max(rule.state_size for rule in own_rules)))
    device_state = np.zeros((edges, max(group.resistor.state_size for group in groups)))
    value = np.empty(edges)
    for group in groups:
        members, rule, resistor = group.edges, group.rule, group.resistor
        rule_row[members] = len(rule_parameters)
        rule_parameters.append(_rule_parameters(group, rule))
        own = resistor.device_parameters(rule.unit, members, streams)
        alike = own is None
        rows: Sequence[Sequence[float]] = (
            [resistor.parameters(rule.unit)] if own is None else own.tolist()
        )
        first = len(device_parameters)
        device_row[members] = first if alike else first + np.arange(members.size)
        functions = _device_functions(resistor)
        device_parameters += rows
        device_functions += [functions] * len(rows)
        changes += [functions[0].address(CHANGE)] * len(rows)
        conductances += [functions[1].address(CONDUCTANCE) if functions[1] else 0] * len(rows)
        draws += [resistor.draws] * len(rows)
        value[members] = resistor.starts(members, streams)
        device_state[members, : resistor.state_size] = resistor.states(members, streams)
        rule_functions.append(_rule_function(group, rule, value[members[0]]))
        if _is_foreign(type(resistor)):
            _try_out_device(resistor, np.array(rows[0]), value[members[0]])
    for later in zip(*(group.later for group in groups), strict=True):
        for group, rule in zip(groups, later, strict=True):
            rule_parameters.append(_rule_parameters(group, rule))
            rule_functions.append(_rule_function(group, rule, value[group.edges[0]]))
    return Learning(
        Rules(
            change=np.array([each.address(RULE) for each in rule_functions], dtype=np.int64),
            row=rule_row,
            parameters=_matrix(rule_parameters),
            state=rule_state,
        ),
        Devices(
            change=np.array(changes, dtype=np.int64),
            conductance=np.array(conductances, dtype=np.int64),
            draws=np.array(draws, dtype=np.int64),
            row=device_row,
            parameters=_matrix(device_parameters),
            state=device_state,
            value=value,
            actuations=np.zeros(edges if any(draws) else 0, dtype=np.int64),
            key=streams.key(DRAWS),
        ),
        len(groups),
        rule_functions,
        device_functions,
    )


def _matrix(rows: Sequence[Sequence[float]]) -> FloatArray:
    """Return rows of unequal length as one matrix, which is never without a column."""
    filled = np.zeros((len(rows), max(1, *map(len, rows))))
    for place, row in enumerate(rows):
        filled[place, : len(row)] = row
    return filled


def _rule_parameters(group: Group, rule: Rule) -> tuple[float, ...]:
    """Return the parameters of a rule; what stands in for one gets its learning rate."""
    if group.stand_in:
        return (float(getattr(rule, "learning_rate", 1.0)),)
    return rule.parameters()


def stand_in(function: RuleFunction) -> CompiledFunction:
    """Return a function that stands in for a scenario's rule, as a rule's `change`.

    Its learning rate is the first of the rule's parameters.

    Raises
    ------
    OhmtickError
        For a function that does not take the five arguments of one.
    """

    def change(
        drop_free: float, drop_clamped: float, value: float, state: Row, parameters: Row,
        nudge: float,
    ) -> float:  # fmt: skip
        return function(drop_free, drop_clamped, value, float(parameters[0]), nudge)

    return CompiledFunction("a rule that numba cannot compile", change, *adapted(function))


def _rule_function(group: Group, rule: Rule, value: float) -> CompiledFunction:
    if group.stand_in:
        return group.stand_in
    if _is_foreign(type(rule)):
        _try_out_rule(rule, value)
    change = type(rule).change
    return CompiledFunction(_what(rule), change, *compiled(change, RULE))


def _device_functions(resistor: Resistor) -> tuple[CompiledFunction, CompiledFunction | None]:
    kind = type(resistor)
    what = _what(resistor)
    change = CompiledFunction(what, kind.change, *compiled(kind.change, CHANGE))
    if kind.conductance is None:
        return change, None
    made = compiled(kind.conductance, CONDUCTANCE)
    return change, CompiledFunction(what, kind.conductance, *made)


def _try_out_rule(rule: Rule, value: float) -> None:
    """Look for places that are not there in a rule that did not come with Ohmtick."""
    state, parameters = np.zeros(rule.state_size), np.array(rule.parameters())
    drops = ((0.3, -0.1), (-0.1, 0.3), (0.2, 0.2))
    calls = [(*pair, value, state, parameters, 0.5) for pair in drops]
    check_places(_what(rule), type(rule).change, calls)


def _try_out_device(resistor: Resistor, row: FloatArray, value: float) -> None:
    """Look for such places in a resistor."""
    kind = type(resistor)
    state = np.zeros(kind.state_size)
    tried = [(value, amount, state, row, 0.5) for amount in (1.0, -1.0, 0.0)]
    check_places(_what(resistor), kind.change, tried)
    if kind.conductance is not None:
        check_places(_what(resistor), kind.conductance, [(value, row)])


def _is_foreign(kind: type[Kind]) -> bool:
    return kind.__module__.partition(".")[0] != __name__.partition(".")[0]


def _what(part: Kind) -> str:
    """Return what a part is called: by its class where that has no kind of its own."""
    own = type(part)
    known = own.kind in part.family and part.family[own.kind] is own
    called = repr(own.kind) if known else f"of the class {own.__name__}"
    return f"the {part.family.name} {called}"
