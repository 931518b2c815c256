"""Where maps and pages hang: results ask for pictures without knowing what draws them.

The study room stands below the report room and does not import it. The package's facade hangs a
drawer here when both are wanted.
"""

from __future__ import annotations

from typing import Any, Protocol

from twin.errors import WorkError


class Drawer(Protocol):
    """What draws a result or a comparison."""

    def map(self, subject: Any, column: str) -> Any:
        """A map of a column of the links."""

    def page(self, subject: Any) -> str:
        """One self-contained HTML page."""


_hung: list[Drawer] = []


def hang(drawer: Drawer) -> None:
    """Let this drawer draw from now on."""
    _hung[:] = [drawer]


def drawer() -> Drawer:
    """The drawer that hangs."""
    if not _hung:
        raise WorkError("nothing draws here: take `run` and `compare` from the package `twin` itself")
    return _hung[0]
