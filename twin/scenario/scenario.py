"""A scenario: a baseline and typed modifications, as frozen values."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, PrivateAttr, SerializeAsAny, model_validator

from twin.clock import is_date, parse_date, parse_month
from twin.errors import InputError
from twin.scenario.actors import Provider, SensorFleet, Share
from twin.scenario.assembly import APP_SHARE_ROW, assemble, leaves, written_at
from twin.scenario.coherence import check_coherent
from twin.scenario.false_data import FalseObservations
from twin.scenario.files import Merged, Origin, ScenarioSource, merge_chain, read_file, read_text
from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification
from twin.scenario.modifications import AddSensorFleet, AppShare, DataAgreement
from twin.scenario.reading import as_tuple, read_by, read_focus
from twin.scenario.selectors import Model, Name
from twin.scenario.territories import find_territory, find_timetable
from twin.scenario.utility_events import UTILITY_KINDS
from twin.scenario.withdrawal import WithdrawProvider
from twin.scenario.wording import Location, fault, nearest, spell

SCHEMA_VERSION = 1
REPORTED_ONLY = ("title", "description", "focus")
"""Keys that name or select what is reported; they never enter the simulation."""

K = TypeVar("K", bound=Modification)


class Scenario(Model):
    """A question asked of a territory; made by `load`, `loads` or `varied`.

    >>> scenario = Scenario.loads('title = "A day"\\nterritory = "riviera"\\napp_share = 0.3')
    >>> scenario.app_share, scenario.focus
    (0.3, 'all')
    """

    schema_version: Literal[1] = Field(1, description=str(SCHEMA_VERSION))
    title: Name = Field(description="a text")
    description: str = Field("", description="a text")
    territory: Name = Field(description="a folder in networks/, or a path relative to the scenario file")
    timetable: Name | None = Field(
        None,
        description="a GTFS feed or a timetable.toml beside the scenario file or in the territory's folder",
    )
    focus: Annotated[str | tuple[str, ...], BeforeValidator(read_focus)] = "all"
    month: Annotated[str, read_by(parse_month)] = Field("2027-01", description="a month YYYY-MM")
    date: Annotated[str, read_by(parse_date)] | None = Field(
        None, description="a date YYYY-MM-DD: its kind of day, weather and incidents; none: a mean weekday"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(1, description="a whole number, 0 or more")
    app_share: Share = Field(
        default_factory=lambda: float(Parameters.defaults()[APP_SHARE_ROW]),
        description="share of travellers who consult a provider, between 0 and 1",
    )
    demand_scale: Annotated[float, Field(gt=0, le=10)] = Field(
        1.0, description="a factor above 0 and up to 10"
    )
    providers: Annotated[tuple[Provider, ...], BeforeValidator(as_tuple)] = Field(
        (), alias="provider", description="[[provider]] tables"
    )
    sensor_fleets: Annotated[tuple[SensorFleet, ...], BeforeValidator(as_tuple)] = Field(
        (), alias="sensor_fleet", description="[[sensor_fleet]] tables"
    )
    parameters: dict[str, Any] = Field(default_factory=dict, description="a table of ledger names and values")
    utilities: bool | None = Field(
        None, description="true or false: are networks reckoned; omitted: where something befalls them"
    )
    modifications: tuple[SerializeAsAny[Modification], ...] = Field(
        (), alias="modification", description="[[modification]] tables"
    )
    _merged: Merged | None = PrivateAttr(None)
    _ground: Path | None = PrivateAttr(None)

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """The scenario of a file, with all that it extends."""
        return cls._of(merge_chain(read_file(Path(path)), Path(path)))

    @classmethod
    def loads(cls, text: str, folder: str | Path = ".") -> Scenario:
        """The scenario of a TOML text; paths in it are relative to `folder`."""
        return cls._of(merge_chain(read_text(text, "scenario", Path(folder))))

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any], label: str = "scenario") -> Scenario:
        """The scenario of tables such as `resolved` gives."""
        return cls._of(merge_chain(ScenarioSource(label, Path(), dict(tables))))

    @classmethod
    def _of(cls, merged: Merged) -> Scenario:
        scenario = assemble(merged, cls)
        scenario._merged = merged
        check_coherent(scenario)
        return scenario

    @model_validator(mode="before")
    @classmethod
    def _month_of_date(cls, data: Any) -> Any:
        """A date tells the month, unless one is given."""
        date = data.get("date") if isinstance(data, dict) else None
        return {"month": date[:7], **data} if isinstance(date, str) and is_date(date) else data

    @model_validator(mode="after")
    def _holds_together(self) -> Scenario:
        if self.date is not None and self.date[:7] != self.month:
            raise fault(f"{self.date} is not in the month {self.month}", self.date[:7], ("month",))
        _check_names("provider", [each.name for each in self.providers])
        _check_names("sensor_fleet", [each.name for each in self.fleets(in_force=False)])
        total = sum(each.market_share for each in self.providers)
        if self.providers and abs(total - 1.0) > 1e-9:
            raise fault(f"market shares of the providers sum to {total:g}", "a sum of 1", ("provider",))
        providers = [each.name for each in self.providers]
        fleets = [
            *(each.name for each in self.fleets(in_force=False)),
            *(f"{name}.probes" for name in providers),
        ]
        for row, change in enumerate(self.modifications):
            if isinstance(change, FalseObservations) and change.fleet not in fleets:
                at = ("modification", row, "fleet")
                raise fault(f"no fleet {change.fleet!r}", nearest(change.fleet, fleets), at)
            if not isinstance(change, DataAgreement | WithdrawProvider):
                continue
            if change.provider not in providers:
                at = ("modification", row, "provider")
                raise fault(f"no provider {change.provider!r}", nearest(change.provider, providers), at)
        return self

    def varied(self, key: str, value: Any, where: str = "--vary") -> Scenario:
        """The same scenario with one value changed: ``varied("provider.Alpha.respect", 1.0)``.

        Providers and fleets are told by name, modifications by their number from 1.
        """
        merged = copy.deepcopy(self._tables())
        location = self._location(key, where)
        holder: Any = merged.tables
        for part in location[:-1]:
            holder = holder.setdefault(part, {}) if isinstance(part, str) else holder[part]
            if not isinstance(holder, dict | list):
                raise InputError(f"{where}: {key}", f"{part} has no keys", "the key of a single value")
        holder[location[-1]] = value
        merged.note(location, Origin(ScenarioSource(where, Path(), {}), location))
        return self._of(merged)

    def _location(self, key: str, where: str) -> Location:
        head, _, rest = key.partition(".")
        if head == "parameters":
            return (head, rest)
        if head in ("provider", "sensor_fleet") and rest:
            names = [each.name for each in (self.providers if head == "provider" else self.sensor_fleets)]
            name, _, inner = rest.rpartition(".")
            if name not in names:
                raise InputError(f"{where}: {key}", f"no {head} {name!r}", nearest(name, names))
            return (head, names.index(name), inner)
        if head == "modification" and rest:
            number, *inner_keys = rest.split(".")
            n_modifications = len(self.modifications)
            if not number.isdecimal() or not 1 <= int(number) <= n_modifications or not inner_keys:
                right = f"modification.N.KEY, N from 1 to {n_modifications}"
                raise InputError(f"{where}: {key}", f"no modification {number!r}", right)
            return (head, int(number) - 1, *inner_keys)
        return tuple(key.split("."))

    def _tables(self) -> Merged:
        if self._merged is not None:
            return self._merged
        return merge_chain(ScenarioSource("scenario", Path(), self.resolved()))

    @property
    def focus_zones(self) -> tuple[str, ...]:
        """Zones that are reported apart; empty for all."""
        zones = (self.focus,) if isinstance(self.focus, str) else self.focus
        return () if zones == ("all",) else zones

    def parts(self) -> tuple[Modification, ...]:
        """Modifications of all months, in kinds that the model knows."""
        return tuple(part for each in self.modifications for part in each.told_parts())

    def in_force(self) -> tuple[Modification, ...]:
        """Modifications that hold in the scenario's month, in kinds that the model knows."""
        standing = [each for each in self.modifications if each.in_force(self.month)]
        return tuple(part for each in standing for part in each.told_parts() if part.in_force(self.month))

    def orders(self, *kinds: type[K]) -> tuple[K, ...]:
        """Modifications of these kinds that hold in the scenario's month."""
        return tuple(part for part in self.in_force() if isinstance(part, kinds))

    @property
    def app_share_in_force(self) -> float:
        """Share of travellers who consult a provider, modifications included; the last one holds."""
        shares = self.orders(AppShare)
        return shares[-1].value if shares else self.app_share

    @property
    def with_utilities(self) -> bool:
        """Whether the utility networks are reckoned: as it says, or where something happens to them."""
        return bool(self.orders(*UTILITY_KINDS)) if self.utilities is None else self.utilities

    @property
    def withdrawn(self) -> tuple[int, ...]:
        """Rows of the providers that have withdrawn."""
        gone = {each.provider for each in self.orders(WithdrawProvider)}
        return tuple(row for row, each in enumerate(self.providers) if each.name in gone)

    def fleets(self, in_force: bool = True) -> tuple[SensorFleet, ...]:
        """Fleets of the baseline and those that modifications add."""
        changes = self.in_force() if in_force else self.parts()
        added = tuple(each.fleet for each in changes if isinstance(each, AddSensorFleet))
        return (*self.sensor_fleets, *added)

    def ledger(self) -> Parameters:
        """The ledger with this scenario's own values in it."""
        ledger = Parameters.defaults()
        for name, value in self.parameters.items():
            ledger = ledger.replaced({name: value}, self._tables().where(("parameters",)))
        return ledger

    def territory_path(self) -> Path:
        """Folder or OSM file of the territory."""
        if self._ground is not None:
            return self._ground
        merged = self._tables()
        return find_territory(self.territory, merged.folder(("territory",)), merged.where(("territory",)))

    def standing_on(self, ground: Path) -> Scenario:
        """The same scenario with its territory at that path, wherever it is asked from."""
        standing = self.model_copy()
        standing._ground = ground
        return standing

    def timetable_path(self) -> Path | None:
        """Feed or folder of the timetable, None where there is none."""
        if self.timetable is None:
            return None
        merged = self._tables()
        ground = self.territory_path()
        folders = (merged.folder(("timetable",)), ground if ground.is_dir() else ground.parent)
        return find_timetable(self.timetable, folders, merged.where(("timetable",)))

    def where(self, *location: str | int) -> str:
        """File and key in which a value is written, for error messages: ``where("modification", 0)``."""
        return self._tables().where(location)

    def resolved(self) -> dict[str, Any]:
        """Every value, also those left to their defaults, as plain tables."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def provenance(self) -> dict[str, str]:
        """Where each resolved value comes from, by key as in ``modification 1: links.ref``."""
        merged = self._tables()
        return {spell(location): written_at(merged, location) for location, _ in leaves(self.resolved())}

    @property
    def digest(self) -> str:
        """Digest of all values."""
        return _digest(self.resolved())

    def simulation_digest(self) -> str:
        """Digest of what enters the simulation: not titles, not focus, the whole ledger."""
        tables = {key: value for key, value in self.resolved().items() if key not in REPORTED_ONLY}
        return _digest({**tables, "parameters": self.ledger().digest})


def _check_names(key: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise fault(f"two tables named {name!r}", "one name each", (key,))


def _digest(tables: dict[str, Any]) -> str:
    text = json.dumps(tables, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
