"""The one compile decorator, and the cache folder that is keyed by the kernels' own sources.

A kernel is a plain function over arrays, records (NamedTuples) of arrays and scalars. The disk cache of
compiled code is keyed by a digest over all kernel sources: a compiler's own key overlooks a changed callee.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def kernel_sources_digest() -> str:
    """Digest over the sources of all kernels, in file order."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _choose_cache_folder() -> None:
    if "NUMBA_CACHE_DIR" not in os.environ:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = home / "twin" / "kernels" / kernel_sources_digest()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            return  # a home that cannot be written: compile afresh beside the sources or not at all
        os.environ["NUMBA_CACHE_DIR"] = str(folder)


_choose_cache_folder()

import numba  # noqa: E402  (the cache folder must be chosen before numba reads its settings)

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
    return cast(F, numba.njit(cache=True, **_OPTIONS)(function))


def inline_kernel(function: F) -> F:
    """Compile a small kernel that only other kernels can call; not cached by itself."""
    return cast(F, numba.njit(**_INLINE_OPTIONS)(function))


def hot_kernel(function: F) -> F:
    """Compile a small kernel into whoever calls it: for what is called millions of times with many arrays.

    A call passes every array of a record by itself, some three hundred words for those of a loading. Each
    place that calls it is compiled anew, so what is called seldom stays an `inline_kernel`.
    """
    return cast(F, numba.njit(**_INLINE_OPTIONS, forceinline=True)(function))
