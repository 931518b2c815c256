"""Scenario files: read, follow what each extends, merge; every value remembers where it was written."""

from __future__ import annotations

import copy
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.errors import InputError
from twin.scenario.wording import Location, nearest, short, spell

MOST_BYTES = 2**20
APPENDED = ("modification",)
"""Lists to which an extension adds."""
NAMED = ("provider", "sensor_fleet")
"""Lists whose tables an extension changes by name; an empty list empties them."""


@dataclass(frozen=True)
class ScenarioSource:
    """One scenario file as read."""

    label: str
    folder: Path
    tables: dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """Where a value was written."""

    source: ScenarioSource
    location: Location

    def spelled(self, rest: Location = ()) -> str:
        """``file: key``."""
        return f"{self.source.label}: {spell((*self.location, *rest))}"


@dataclass
class Merged:
    """Tables of a chain of files, and where each value comes from."""

    leaf: ScenarioSource
    tables: dict[str, Any] = field(default_factory=dict)
    origins: dict[Location, Origin] = field(default_factory=dict)

    def where(self, location: Location) -> str:
        """``file: key`` of a value, or of what is missing there."""
        for length in range(len(location), 0, -1):
            origin = self.origins.get(location[:length])
            if origin is not None:
                return origin.spelled(location[length:])
        return f"{self.leaf.label}: {spell(location)}" if location else self.leaf.label

    def folder(self, location: Location) -> Path:
        """Folder that paths in a value are relative to."""
        for length in range(len(location), 0, -1):
            origin = self.origins.get(location[:length])
            if origin is not None:
                return origin.source.folder
        return self.leaf.folder

    def note(self, location: Location, origin: Origin) -> None:
        """Remember where a value was written; what was known below it is forgotten."""
        self.forget(location)
        self.origins[location] = origin

    def forget(self, location: Location) -> None:
        """Drop what is known of a value and below it."""
        for known in [each for each in self.origins if each[: len(location)] == location]:
            del self.origins[known]


def read_file(path: Path) -> ScenarioSource:
    """One scenario file."""
    label = path.as_posix()
    if not os.path.isfile(path):
        raise InputError(label, "no such file", _beside(path, []))
    if path.stat().st_size > MOST_BYTES:
        raise InputError(label, f"larger than {MOST_BYTES} bytes", "a scenario file")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(label, f"not UTF-8 at byte {error.start}", "a TOML file in UTF-8") from None
    except OSError as error:
        raise InputError(label, f"cannot be read ({error.strerror})", "a file that may be read") from None
    return read_text(text, label, path.parent)


def _beside(path: Path, but: list[Path]) -> str:
    """The scenario file most likely meant, among those in the same folder."""
    if not os.path.isdir(path.parent):
        return "a scenario file"
    stems = [each.stem for each in path.parent.glob("*.toml") if each.resolve() not in but]
    meant = nearest(path.stem, stems) if stems else ""
    return f"{meant}.toml" if meant in stems else "a scenario file (.toml)"


def read_text(text: str, label: str, folder: Path) -> ScenarioSource:
    """One scenario as TOML text."""
    try:
        return ScenarioSource(label, folder, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(label, str(error), "a TOML file") from None
    except (RecursionError, ValueError) as error:
        raise InputError(label, f"not to be parsed ({error})", "a TOML file") from None


def merge_chain(leaf: ScenarioSource, leaf_path: Path | None = None) -> Merged:
    """The leaf upon all that it extends: scalars override, tables merge, modifications add up."""
    merged = Merged(leaf)
    for source in reversed(list(_chain(leaf, leaf_path))):
        _merge_source(merged, source)
    return merged


def _chain(leaf: ScenarioSource, leaf_path: Path | None) -> Iterator[ScenarioSource]:
    """The leaf, what it extends, what that extends."""
    seen = [leaf_path.resolve()] if leaf_path else []
    source = leaf
    while True:
        yield source
        if "extends" not in source.tables:
            return
        named = source.tables["extends"]
        where = f"{source.label}: extends"
        if not isinstance(named, str) or not named:
            raise InputError(where, f"{short(named)} is not right", "the path of a scenario file")
        path = source.folder / named
        if not os.path.isfile(path):
            raise InputError(where, f"no file {short(named)}", _beside(path, seen))
        if path.resolve() in seen:
            what = "the file itself" if path.resolve() == seen[-1] else "a file that extends this one"
            raise InputError(where, f"{named!r} is {what}", "a scenario that does not lead back here")
        seen.append(path.resolve())
        source = read_file(path)


def _merge_source(merged: Merged, source: ScenarioSource) -> None:
    for key, value in source.tables.items():
        if key == "extends":
            continue
        if key in APPENDED or key in NAMED:
            _check_tables(value, f"{source.label}: {key}", key)
        if key in APPENDED:
            for row, table in enumerate(value):
                _append(merged, key, table, Origin(source, (key, row)))
        elif key in NAMED:
            _merge_named(merged, source, key, value)
        else:
            _override(merged.tables, key, value, (key,), merged, source)


def _check_tables(value: Any, where: str, key: str) -> None:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise InputError(where, f"{short(value)} is not right", f"[[{key}]] tables")


def _append(merged: Merged, key: str, table: dict[str, Any], origin: Origin) -> None:
    rows = merged.tables.setdefault(key, [])
    merged.note((key, len(rows)), origin)
    rows.append(copy.deepcopy(table))


def _merge_named(merged: Merged, source: ScenarioSource, key: str, tables: list[dict[str, Any]]) -> None:
    rows = merged.tables.setdefault(key, [])
    if not tables:
        merged.note((key,), Origin(source, (key,)))
        rows.clear()
    for row, table in enumerate(tables):
        same = [i for i, known in enumerate(rows) if "name" in table and known.get("name") == table["name"]]
        if same and not any(table["name"] == other.get("name") for other in tables[:row]):
            for part, value in table.items():
                merged.note((key, same[0], part), Origin(source, (key, row, part)))
                rows[same[0]][part] = copy.deepcopy(value)
        else:
            _append(merged, key, table, Origin(source, (key, row)))


def _override(
    tables: dict[str, Any], key: str, value: Any, location: Location, merged: Merged, source: ScenarioSource
) -> None:
    if isinstance(value, dict) and isinstance(tables.get(key), dict):
        for part, inner in value.items():
            _override(tables[key], part, inner, (*location, part), merged, source)
    else:
        tables[key] = copy.deepcopy(value)
        merged.note(location, Origin(source, location))
