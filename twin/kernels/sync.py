"""Threads that wait for each other at the end of every step of a loading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from twin.kernels.jit import inline_kernel

SPINS = 2_000
"""Looks at the barrier before a thread lets others have its processor."""


def _place(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Address of an element of a one-dimensional array."""
    kind, row = signature.args[:2]
    made = context.make_array(kind)(context, builder, arguments[0])
    index = context.cast(builder, arguments[1], row, types.intp)
    return cast(Any, cgutils).get_item_pointer(context, builder, kind, made, [index], wraparound=False)


def _of_whole_numbers(array: Any) -> bool:
    return isinstance(array, types.Array) and array.ndim == 1 and array.dtype == types.int64


@intrinsic
def _add(typing_context: Any, array: Any, row: Any, value: Any) -> Any:
    """Add to an element, at once; returns what it was before. Who reads it sees all writes before it."""
    if not _of_whole_numbers(array):
        return None

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.cast(builder, arguments[2], signature.args[2], types.int64)
        return builder.atomic_rmw("add", _place(context, builder, signature, arguments), number, "acq_rel")

    return types.int64(array, row, value), build


@intrinsic
def _read(typing_context: Any, array: Any, row: Any) -> Any:
    """Read an element, and all that was written before it was."""
    if not _of_whole_numbers(array):
        return None

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_place(context, builder, signature, arguments), "acquire", 8)

    return types.int64(array, row), build


@intrinsic
def _yield_processor(typing_context: Any) -> Any:
    """Let another thread have the processor (POSIX sched_yield)."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        function = cast(Any, cgutils).get_or_insert_function(builder.module, kind, "sched_yield")
        builder.call(function, [])
        return context.get_dummy_value()

    return types.none(), build


add_at_once = cast(Callable[[np.ndarray, int, int], int], _add)
read_at_once = cast(Callable[[np.ndarray, int], int], _read)
yield_processor = cast(Callable[[], None], _yield_processor)


@inline_kernel
def meet(meeting: np.ndarray, n_threads: int) -> None:
    """Wait until so many threads have come: all that each wrote before, each may read after.

    meeting[0] counts who has come, meeting[16] how often all had.
    """
    opened = read_at_once(meeting, 16)
    if add_at_once(meeting, 0, 1) == n_threads - 1:
        add_at_once(meeting, 0, -n_threads)
        add_at_once(meeting, 16, 1)
        return
    spins = 0
    while read_at_once(meeting, 16) == opened:
        spins += 1
        if spins > SPINS:
            yield_processor()
