"""The one compile decorator.

A kernel is a plain function over arrays, records (NamedTuples) of arrays and scalars. Compiled ones are kept
on disk (`twin.kernels.folder`). Of processes that need the same kernel at the same time one compiles it, and
the others wait for the disk.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from twin.kernels.folder import choose_folder

F = TypeVar("F", bound=Callable[..., Any])


choose_folder()

import numba  # noqa: E402  (the cache folder must be chosen before numba reads its settings)
from numba.core.compiler_lock import global_compiler_lock  # noqa: E402

# Numba ships types, but neither for its settings nor for all options of its compiler.
cast(Any, numba.config).CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR", cast(Any, numba.config).CACHE_DIR)

# Kernels never allocate: what they need comes in as arguments. So reference counting is switched off
# (`_nrt`), which is worth a factor of six where records of many arrays pass between functions; a kernel
# that allocates does not compile. Nobody calls them from C; leaving out the wrapper for that, and the one
# for Python where only kernels call, halves the time to compile.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "fastmath": False,
    "error_model": "numpy",
    "_nrt": False,
    "no_cfunc_wrapper": True,
}
_INLINE_OPTIONS = _OPTIONS | {"no_cpython_wrapper": True}


def kernel(function: F) -> F:
    """Compile a kernel: cached on disk, releases the interpreter lock, no fast-math, no allocation."""
    compiled = numba.njit(cache=True, **_OPTIONS)(function)
    compiled.compile = _by_one_process(compiled.compile, f"{function.__module__}.{function.__qualname__}")
    return cast(F, compiled)


def read_only(array: np.ndarray) -> np.ndarray:
    """A view that nobody may write to.

    A kernel is compiled anew for arrays that may not be written. Where some who call it have such arrays and
    some have not, it is compiled once for what it only reads.

    >>> read_only(np.zeros(2)).flags.writeable
    False
    """
    view = array.view()
    view.flags.writeable = False
    return view


def _by_one_process(compile_: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The same, by one process at a time: who waited finds on disk what the other compiled."""

    @wraps(compile_)
    def alone(*signature: Any) -> Any:
        # the compiler's own lock first: no thread waits for it with a kernel's file in its hand
        with global_compiler_lock, _held(name):
            return compile_(*signature)

    return alone


@contextmanager
def _held(name: str) -> Iterator[None]:
    """Hold a kernel's file in the cache folder; it is let go when the process ends, however it ends."""
    path = Path(os.environ.get("NUMBA_CACHE_DIR", os.devnull)) / f"{name}.lock"
    with ExitStack() as until_done:
        with suppress(OSError):  # a folder that cannot be written or locked: each compiles for itself
            file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
            until_done.callback(os.close, file)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def inline_kernel(function: F) -> F:
    """Compile a small kernel that only other kernels can call; not cached by itself."""
    return cast(F, numba.njit(**_INLINE_OPTIONS)(function))


def hot_kernel(function: F) -> F:
    """Compile a small kernel into whoever calls it: for what is called millions of times with many arrays.

    A call passes every array of a record by itself, some three hundred words for those of a loading. Each
    place that calls it is compiled anew, so what is called seldom stays an `inline_kernel`.
    """
    return cast(F, numba.njit(**_INLINE_OPTIONS, forceinline=True)(function))
