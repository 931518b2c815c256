"""Peers: other simulators that a benchmark runs beside the twin, never needed by it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from twin.errors import InputError

PACKAGE_OF = {"uxsim": "uxsim", "sumo": "eclipse-sumo", "libsumo": "libsumo"}


def need(module: str) -> ModuleType:
    """A peer's module; one clear line where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"peer {module}",
            "is not installed",
            f"pip install {PACKAGE_OF[module]}, or the extra 'peers' of this project",
        ) from error
