"""Content digest: what a territory says, whatever library wrote it and whichever Python reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

SCHEMA_VERSION = 2
DEGREES_PER_UNIT = 1e7  # coordinates in units of 1e-7 degree, as OpenStreetMap keeps them
PER_UNIT = 1e3  # everything else in thousandths: lengths and positions in mm
MISSING = np.iinfo(np.int64).min


def content_digest(tables: Mapping[str, Any]) -> str:
    """SHA-256 over tables (each a record with `columns()`), lengths and coordinates rounded to mm.

    Names of tables and columns, row counts and values are covered; file formats, library versions
    and what a folder's notes say are not.
    """
    digest = hashlib.sha256(f"territory {SCHEMA_VERSION}".encode())
    for name in sorted(tables):
        for column, value in tables[name].columns().items():
            _feed(digest, f"{name}.{column}", value)
    return digest.hexdigest()


def _feed(digest: Any, name: str, value: Any) -> None:
    array = value if isinstance(value, np.ndarray) else None
    if array is None:
        digest.update(f"|{name}:{_spelled(value)}".encode())
        return
    digest.update(f"|{name}:{array.shape}:".encode())
    if array.dtype.kind == "f":
        digest.update(_units(array, name).astype("<i8").tobytes())
    elif array.dtype.kind == "U":
        digest.update("\0".join(array.tolist()).encode())
    elif array.dtype.kind == "u":
        digest.update(array.astype("<u8").tobytes())
    else:
        digest.update(array.astype("<i8").tobytes())


def _units(array: np.ndarray, name: str) -> np.ndarray:
    """Whole units of a float column, missing values marked."""
    scale = DEGREES_PER_UNIT if name.endswith(("lon", "lat")) or "rings" in name else PER_UNIT
    wide = array.astype(np.float64)
    missing = np.isnan(wide)
    units = np.rint(np.where(missing, 0.0, wide) * scale).astype(np.int64)
    return np.where(missing, MISSING, units)


def _spelled(value: Any) -> str:
    """A nested tuple of texts, numbers, arrays of degrees and None in one spelling."""
    if isinstance(value, np.ndarray):
        return ",".join(map(str, _units(value, "rings").ravel().tolist()))
    if isinstance(value, tuple):
        return "(" + ";".join(_spelled(each) for each in value) + ")"
    return repr(value)
