"""How a scenario names links: by road, commune, zone, way, link id, file, box, direction, class or school.

What is named here is found on a territory by `twin.territory.select`. Values within one key are
alternatives, keys narrow each other: ``{ref = ["D2564", "D2204A"], commune = "La Turbie"}`` is what
of either road lies in the commune.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from twin.scenario.reading import one_or_more
from twin.scenario.wording import fault

DIRECTIONS = ("northbound", "eastbound", "southbound", "westbound")

MOST_FILE_BYTES = 16 * 2**20

WITHIN_ROW = "scenario.school_distance_m"
"""Ledger row that says how far from a school is near it."""


class Model(BaseModel):
    """A frozen part of a scenario: unknown keys and wrong types are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True
    )


def _without_spaces(value: Any) -> Any:
    return tuple("".join(each.split()) if isinstance(each, str) else each for each in one_or_more(value))


Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], BeforeValidator(one_or_more)]
References = Annotated[tuple[Name, ...], BeforeValidator(_without_spaces)]
Ways = Annotated[tuple[Annotated[int, Field(gt=0)], ...], BeforeValidator(one_or_more)]
Box = Annotated[tuple[float, float, float, float], BeforeValidator(one_or_more)]


class Selector(Model):
    """What names things of a territory; only keys that name something are kept."""

    @model_serializer(mode="wrap")
    def _only_what_names(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in serialise(self).items() if value}

    def spelled(self) -> str:
        """The selector in words, long lists counted instead of listed."""
        return _spelled(self)


class LinkSelector(Selector):
    """Links of a territory, named in words.

    >>> LinkSelector(ref="D 2564", commune="La Turbie").spelled()
    'ref D2564, commune La Turbie'
    """

    ref: References = Field((), description='road references, for example "D2564" (spaces do not matter)')
    commune: Names = Field((), description='names of communes, for example "La Turbie"')
    zone: Names = Field((), description="names of zones of the territory")
    way: Ways = Field((), description="OpenStreetMap way numbers")
    link: Names = Field((), description='link ids, for example "way:from:to"')
    file: str | None = Field(None, description="a CSV file with a column link_id")
    bbox: Box | None = Field(None, description="[west, south, east, north] in degrees")
    direction: Literal["northbound", "eastbound", "southbound", "westbound"] | None = Field(
        None, description="one of " + ", ".join(DIRECTIONS)
    )

    road_class: Names = Field((), description='OpenStreetMap road classes, for example "residential"')
    school: Names = Field((), description='ids of schools among the places, for example "way:104863462"')
    school_zone: Names = Field((), description="names of zones: what lies near any of their schools")
    within_m: Annotated[float, Field(gt=0)] | None = Field(
        None, description="metres from a school, above 0; only with school or school_zone"
    )

    @property
    def names_schools(self) -> bool:
        """Whether places of the territory must be known to find these links."""
        return bool(self.school or self.school_zone)

    @model_validator(mode="before")
    @classmethod
    def _read_file(cls, data: Any, info: ValidationInfo) -> Any:
        """Link ids of the file join those named by `link`; the file is not needed again."""
        if not isinstance(data, dict) or not isinstance(data.get("file"), str):
            return data
        folder = Path((info.context or {}).get("folder", "."))
        given = data.get("link", ())
        ids = dict.fromkeys((*one_or_more(given), *read_link_ids(folder / data["file"], data["file"])))
        return {**{key: value for key, value in data.items() if key != "file"}, "link": tuple(ids)}

    @model_validator(mode="after")
    def _names_something(self) -> LinkSelector:
        if not self.model_dump(exclude_defaults=True):
            raise fault("names no link", "at least one of " + ", ".join(type(self).model_fields))
        if self.within_m is not None and not self.names_schools:
            raise fault("within_m of what is not said", "school or school_zone beside it", ("within_m",))
        _check_box(self.bbox)
        return self


class PlaceSelector(Selector):
    """Places of a territory, named in words; values within one key are alternatives, keys narrow each other.

    >>> PlaceSelector(zone="la_turbie", use=["home", "school"]).spelled()
    'zone la_turbie, use home, school'
    """

    commune: Names = Field((), description='names of communes, for example "La Turbie"')
    zone: Names = Field((), description="names of zones of the territory")
    use: Names = Field((), description='main uses, for example "home" or "school"')
    place: Names = Field((), description='place ids, for example "way:123"')
    bbox: Box | None = Field(None, description="[west, south, east, north] in degrees")

    @model_validator(mode="after")
    def _names_something(self) -> PlaceSelector:
        if not self.model_dump(exclude_defaults=True):
            raise fault("names no place", "at least one of " + ", ".join(type(self).model_fields))
        _check_box(self.bbox)
        return self


def _check_box(box: tuple[float, float, float, float] | None) -> None:
    if box is not None:
        west, south, east, north = box
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise fault(f"{list(box)} is no box", "west < east and south < north, in degrees")


def _spelled(selector: Model) -> str:
    words = []
    for key, value in selector.model_dump(exclude_defaults=True).items():
        several = isinstance(value, tuple) and len(value) > 4
        text = f"{len(value)} ids" if several else value
        words.append(f"{key} {', '.join(map(str, text)) if isinstance(text, tuple) else text}")
    return ", ".join(words)


def read_link_ids(path: Path, label: str) -> tuple[str, ...]:
    """Ids in the column ``link_id`` of a CSV file."""
    if not path.is_file():
        raise fault(f"no file {label!r} in {path.parent}", "a CSV file with a column link_id")
    if path.stat().st_size > MOST_FILE_BYTES:
        raise fault(f"{label!r} is larger than {MOST_FILE_BYTES} bytes", "a shorter list of link ids")
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise fault(f"{label!r} cannot be read: {error}", "a CSV file in UTF-8") from None
    ids = tuple(row["link_id"].strip() for row in rows if (row.get("link_id") or "").strip())
    if not ids:
        raise fault(f"{label!r} names no link", "a CSV file with a column link_id and one id a line")
    return ids
