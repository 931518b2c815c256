"""The folder in which compiled kernels are kept, keyed by the kernels' own sources.

A compiler's own key overlooks a changed callee. Knows nothing of the compiler, which takes long to load.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def kernel_sources_digest() -> str:
    """Digest over the sources of all kernels, in file order."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def choose_folder() -> Path | None:
    """The folder, made if need be, and told to the compiler; None where the user's home cannot be written.

    Then kernels are compiled afresh beside the sources or not at all.
    """
    if "NUMBA_CACHE_DIR" not in os.environ:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = home / "twin" / "kernels" / kernel_sources_digest()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            return None
        os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return Path(os.environ["NUMBA_CACHE_DIR"])


def are_kept(kernels: Sequence[str]) -> bool:
    """Whether code of kernels (``loading.advance``) lies there for this interpreter: it need not compile."""
    folder, interpreter = choose_folder(), f"py{sys.version_info.major}{sys.version_info.minor}"
    return folder is not None and all(any(folder.glob(f"*/{name}-*.{interpreter}.nbi")) for name in kernels)
