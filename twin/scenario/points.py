"""Points as a scenario writes them: ``[lon, lat]``, one or several."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

Point = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]


def listed_points(value: Any) -> Any:
    """A point as a tuple; several, or names among them, as a tuple with tuples in it.

    >>> listed_points([[7.40, 43.75], "town hall"])
    ((7.4, 43.75), 'town hall')
    """
    if not isinstance(value, list | tuple):
        return value
    return tuple(tuple(each) if isinstance(each, list) else each for each in value)
