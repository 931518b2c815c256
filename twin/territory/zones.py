"""Zones: the parts of a territory that are reported apart, declared in a TOML file or one a commune."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.territory.communes import METHOD_POLYGON, Commune, locate
from twin.territory.geometry import in_rings
from twin.territory.tables import Floats, Pools, Zones

WHOLE = "all"
ZONE_KEYS = frozenset({"name", "communes", "polygon", "rest", "inhabitants"})
FILE_KEYS = frozenset({"place", "date", "source", "zone", "pool"})


@dataclass(frozen=True)
class ZoneRule:
    """One declared zone: communes by name, or a polygon, or what is left."""

    name: str
    communes: tuple[str, ...] = ()
    polygon: Floats | None = None
    inhabitants: float = float("nan")


@dataclass(frozen=True)
class Layout:
    """What a zones file says: where and of when the map is, and its zones."""

    place: str = ""
    date: str = ""
    source: str = ""
    rules: tuple[ZoneRule, ...] = ()
    pools: Pools = ()


def read_layout(file: str | Path | None) -> Layout:
    """Read a zones file; without one, each commune will be a zone."""
    if file is None:
        return Layout()
    where = str(file)
    try:
        table = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(where, f"cannot be read: {error}", "a TOML file with [[zone]] tables") from None
    for key in table:
        if key not in FILE_KEYS:
            raise InputError(f"{where}: {key}", "unknown key", "one of " + ", ".join(sorted(FILE_KEYS)))
    pools = _pools(table.get("pool", {}), where)
    rows = table.get("zone", [])
    if not rows and pools:
        return replace(_named(table, where), pools=pools)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{where}: zone", "no zones", "one [[zone]] table or more")
    rules = tuple(_rule(row, f"{where}: zone {number}") for number, row in enumerate(rows, start=1))
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{where}: zone {name}", "stands twice", "a name for each zone")
    return replace(_named(table, where), rules=rules, pools=pools)


def _named(table: dict[str, Any], where: str) -> Layout:
    """Place, date and source."""
    texts = {key: table.get(key, "") for key in ("place", "date", "source")}
    for key, text in texts.items():
        if not isinstance(text, str):
            raise InputError(f"{where}: {key}", "is no text", "a text in quotes")
    return Layout(texts["place"], texts["date"], texts["source"])


def _pools(table: Any, where: str) -> Pools:
    """Groups of zones, as in ``pool = { metropole = ["dense", "rest"] }``, by name."""
    right = 'pool = { metropole = ["dense", "rest"] }'
    if not isinstance(table, dict):
        raise InputError(f"{where}: pool", "is no table", right)
    for name, members in table.items():
        texts = isinstance(members, list) and all(isinstance(each, str) for each in members)
        if not texts or not members or len(set(members)) < len(members):
            raise InputError(f"{where}: pool {name}", "is no list of zones, each once", right)
        if name == WHOLE:
            raise InputError(f"{where}: pool {name}", "is the name of the whole area", "another name")
    return tuple((name, tuple(table[name])) for name in sorted(table))


def _rule(row: dict[str, Any], where: str) -> ZoneRule:
    for key in row:
        if key not in ZONE_KEYS:
            raise InputError(f"{where}: {key}", "unknown key", "one of " + ", ".join(sorted(ZONE_KEYS)))
    name = row.get("name")
    if not isinstance(name, str) or not name:
        raise InputError(f"{where}: name", "missing or no text", 'a name such as "village"')
    if sum(key in row for key in ("communes", "polygon", "rest")) != 1:
        raise InputError(f"{where}: {name}", "must say where it is, once", "communes, polygon or rest = true")
    communes = row.get("communes", [])
    if not isinstance(communes, list) or not all(isinstance(each, str) for each in communes):
        raise InputError(f"{where}: communes", "is no list of names", '["La Turbie"]')
    people = row.get("inhabitants", float("nan"))
    if isinstance(people, bool) or not isinstance(people, int | float) or people < 0:
        raise InputError(f"{where}: inhabitants", f"{people!r} is no number of people", "zero or more")
    polygon = closed_ring(row["polygon"], f"{where}: polygon") if "polygon" in row else None
    return ZoneRule(name, tuple(communes), polygon, float(people))


def closed_ring(points: Any, where: str) -> Floats:
    """Corners (n, 2) in degrees, the first repeated at the end; an `InputError` where they are no ring."""
    try:
        ring = np.array(points, dtype=float)
    except (TypeError, ValueError):
        ring = np.empty(0)
    if ring.ndim != 2 or ring.shape[0] < 3 or ring.shape[1] != 2 or not np.isfinite(ring).all():
        raise InputError(where, "is no ring", "three or more [lon, lat] pairs")
    if (np.abs(ring) > (180.0, 90.0)).any():
        raise InputError(where, "is out of range", "lon -180..180, lat -90..90")
    return np.vstack([ring, ring[:1]])


def make_zones(layout: Layout, communes: Sequence[Commune], where: str) -> Zones:
    """Zones of the layout; without rules one zone for each commune that has people, and the rest."""
    rules = layout.rules
    if not rules:
        named = [commune for commune in communes if np.isfinite(commune.inhabitants)]
        rules = (*(ZoneRule(commune.name, (commune.name,)) for commune in named), ZoneRule("rest"))
    by_name = {commune.name: commune for commune in communes}
    rows = []
    for rule in rules:
        for name in rule.communes:
            if name not in by_name:
                right = "one of " + ", ".join(by_name) if by_name else "a polygon: the file names no commune"
                raise InputError(f"{where}: zone {rule.name}", f"no commune {name!r} in the map", right)
        rows.append(_zone(replace(rule), [by_name[name] for name in rule.communes]))
    names, people, members, codes, rings, methods = zip(*rows, strict=True)
    for pool, zones in layout.pools:
        if pool in names:
            raise InputError(f"{where}: pool {pool}", "is the name of a zone", "a name of its own")
        for name in zones:
            if name not in names:
                raise InputError(f"{where}: pool {pool}", f"no zone {name!r}", "one of " + ", ".join(names))
    return Zones(names, np.array(people), members, codes, rings, methods, layout.pools)


def _zone(rule: ZoneRule, parts: Sequence[Commune]) -> tuple[Any, ...]:
    people = sum(part.inhabitants for part in parts) if parts else float("nan")
    people = rule.inhabitants if np.isfinite(rule.inhabitants) else people
    if rule.polygon is not None:
        return rule.name, people, (), (), (rule.polygon,), METHOD_POLYGON
    rings = tuple(ring for part in parts for ring in part.rings or ())
    whole = rings if parts and all(part.rings is not None for part in parts) else None
    method = " and ".join(sorted({part.method for part in parts})) or "rest"
    codes = tuple(part.insee for part in parts)
    return rule.name, people, tuple(part.name for part in parts), codes, whole, method


def zone_of(lon: Floats, lat: Floats, zones: Zones, communes: Sequence[Commune]) -> np.ndarray:
    """Row of the zone of each point: the first whose polygon or commune holds it, else the rest or -1."""
    names = [commune.name for commune in communes]
    commune = locate(lon, lat, communes)
    row = np.full(len(lon), -1, dtype=np.int16)
    for number, members in enumerate(zones.communes):
        if members:
            held = np.isin(commune, [names.index(name) for name in members])
        elif zones.method[number] == METHOD_POLYGON:
            held = in_rings(lon, lat, zones.rings[number] or ())
        else:
            continue
        row[(row < 0) & held] = number
    if "rest" in zones.method:
        row[row < 0] = zones.method.index("rest")
    return row
