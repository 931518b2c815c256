"""Answers to addresses of the SensorThings API: a set, an entity, what it is related to, one property.

Observations are read a block at a time: a page without an order ends as soon as it is full, and an ordered
one keeps no more rows than it and those before it have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import numpy as np

from twin.errors import InputError
from twin.live.entities import OBSERVATIONS, RELATIONS, Rows, ServedEntities
from twin.live.odata import holds
from twin.live.options import Options, options_of

VERSION = "v1.1"
CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/iot_sensing/1.1/req/{part}"
    for part in ("datamodel", "resource-path/resource-path-to-entities", "request-data")
)
_STEP = re.compile(r"([A-Za-z@.$]+)(?:\((\d+|'(?:''|[^'])*')\))?")


class NotThereError(LookupError):
    """No entity, set or property has that address."""


class Resource(NamedTuple):
    """What an address leads to: a set, and of it one entity, or those related to an entity by a relation."""

    set: str
    entity: dict[str, Any] | None = None
    among: tuple[str, dict[str, Any], str] | None = None


@dataclass(frozen=True)
class Answers:
    """Answers as JSON; ``root`` is where the service stands, with its version."""

    world: ServedEntities
    root: str

    def answer(self, path: str, given: Mapping[str, str]) -> Any:
        """What stands at an address, as JSON, or as a text where the value alone is asked for.

        Raises `NotThereError`, and `InputError` for options that are not right.
        """
        if not path.strip("/"):
            return self._start()
        place, rest = self._walk(path)
        if rest[:1] == ["$ref"] and place.entity is None:
            page = self._page(place, options_of(given), path, given)
            links = [{"@iot.selfLink": each["@iot.selfLink"]} for each in page["value"]]
            return {**page, "value": links}
        if rest:
            return self._property(place, rest)
        options = options_of(given)
        if place.entity is not None:
            return self._shown(place.set, place.entity, options)
        return self._page(place, options, path, given)

    def _start(self) -> dict[str, Any]:
        sets = [{"name": name, "url": f"{self.root}/{name}"} for name in RELATIONS]
        return {"value": sets, "serverSettings": {"conformance": list(CONFORMANCE)}}

    def _walk(self, path: str) -> tuple[Resource, list[str]]:
        """Follow an address as far as it leads to entities; the rest are properties."""
        steps = _steps(path)
        name, number = steps[0]
        if name not in RELATIONS:
            raise NotThereError(f"no set {name!r}; one of {', '.join(RELATIONS)}")
        place = Resource(name) if number is None else Resource(name, self._entity(name, number))
        for k, (word, key) in enumerate(steps[1:], start=1):
            leads = RELATIONS[place.set].get(word)
            if leads is None or place.entity is None:
                return place, [step for step, _ in steps[k:]]
            source = (place.set, place.entity, word)
            if not leads[1]:
                ids = self.world.related_ids(*source)
                place = Resource(leads[0], self._entity(leads[0], ids[0]))
            elif key is None:
                place = Resource(leads[0], among=source)
            else:
                if leads[0] != OBSERVATIONS and key not in self.world.related_ids(*source):
                    raise NotThereError(f"{word}({key}) is not related to it")
                place = Resource(leads[0], self._entity(leads[0], key))
        return place, []

    def _entity(self, name: str, number: int) -> dict[str, Any]:
        found = self.world.entity(name, number)
        if found is None:
            raise NotThereError(f"no {name}({number})")
        return found

    def _property(self, place: Resource, rest: list[str]) -> Any:
        """One property of an entity, by itself or as a text."""
        if place.entity is None or rest[0] not in place.entity or rest[0] in RELATIONS[place.set]:
            raise NotThereError(f"{place.set} has no {'/'.join(rest)}")
        value = place.entity[rest[0]]
        if rest[1:] == ["$value"]:
            return value if isinstance(value, str) else str(value)
        if rest[1:]:
            raise NotThereError(f"{place.set} has no {'/'.join(rest)}")
        return {rest[0]: value}

    def _page(
        self,
        place: Resource,
        options: Options,
        path: str | None = None,
        given: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Entities from ``$skip`` on, as many as ``$top`` says, and where the next are."""
        finder = self._observations if place.set == OBSERVATIONS else self._in_memory
        found, count, more = finder(place, options)
        page: dict[str, Any] = {}
        if options.count:
            page["@iot.count"] = count
        if more and path is not None:
            following = {**(given or {}), "$top": str(options.top), "$skip": str(options.skip + options.top)}
            page["@iot.nextLink"] = f"{self.root}/{quote(path.strip('/'), safe='/()')}?{urlencode(following)}"
        page["value"] = [self._shown(place.set, entity, options) for entity in found]
        return page

    def _in_memory(self, place: Resource, options: Options) -> tuple[list[dict[str, Any]], int, bool]:
        rows = self.world.entities(place.set)
        chosen = np.arange(len(rows))
        if place.among is not None:
            chosen = np.array(self.world.related_ids(*place.among), dtype=np.int64) - 1

        def column(path: tuple[str, ...]) -> np.ndarray:
            return self.world.column(place.set, path)

        if options.where is not None and len(rows):
            chosen = chosen[holds(options.where, column, len(rows))[chosen]]
        for path, falling in reversed(options.order if len(rows) else ()):
            chosen = chosen[ranked(column(path)[chosen], falling)]
        end = options.skip + options.top
        return [rows[row] for row in chosen[options.skip : end].tolist()], len(chosen), end < len(chosen)

    def _observations(self, place: Resource, options: Options) -> tuple[list[dict[str, Any]], int, bool]:
        end = options.skip + options.top
        count, kept = 0, None
        for block in self._matching(place, options):
            count += len(block.id)
            joined = block if kept is None else Rows(*map(np.concatenate, zip(kept, block, strict=True)))
            kept = self._first(joined, options, end + 1)
            if not options.order and not options.count and count > end:
                break
        if kept is None:
            return [], 0, False
        return self.world.told(kept.at(slice(options.skip, end))), count, count > end

    def _matching(self, place: Resource, options: Options) -> Iterator[Rows]:
        """Observations of whom they are asked of that meet the condition, a block at a time."""
        for block in self.world.source.blocks():
            rows = block
            if place.among is not None:
                name, entity, _ = place.among
                owner = (
                    rows.datastream
                    if name == "Datastreams"
                    else self.world.feature_of_stream[rows.datastream]
                )
                rows = rows.at(owner == entity["@iot.id"])
            if options.where is not None:
                rows = rows.at(holds(options.where, partial(self.world.column_of_rows, rows), len(rows.id)))
            if len(rows.id):
                yield rows

    def _first(self, rows: Rows, options: Options, most: int) -> Rows:
        """As many rows as may be shown, in the order asked for."""
        for path, falling in reversed(options.order):
            rows = rows.at(ranked(self.world.column_of_rows(rows, path), falling))
        return rows.at(slice(0, most))

    def _shown(self, name: str, entity: dict[str, Any], options: Options) -> dict[str, Any]:
        """An entity with its links, what was selected of it and what is expanded within it."""
        link = f"{self.root}/{name}({entity['@iot.id']})"
        unknown = [each for each in options.expand if each not in RELATIONS[name]]
        if unknown:
            right = f"one of {', '.join(RELATIONS[name])}"
            raise InputError("$expand", f"{name} has no {unknown[0]}", right)
        own = {key: value for key, value in entity.items() if key not in RELATIONS[name] and key != "@iot.id"}
        own.pop("FeatureOfInterest", None)
        selected = options.select
        if selected:
            names = {"@iot.id", "@iot.selfLink", "id", *own, *RELATIONS[name]}
            wrong = [each for each in selected if each not in names]
            if wrong:
                raise InputError(
                    "$select", f"{name} has no {wrong[0]}", f"some of {', '.join(sorted(names))}"
                )
            own = {key: value for key, value in own.items() if key in selected}
        shown: dict[str, Any] = {}
        if not selected or {"id", "@iot.id"} & set(selected) or options.expand:
            shown["@iot.id"] = entity["@iot.id"]
        if not selected or "@iot.selfLink" in selected:
            shown["@iot.selfLink"] = link
        shown.update(own)
        for relation in RELATIONS[name]:
            if relation in options.expand:
                shown.update(self._expanded(name, entity, relation, options.expand[relation], link))
            elif not selected or relation in selected:
                shown[f"{relation}@iot.navigationLink"] = f"{link}/{relation}"
        return shown

    def _expanded(
        self, name: str, entity: dict[str, Any], relation: str, options: Options, link: str
    ) -> dict[str, Any]:
        """What an entity is related to, within it."""
        target, many = RELATIONS[name][relation]
        if not many:
            (number,) = self.world.related_ids(name, entity, relation)
            return {relation: self._shown(target, self._entity(target, number), options)}
        page = self._page(Resource(target, among=(name, entity, relation)), replace(options, count=True))
        shown: dict[str, Any] = {relation: page["value"]}
        count = page["@iot.count"]
        if options.count:
            shown[f"{relation}@iot.count"] = count
        if options.skip + len(page["value"]) < count:
            following = urlencode({"$top": str(options.top), "$skip": str(options.skip + options.top)})
            shown[f"{relation}@iot.nextLink"] = f"{link}/{relation}?{following}"
        return shown


def ranked(column: np.ndarray, falling: bool) -> np.ndarray:
    """Rows of a column in its order, equal ones as they stood; what is not there comes last.

    >>> ranked(np.array([2.0, np.nan, 3.0, 2.0]), falling=True).tolist()
    [2, 0, 3, 1]
    """
    if column.dtype == object:
        missing = np.array([value is None for value in column], dtype=np.bool_)
        _, code = np.unique(np.where(missing, "", column).astype(str), return_inverse=True)
    elif column.dtype.kind == "M":
        missing, code = np.isnat(column), column.astype(np.int64)
    else:
        missing, code = np.isnan(column.astype(np.float64)), column
        code = np.where(missing, 0, code)
    return np.lexsort((-code if falling else code, missing))


def _steps(path: str) -> list[tuple[str, int | None]]:
    """An address as names with their keys."""
    made = []
    for part in path.strip("/").split("/"):
        match = _STEP.fullmatch(part)
        if match is None or (match[2] or "0")[:1] == "'" or len(match[2] or "") > 15:
            raise NotThereError(f"{part!r} is no set, property or entity; ids are whole numbers")
        made.append((match[1], None if match[2] is None else int(match[2])))
    return made
