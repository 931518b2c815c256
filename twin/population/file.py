"""The file `population.toml` of a place: inhabitants by area, travellers and counts by gateway group.

It may name a census and a table of places of the user's own.

Every table says of which kind its numbers are and where they come from, as in the ledger.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from twin.errors import InputError
from twin.population.residents.archetypes import HOUSEHOLD_TYPES, N_BANDS
from twin.scenario.ledger import Kind
from twin.scenario.wording import fault, input_error

SCHEMA_VERSION = 1
DENSITY_CLASSES = ("dense", "town", "village")
OUTSIDE_PURPOSES = ("work", "business", "school", "shop", "health", "counter", "leisure", "visit")
"""What residents may leave the area for."""


def _shares(n_values: int, what: str) -> AfterValidator:
    """A list of that many numbers >= 0 that sum to 1, brought to 1 exactly."""

    def check(values: tuple[float, ...]) -> tuple[float, ...]:
        if len(values) != n_values or any(value < 0.0 for value in values):
            raise fault(
                f"{len(values)} shares, the least {min(values, default=0):g}",
                f"{n_values} shares >= 0: {what}",
            )
        total = sum(values)
        if not 0.99 <= total <= 1.01:
            raise fault(f"the shares sum to {total:g}", f"{n_values} shares that sum to 1: {what}")
        return tuple(value / total for value in values)

    return AfterValidator(check)


def _profile(values: tuple[float, ...]) -> tuple[float, ...]:
    if len(values) != 24 or min(values) < 0.0 or sum(values) <= 0.0:
        raise fault(f"{len(values)} values are no hourly profile", "24 values >= 0 from 00:00 on, not all 0")
    return tuple(value / sum(values) for value in values)


def _weights(values: dict[str, float]) -> dict[str, float]:
    if not values or min(values.values()) < 0.0 or sum(values.values()) <= 0.0:
        raise fault("the weights of the gateway groups do not sum to more than 0", "weights >= 0 by group")
    return values


Profile = Annotated[tuple[float, ...], AfterValidator(_profile)]
Weights = Annotated[dict[str, float], AfterValidator(_weights)]
Text = Annotated[str, Field(min_length=1)]


class Frozen(BaseModel):
    """A table of the file: unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(description="law, statistic, literature or assumption")
    source: Text = Field(description="where the numbers come from")


class AreaTable(Frozen):
    """Inhabitants of a zone, or of one commune's part of it; what is left out is the ledger's."""

    zone: Text = Field(description="name of a zone of the territory")
    commune: str | None = Field(default=None, description="name of a commune of the territory")
    inhabitants: int = Field(ge=0, description="a whole number of inhabitants, 0 or more")
    density_class: Literal["dense", "town", "village"] = Field(description="dense, town or village")
    legal_regime: Text = Field(description="the state whose law holds, for example France")
    class_source: Text | None = Field(
        default=None, description="where density class and legal regime come from"
    )
    household_size: float | None = Field(
        default=None, gt=1.0, le=8.0, description="persons per household, 1 to 8"
    )
    household_types: Annotated[tuple[float, ...], _shares(5, ", ".join(HOUSEHOLD_TYPES))] | None = None
    age_shares: (
        Annotated[tuple[float, ...], _shares(N_BANDS, "ages 0-5, 6-10, 11-14, 15-17, 18-24, ...")] | None
    ) = None
    outside_shares: dict[Literal[OUTSIDE_PURPOSES], Annotated[float, Field(ge=0.0, le=1.0)]] | None = Field(  # type: ignore[valid-type]
        default=None, description="shares 0 to 1 of " + ", ".join(OUTSIDE_PURPOSES) + " that lie outside"
    )
    gates: Weights | None = Field(
        default=None, description="weights >= 0 by gateway group, of trips to outside"
    )


class CommutersTable(Frozen):
    """Car trips of those who live outside and work in a zone: in the morning in, later out."""

    zone: Text = Field(description="name of the zone where they work")
    trips_per_day: float = Field(ge=0.0, description="car trips a day, in and out together, 0 or more")
    gates: Weights = Field(description="weights >= 0 by gateway group")
    arrival_profile: Profile = Field(description="24 values >= 0: passing the gate inwards, by hour")


class ThroughTable(Frozen):
    """Vehicles that enter by one gateway group and leave by another."""

    enter: Text = Field(description="name of a gateway group")
    leave: Text = Field(description="name of a gateway group")
    vehicles_per_day: float = Field(ge=0.0, description="vehicles a day, 0 or more")
    profile: Profile = Field(description="24 values >= 0: passing the gate inwards, by hour")


