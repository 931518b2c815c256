"""Answers of OpenStreetMap's servers: kept in the user's cache, and read into the records of a file."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.clock import DAY_S
from twin.errors import InputError, WorkError
from twin.readers.osm_gathering import Gathering, MapSource
from twin.readers.osm_records import Box, OsmExtract

NOTE = "answered.note"
KEPT_S = 30.0 * DAY_S  # an older answer is asked for again
MOST_ID = 2**63

Nodes = tuple[list[Any], list[Any], list[Any]]  # ids, longitudes, latitudes


@dataclass(frozen=True)
class AnswerFolder:
    """Folder of the answers to one question; complete once its note is written."""

    folder: Path

    @property
    def complete(self) -> bool:
        """Whether the question was answered and the answer is still fresh."""
        return (self.folder / NOTE).is_file()

    def finish(self, note: Mapping[str, Any]) -> None:
        """Write the note."""
        beside = self.folder / f"{NOTE}.{os.getpid()}"
        self.folder.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(note), encoding="utf-8")
        beside.replace(self.folder / NOTE)

    def note(self) -> dict[str, Any]:
        """What the note says; a damaged one is thrown away with its folder."""
        found = self._json(self.folder / NOTE)
        if not isinstance(found, dict):
            self.drop()
            raise WorkError(f"{self.folder}: a kept answer was damaged and is thrown away; try again")
        return found

    def bodies(self) -> list[tuple[bytes, Any]]:
        """The answers as they were kept, and what they say."""
        self.note()
        found = []
        for file in sorted(self.folder.glob("*.json")):
            body = self._json(file)
            if not isinstance(body, dict):
                self.drop()
                raise WorkError(f"{file}: a kept answer was damaged and is thrown away; try again")
            found.append((file.read_bytes(), body))
        return found

    def drop(self) -> None:
        """Forget the answers."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _json(file: Path) -> Any:
        try:
            return json.loads(file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None


def kept_answers(kind: str, url: str, question: str) -> AnswerFolder:
    """Where the answers to a question are kept; old or unfinished ones are dropped first."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    key = hashlib.sha256(f"{url} {question}".encode()).hexdigest()[:24]
    answers = AnswerFolder(home / "twin" / "osm" / kind / key)
    note = answers.folder / NOTE
    if answers.folder.is_dir() and (not note.is_file() or time.time() - note.stat().st_mtime > KEPT_S):
        answers.drop()
    return answers


def gather_records(
    answers: AnswerFolder, box: Box, where: str, host: str, fail: Callable[[str], Exception]
) -> OsmExtract:
    """The records of a map answered in JSON; `host` says who answered."""
    gathering = Gathering(where)
    digest = hashlib.sha256()
    timestamp, seen = "", set[tuple[str, int]]()
    nodes: Nodes = ([], [], [])
    try:
        for raw, body in answers.bodies():
            digest.update(raw)
            timestamp = timestamp or str(body.get("osm3s", {}).get("timestamp_osm_base", ""))
            for element in body["elements"]:
                key = element["type"], _whole(element["id"])
                if key not in seen:
                    seen.add(key)
                    _add(gathering, nodes, element)
        gathering.add_nodes(*nodes)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        answers.drop()
        raise fail(f"gives elements that cannot be read: {type(error).__name__} {error}"[:200]) from None
    except InputError as error:
        answers.drop()
        raise fail(
            f"gives elements that cannot be used: {error.where.removeprefix(where)} {error.what}"
        ) from None
    if not seen:
        answers.drop()
        raise InputError(where, "OpenStreetMap has nothing there", "a box around streets")
    return gathering.extract(MapSource(f"by Overpass at {host}", digest.hexdigest(), box, "asked", timestamp))


def _add(gathering: Gathering, nodes: Nodes, element: Mapping[str, Any]) -> None:
    kind, number = element["type"], _whole(element["id"])
    tags = {str(key): str(value) for key, value in element.get("tags", {}).items()}
    if kind == "node":
        lon, lat = float(element["lon"]), float(element["lat"])
        for column, value in zip(nodes, (number, lon, lat), strict=True):
            column.append(value)
        if tags:
            gathering.add_point(number, lon, lat, tags)
    elif kind == "way":
        gathering.add_way(number, tuple(_whole(ref) for ref in element["nodes"]), tags)
    elif kind == "relation":
        members = ((str(m["type"])[:1], _whole(m["ref"]), str(m.get("role", ""))) for m in element["members"])
        gathering.add_relation(number, list(members), tags)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -MOST_ID < value < MOST_ID:
        raise ValueError(f"{str(value)[:40]!r} is no 64-bit id")
    return value
