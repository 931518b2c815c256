"""The one compile decorator, and the cache folder that is keyed by the kernels' own sources.

A kernel is a plain function over arrays, records (NamedTuples) of arrays and scalars. The disk cache of
compiled code is keyed by a digest over all kernel sources: a compiler's own key overlooks a changed callee.
Of processes that need the same kernel at the same time one compiles it, and the others wait for the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import wraps
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


def keeps() -> bool:
    """Whether compiled code is kept in a folder that all processes of this user share."""
    return "NUMBA_CACHE_DIR" in os.environ


def is_kept(compiled: Callable[..., Any]) -> bool:
    """Whether code of a kernel lies on disk, so that this interpreter need not compile it."""
    index = getattr(getattr(getattr(compiled, "_cache", None), "_cache_file", None), "_index_path", None)
    return index is not None and os.path.isfile(index)


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
