"""The two ways a command can end other than well: bad input, or work that failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class TwinError(Exception):
    """Base of every error this package raises on purpose."""


class InputError(TwinError):
    """The user gave something that cannot be used; nothing was written.

    Parameters
    ----------
    where
        File, key or element id at fault.
    what
        What is wrong with it.
    right
        What would be right.

    Examples
    --------
    >>> print(InputError("village.toml: focus", "no zone 'la_turbi'", "one of la_turbie, eze"))
    village.toml: focus: no zone 'la_turbi'; right would be: one of la_turbie, eze
    """

    def __init__(self, where: str, what: str, right: str) -> None:
        super().__init__(where, what, right)
        self.where = where
        self.what = what
        self.right = right

    def __str__(self) -> str:
        return " ".join(f"{self.where}: {self.what}; right would be: {self.right}".split())


class WorkError(TwinError):
    """The work itself failed although the input was good."""


@contextmanager
def needing(extra: str) -> Iterator[None]:
    """Imports of an optional extra: where it is not installed, one line says how to have it."""
    try:
        yield
    except ImportError as error:
        right = f"pip install 'twin[{extra}]', which brings it"
        raise InputError(f"the extra `{extra}`", f"{error.name} is not installed", right) from None
