"""The options `--elevation`, `--gtfs` and `--date`: what is laid over a map."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from twin.errors import InputError

Elevation = Annotated[
    Path | None,
    typer.Option("--elevation", metavar="FILE", help="Heights: GeoTIFF, .hgt or CSV."),
]
Gtfs = Annotated[Path | None, typer.Option("--gtfs", metavar="FEED", help="Timetable: a GTFS zip or folder.")]
Date = Annotated[
    str | None,
    typer.Option("--date", metavar="YYYY-MM-DD", help="Service day; default the feed's busiest weekday."),
]
FeedDay = tuple[Path, dt.date | None]
"""A feed, and the service day wanted of it."""


class Overlays(NamedTuple):
    """What is laid over a map: heights, and a timetable."""

    elevation: Path | None = None
    feed: FeedDay | None = None


def with_overlays(command: Callable[..., None]) -> Callable[..., None]:
    """The command with these options, handed to it as one argument ``overlays``."""
    signature = inspect.signature(command, eval_str=True)
    options = {"elevation": Elevation, "gtfs": Gtfs, "date": Date}
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [each.replace(kind=keyword) for name, each in signature.parameters.items() if name != "overlays"]
    added = [
        inspect.Parameter(name, keyword, default=None, annotation=kind) for name, kind in options.items()
    ]

    @wraps(command)
    def wrapped(
        *, elevation: Path | None = None, gtfs: Path | None = None, date: str | None = None, **others: Any
    ) -> None:
        command(**others, overlays=Overlays(elevation, feed_day(gtfs, date)))

    at = next((row for row, each in enumerate(own) if each.name == "as_json"), len(own))
    parameters = [*own[:at], *added, *own[at:]]
    vars(wrapped)["__signature__"] = signature.replace(parameters=parameters)
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
    return wrapped


def feed_day(gtfs: Path | None, date: str | None) -> FeedDay | None:
    """What the two options say.

    >>> feed_day(Path("feed.zip"), "2026-03-02")[1]
    datetime.date(2026, 3, 2)
    """
    if gtfs is None:
        if date is not None:
            raise InputError("--date", "there is no feed to take a day of", "--gtfs FEED with it")
        return None
    try:
        return gtfs, None if date is None else dt.datetime.strptime(date, "%Y-%m-%d").date()
    except ValueError:
        raise InputError("--date", f"{date!r} is no date", "YYYY-MM-DD, for example 2026-03-02") from None
