"""Declared lines: the file `timetable.toml` of a place whose timetable nobody published.

Every file says of which kind its numbers are and where they come from, as in the ledger; what is
declared here is flagged as assumed wherever it is used.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from twin.clock import parse_time_s
from twin.errors import InputError
from twin.scenario.ledger import Kind
from twin.scenario.reading import read_by
from twin.scenario.wording import fault, input_error, short

MOST_BYTES = 2**20
MODES = ("bus", "tram", "metro", "rail", "ferry", "other")
TIME_WORDS = "HH:MM between 00:00 and 30:00"


Time = Annotated[str, read_by(parse_time_s), Field(description=TIME_WORDS)]
Text = Annotated[str, Field(min_length=1)]
Lon = Annotated[float, Field(ge=-180.0, le=180.0)]
Lat = Annotated[float, Field(ge=-90.0, le=90.0)]
STOP_WORDS = "the name of a [[stop]], the id of a place, or degrees [lon, lat]"


def _stop(value: Any) -> Any:
    """A text, or lon and lat within their ranges."""
    if isinstance(value, str) and value:
        return value
    numbers = isinstance(value, list | tuple) and all(type(each) in (int, float) for each in value)
    if numbers and len(value) == 2 and abs(value[0]) <= 180.0 and abs(value[1]) <= 90.0:
        return float(value[0]), float(value[1])
    raise fault(f"{short(value)} is no stop", STOP_WORDS)


StopReference = Annotated[str | tuple[float, float], BeforeValidator(_stop)]
Headway = Annotated[float, Field(ge=60.0, le=86_400.0)]


class Closed(BaseModel):
    """A table of the file: unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StopTable(Closed):
    """A stop that lines name."""

    name: Text = Field(description="name of the stop, each once")
    lon: Lon = Field(description="degrees east, -180 to 180")
    lat: Lat = Field(description="degrees north, -90 to 90")


class PeriodTable(Closed):
    """A part of the day with a headway of its own."""

    from_: Time = Field(alias="from", description=TIME_WORDS)
    until: Time = Field(description=TIME_WORDS)
    headway_s: Headway = Field(description="seconds between two departures, 60 or more")

    @model_validator(mode="after")
    def _forward(self) -> PeriodTable:
        if parse_time_s(self.until) <= parse_time_s(self.from_):
            raise fault(f"until {self.until} is not after from {self.from_}", "a later time", ("until",))
        return self


class LineTable(Closed):
    """One line: where it stops, how often it runs and how fast it gets on."""

    name: Text = Field(description="name of the line, each once")
    mode: Literal[MODES] = Field(default="bus", description="one of " + ", ".join(MODES))  # type: ignore[valid-type]
    stops: tuple[StopReference, ...] = Field(
        min_length=2,
        description=f"two stops or more, each {STOP_WORDS}",
    )
    headway_s: Headway = Field(description="seconds between two departures, 60 or more")
    period: tuple[PeriodTable, ...] = Field(default=(), description="tables [[line.period]]")
    first: Time = Field(description=TIME_WORDS)
    last: Time = Field(description=TIME_WORDS)
    speed_kmh: float = Field(gt=0.0, le=300.0, description="km/h in a straight line between stops, 0 to 300")
    dwell_s: float = Field(ge=0.0, le=3_600.0, description="seconds at each stop on the way, 0 to 3600")
    both_ways: bool = Field(default=True, description="true or false: it also runs from the last stop back")

    @model_validator(mode="after")
    def _sound(self) -> LineTable:
        if parse_time_s(self.last) < parse_time_s(self.first):
            raise fault(f"last {self.last} is before first {self.first}", "a later time", ("last",))
        for row, (one, next_one) in enumerate(zip(self.stops[:-1], self.stops[1:], strict=True)):
            if one == next_one:
                raise fault(f"{next_one!r} follows itself", "another stop", ("stops", row + 1))
        return self

    def departures_s(self) -> list[float]:
        """Departures from the first stop, in seconds: from `first` on, each a headway after the one before.

        >>> line = LineTable(name="1", stops=["a", "b"], headway_s=1800, first="06:00", last="07:00",
        ...     speed_kmh=20, dwell_s=20)
        >>> line.departures_s()
        [21600.0, 23400.0, 25200.0]
        """
        moment, last = float(parse_time_s(self.first)), float(parse_time_s(self.last))
        departures = []
        while moment <= last:
            departures.append(moment)
            moment += self._headway_at(moment)
        return departures

    def _headway_at(self, moment_s: float) -> float:
        for each in self.period:
            if parse_time_s(each.from_) <= moment_s < parse_time_s(each.until):
                return each.headway_s
        return self.headway_s


class TimetableTable(Closed):
    """The whole file."""

    schema_version: Literal[1] = Field(description="1")
    place: Text = Field(description="name of the place")
    kind: Kind = Field(description="law, statistic, literature or assumption")
    source: Text = Field(description="where the numbers come from")
    stop: tuple[StopTable, ...] = Field(default=(), description="tables [[stop]]")
    line: tuple[LineTable, ...] = Field(min_length=1, description="at least one table [[line]]")

    @model_validator(mode="after")
    def _once(self) -> TimetableTable:
        for key, tables in (("stop", self.stop), ("line", self.line)):
            names = [each.name for each in tables]
            for row, name in enumerate(names):
                if name in names[:row]:
                    raise fault(f"{name!r} stands twice", f"a name for each {key}", (key, row, "name"))
        return self


def read_timetable_file(path: Path) -> TimetableTable:
    """The file, checked by itself; its places are checked against the territory."""
    right = "a timetable.toml in UTF-8, of 1 MiB at most"
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(str(path), f"has {path.stat().st_size:,} bytes", right)
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(str(path), f"cannot be read ({error})", right) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), str(error), "a TOML file with tables [[line]]") from None
    try:
        return TimetableTable.model_validate(table)
    except ValidationError as error:
        raise input_error(error, TimetableTable, str(path)) from None