class FileTable(Frozen):
    """A CSV file of the user's own; docs/population.md says what stands in it."""

    file: Text = Field(description="name of a CSV file, from the folder of population.toml on")


class CountTable(Frozen):
    """Vehicles counted as they come in by a gateway group within some hours of a weekday."""

    gate: Text = Field(description="name of a gateway group")
    from_hour: int = Field(default=0, ge=0, le=23, description="a whole hour, 0 to 23")
    until_hour: int = Field(default=24, ge=1, le=24, description="a whole hour, 1 to 24, after from_hour")
    vehicles: float = Field(ge=0.0, allow_inf_nan=False, description="vehicles within these hours, 0 or more")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until_hour <= self.from_hour:
            raise fault(
                f"from {self.from_hour} until {self.until_hour} is no time", "an hour after from_hour"
            )
        return self


class CalibrationTable(Frozen):
    """What the totals of commuters and of through traffic were fitted to by living days."""

    counts: int = Field(ge=1, description="how many counts of streets")
    met: bool = Field(description="true where each was met")
    worst_error: float = Field(
        ge=0.0, allow_inf_nan=False, description="largest error, as a part of its count"
    )


class PopulationTable(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(description="1")
    place: Text = Field(description="name of the place")
    census: FileTable | None = Field(default=None, description="a table [census] with file, kind, source")
    places: FileTable | None = Field(default=None, description="a table [places] with file, kind, source")
    area: tuple[AreaTable, ...] = Field(default=(), description="at least one table [[area]]")
    commuters: tuple[CommutersTable, ...] = Field(default=(), description="tables [[commuters]]")
    through: tuple[ThroughTable, ...] = Field(default=(), description="tables [[through]]")
    count: tuple[CountTable, ...] = Field(default=(), description="tables [[count]]")
    calibration: CalibrationTable | None = Field(default=None, description="a table [calibration]")

    @model_validator(mode="after")
    def _tells_of_people(self) -> PopulationTable:
        if not self.area and self.census is None and self.places is None:
            raise fault("missing", "at least one table [[area]]", ("area",))
        return self


def files_named(path: Path) -> tuple[Path, ...]:
    """A `population.toml` and the files that it names, all of which a population depends on.

    A file that cannot be read names none; whoever reads it for its numbers is told.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return (path,)
    named = [
        part.get("file") for part in (table.get("census"), table.get("places")) if isinstance(part, dict)
    ]
    return (path, *(path.parent / each for each in named if isinstance(each, str)))


def read_population_file(path: Path) -> PopulationTable:
    """The file, checked by itself; names of zones, communes and gates are checked against the territory."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read ({error})", "a population.toml in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), str(error), "a TOML file with tables [[area]]") from None
    try:
        return PopulationTable.model_validate(table)
    except ValidationError as error:
        raise input_error(error, PopulationTable, str(path)) from None


def with_scaled_totals(text: str, commuters: Sequence[float], through: Sequence[float], where: str) -> str:
    """The text of a file, its totals of commuters and of through traffic times these factors.

    >>> with_scaled_totals("[[through]]\\nvehicles_per_day = 200 # counted", (), (1.25,), "here")
    '[[through]]\\nvehicles_per_day = 250.0 # counted'
    """
    left = {"trips_per_day": list(commuters), "vehicles_per_day": list(through)}

    def scaled(found: re.Match[str]) -> str:
        if not left[found["key"]]:
            raise InputError(where, f"{found['key']} stands where it is not read", "one table a heading")
        return f"{found['before']}{float(found['value']) * left[found['key']].pop(0):.1f}"

    changed = _TOTALS.sub(scaled, text)
    if any(left.values()):
        raise InputError(
            where, "a total cannot be found", "each total on a line of its own, as a plain number"
        )
    return changed


def with_calibration(text: str, told: CalibrationTable) -> str:
    """The text of a file that ends with this table [calibration], in place of an earlier one."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in told.model_dump().items()]
    return _CALIBRATION.sub("", text).rstrip() + "\n\n[calibration]\n" + "\n".join(lines) + "\n"


_CALIBRATION = re.compile(r"^\[calibration\]\n[^\[]*", re.MULTILINE)
_TOTALS = re.compile(
    r"^(?P<before>\s*(?P<key>trips_per_day|vehicles_per_day)\s*=\s*)(?P<value>[0-9.]+)", re.MULTILINE
)
