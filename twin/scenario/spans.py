"""Spans of the day as a scenario writes them: ``["08:00-08:45", "16:15-17:00"]``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from twin.clock import parse_time_s
from twin.errors import InputError
from twin.scenario.wording import fault


def spans_of(value: Any) -> Any:
    """Spans of the day as texts; the ledger has them as hours, one after another: begin, end, begin, end."""
    if isinstance(value, list | tuple) and value and all(isinstance(each, float) for each in value):
        clock = [f"{int(hour):02d}:{round(hour % 1 * 60):02d}" for hour in value]
        return tuple(f"{begin}-{end}" for begin, end in zip(clock[::2], clock[1::2], strict=True))
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _span(text: str) -> str:
    begin, dash, end = text.partition("-")
    try:
        right = dash and parse_time_s(begin) < parse_time_s(end)
    except InputError:
        right = False
    if not right:
        raise fault(f"{text!r} is no span of the day", "HH:MM-HH:MM, the end after the beginning")
    return text


def ends_s(spans: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Begin and end of each span [s].

    >>> ends_s(("08:00-08:45", "16:15-17:00"))
    ((28800, 31500), (58500, 61200))
    """
    ends = (each.split("-") for each in spans)
    return tuple((parse_time_s(begin), parse_time_s(end)) for begin, end in ends)


Spans = Annotated[
    tuple[Annotated[str, AfterValidator(_span)], ...], BeforeValidator(spans_of), Field(min_length=1)
]
