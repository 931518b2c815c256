"""Ask for memory before it is needed: where waiting for it is what takes the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def _prefetch(typing_context: Any, array: Any, row: Any) -> Any:
    """Ask for the cache line in which row of a one-dimensional array begins; changes nothing but the time."""
    if not (isinstance(array, types.Array) and array.ndim == 1 and isinstance(row, types.Integer)):
        return None

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, row_type = signature.args
        made = context.make_array(kind)(context, builder, arguments[0])
        index = context.cast(builder, arguments[1], row_type, types.intp)
        place = cast(Any, cgutils).get_item_pointer(context, builder, kind, made, [index], wraparound=False)
        byte = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        signature_of = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        called = builder.module.declare_intrinsic("llvm.prefetch", [byte], signature_of)
        read, keep, data = number(0), number(3), number(1)
        builder.call(called, [builder.bitcast(place, byte), read, keep, data])
        return context.get_dummy_value()

    return types.none(array, row), build


prefetch = cast(Callable[[Any, int], None], _prefetch)
"""As compiled code calls it: an array and a row."""
