"""Peers: other simulators that a benchmark runs beside the twin, never needed by it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from twin.errors import InputError

PACKAGE_OF = {
    "uxsim": "uxsim",
    "sumo": "eclipse-sumo",
    "libsumo": "libsumo",
    "pandana": "pandana",
    "aequilibrae": "aequilibrae",
    "openmatrix": "openmatrix",
    "pandas": "pandas",
}


def check(module: str) -> None:
    """Is a peer there? Asked without loading it: some talk on standard output when loaded."""
    package = module.partition(".")[0]
    if find_spec(package) is None:
        raise InputError(
            f"peer {module}",
            "is not installed",
            f"pip install {PACKAGE_OF[package]}, or the extra 'peers' of this project",
        )


def need(module: str) -> ModuleType:
    """A peer's module; one clear line where it is not installed."""
    check(module)
    return import_module(module)
