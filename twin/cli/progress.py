"""Progress on standard error: a bar with time left at a terminal, else a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import count

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""

LINE_EVERY = 0.05
"""Share of the work between two lines."""


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


def stepwise(progress: Progress, n_steps: int) -> Callable[[str], None]:
    """A progress for work that names its steps and not its share.

    >>> stepwise(lambda share, text: print(f"{share:.0%} {text}"), 2)("reading")
    0% reading
    """
    begun = count()

    def step(text: str) -> None:
        progress(min(next(begun) / n_steps, 1.0), text)

    return step


def _lines() -> Progress:
    next_share = LINE_EVERY  # bad input is mostly found before, and is one line

    def line(share: float, text: str) -> None:
        nonlocal next_share
        if share >= next_share:
            next_share = share + LINE_EVERY
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
