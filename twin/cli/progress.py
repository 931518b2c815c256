"""Progress on standard error: a bar with time left at a terminal, else one line a phase."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""


@contextmanager
def shown(quiet: bool) -> Iterator[Progress]:
    """A progress to hand to long work; what libraries print meanwhile goes to standard error."""
    with redirect_stdout(sys.stderr):
        if quiet:
            yield _silent
        elif sys.stderr.isatty():
            with _bar() as bar:
                yield bar
        else:
            yield _lines()


def _silent(share: float, text: str) -> None:
    """Say nothing."""


def _lines() -> Progress:
    last = ""

    def line(share: float, text: str) -> None:
        nonlocal last
        if text != last:
            last = text
            sys.stderr.write(f"{share:4.0%} {text}\n")
            sys.stderr.flush()

    return line


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    words = TextColumn("{task.description}", markup=False)
    with Bars(*columns, words, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=1.0)

        def update(share: float, text: str) -> None:
            bars.update(task, completed=share, description=text)

        yield update
