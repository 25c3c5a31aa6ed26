"""Compiled functions by address.

The event loop calls the network's kernels and the learning rule by address. If it called them by
name, the compiler would optimise all of them over again inside it, for many seconds and to no
gain; and a rule of the user's would have the whole loop compiled for it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import boolean, float64, int64, types
from numba.core import cgutils
from numba.extending import intrinsic

from .kernel import Function, Ints

REALS, INTS = float64[::1], int64[::1]
#: Where the reals and the integers of a state begin. What is called at each event is handed these
#: in place of arrays, which numba hands over as seven numbers each: that takes a sixth of an event
#: on a small circuit.
REALS_AT: Any
INTS_AT: Any
REALS_AT, INTS_AT = types.CPointer(float64), types.CPointer(int64)  # type: ignore[no-untyped-call]
_DROPS = types.Tuple((int64, float64, float64))  # type: ignore[no-untyped-call]
#: An edge's drops: what is needed first, free, clamped. And the same from Python.
READ = _DROPS(REALS_AT, INTS_AT, int64, float64)
READ_ARRAYS = _DROPS(REALS, INTS, int64, float64)
#: A conductance is written; whether a check is due. And the same from Python.
WRITE = boolean(REALS_AT, INTS_AT, int64, float64, float64)
WRITE_ARRAYS = boolean(REALS, INTS, int64, float64, float64)
#: A datum is held.
PRESENT = int64(REALS, INTS, REALS, REALS, float64, float64)
#: Outputs of many inputs.
RESPOND = int64(REALS, INTS, float64[:, ::1], float64[:, ::1])
#: Something done to the network as a whole.
STEP = int64(REALS, INTS)
#: What an observer asks of some nodes.
OBSERVE = int64(REALS, INTS, INTS, float64, REALS)
#: The kernels of a network, in the order of `~ohmtick.engine.kernels.network`.
NETWORK = (READ, WRITE, PRESENT, RESPOND, STEP, STEP, STEP, OBSERVE)
#: An edge's own numbers, or its parameters: the first of them.
ROW = types.CPointer(float64)  # type: ignore[no-untyped-call]
#: A rule's change: both drops, the value, the edge's state and parameters, the nudge.
RULE = float64(float64, float64, float64, ROW, ROW, float64)
#: A device's change: the value, the amount, its state and parameters, a draw.
CHANGE = float64(float64, float64, ROW, ROW, float64)
#: What a device conducts: the value, its parameters.
CONDUCTANCE = float64(float64, ROW)


def address_of(function: Any, signature: Any) -> int:
    """Return the address of the machine code of a numba function for one signature.

    What the function returns is converted to what the signature says.
    """
    compiled = _compiled(function, signature)
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


def entry(function: Any, signature: Any) -> Function:
    """Return a numba function as Python calls it for one signature only.

    It takes a tenth of a microsecond less a call, since nobody looks at the types of the arguments.
    """
    point: Function = _compiled(function, signature).entry_point
    return point


def addresses_of(network: tuple[Function, ...]) -> Ints:
    """Return the addresses of a network's kernels, shape (CALLS,)."""
    kernels = zip(network, NETWORK, strict=True)
    return np.array([address_of(*each) for each in kernels], dtype=np.int64)


def entry_for(function: Any, arguments: tuple[Any, ...]) -> Function:
    """Return a numba function as Python calls it for arguments of the types of these only.

    It was called with such before. Looking at the types of named tuples takes it ten times as long
    as a call.
    """
    types_of = tuple(function.typeof_pyval(each) for each in arguments)
    point: Function = function.overloads[types_of].entry_point
    return point


@lru_cache(maxsize=64)
def _compiled(function: Any, signature: Any) -> Any:
    """Return the code for one signature; looking it up takes as long as a hundred events."""
    function.compile(signature)
    return function.overloads[tuple(signature.args)]


def _function_at(signature: Any) -> Function:
    kind = types.FunctionType(signature)

    @intrinsic
    def function_at(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
            function = cgutils.create_struct_proxy(kind)(context, builder)  # type: ignore[no-untyped-call]
            function.jit_addr = builder.inttoptr(values[0], cgutils.voidptr_t)
            return function._getvalue()

        return kind(int64), generate

    return function_at


@intrinsic
def _pointer_at(typing_context: Any, array: Any, place: Any) -> Any:
    pointer = array if isinstance(array, types.CPointer) else types.CPointer(array.dtype)  # type: ignore[no-untyped-call]

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        begin, offset = values
        if array is not pointer:
            begin = context.make_array(array)(context, builder, begin).data
        return builder.gep(begin, [offset])

    return pointer(array, int64), generate


# In compiled code: a pointer to an element of a contiguous array, or as far on from a pointer.
pointer_at: Function = _pointer_at
# In compiled code: the function of such a signature that lies at an address.
read_at = _function_at(READ)
write_at = _function_at(WRITE)
present_at = _function_at(PRESENT)
respond_at = _function_at(RESPOND)
step_at = _function_at(STEP)
observe_at = _function_at(OBSERVE)
rule_at = _function_at(RULE)
change_at = _function_at(CHANGE)
conductance_at = _function_at(CONDUCTANCE)


def _row_of(typing_context: Any, matrix: Any, row: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, values[0])
        step = cgutils.unpack_tuple(builder, array.strides, 2)[0]  # type: ignore[no-untyped-call]
        address = builder.add(
            builder.ptrtoint(array.data, cgutils.intp_t), builder.mul(values[1], step)
        )
        return builder.inttoptr(address, context.get_value_type(ROW))

    return ROW(matrix, int64), generate


#: In compiled code: a row of a contiguous matrix, as a pointer; a view costs more than a rule does.
row_of: Function = intrinsic(_row_of)


@intrinsic
def _row_at(typing_context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(ROW))

    return ROW(int64), generate


#: In compiled code: the row that lies at an address.
row_at: Function = _row_at
