"""How long work tells how far it is: a callback with the share done and a few words."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""


def silent(share: float, text: str) -> None:
    """Tell nobody."""


def within(progress: Progress, begins: float, ends: float, text: str = "") -> Progress:
    """The progress of a part of the work, which goes from one share of the whole to another.

    >>> seen = []
    >>> within(lambda share, text: seen.append((share, text)), 0.5, 1.0, "seed 2")(0.5, "loading")
    >>> seen
    [(0.75, 'seed 2: loading')]
    """

    def tell(share: float, words: str) -> None:
        progress(begins + (ends - begins) * share, ": ".join(part for part in (text, words) if part))

    return tell
