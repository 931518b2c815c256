"""A territory: streets, gateways, zones, places and paths, read-only, kept in one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from twin.errors import InputError
from twin.territory.area import area_of
from twin.territory.arrow import plain_table
from twin.territory.build import Parts, Progress, build
from twin.territory.content import content_digest
from twin.territory.cut import cut_out
from twin.territory.places_by_name import folder_name, map_of
from twin.territory.readme import describe
from twin.territory.services import Services
from twin.territory.store import SERVICES, read_services, read_territory, write_territory, zones_note
from twin.territory.tables import Gateways, Paths, Places, Streets, TurnBans, Zones
from twin.territory.utilities.store import arrow_tables, read_utilities
from twin.territory.utilities.tables import Utilities

__all__ = ["Box", "Gateways", "Paths", "Places", "Streets", "Territory", "Zones"]

Box = tuple[float, float, float, float]
TABLES = ("streets", "gateways", "zones", "places", "paths")


@dataclass(frozen=True)
class Territory:
    """Where everything happens; all arrays are read-only.

    `digest` covers what the tables say, with lengths and coordinates rounded to mm, and nothing of
    how they are stored; utility layers and services have digests of their own, in `meta`. `meta` says
    where, when and by which repairs the territory came to be.
    """

    name: str
    streets: Streets
    gateways: Gateways
    zones: Zones
    places: Places
    paths: Paths
    meta: Mapping[str, Any]
    digest: str
    utilities: Utilities = field(default_factory=Utilities.none)
    turns: TurnBans = field(default_factory=TurnBans.none)
    services: Services = field(default_factory=Services.none)

    @classmethod
    def load(cls, folder: str | Path) -> Territory:
        """Read a folder that `save` wrote, and check that it says what its digest says.

        Raises
        ------
        InputError
            The folder is no territory, of another schema, or was changed.
        """
        path = Path(folder)
        tables, turns, notes = read_territory(path)
        notes.pop("zones"), notes.pop("communes"), notes.pop("pools", None)
        name, digest = str(notes.pop("name", path.name)), notes.pop("digest", "")
        found = content_digest(_with_turns(tables, turns))
        if found != digest:
            right = f"content with the digest {str(digest)[:12]}"
            raise InputError(str(path), f"the content has the digest {found[:12]}", right)
        utilities = read_utilities(path, notes)
        services = read_services(path, tables["places"].n_places, notes)
        known: dict[str, Any] = {"utilities": utilities, "turns": turns, "services": services}
        return cls(name=name, meta=notes, digest=found, **known, **tables)

    @classmethod
    def from_osm(
        cls,
        file: str | Path,
        bbox: Box | None = None,
        name: str | None = None,
        zones: str | Path | None = None,
        elevation: str | Path | None = None,
        progress: Progress | None = None,
    ) -> Territory:
        """Build a territory from a local `.osm`, `.osm.gz`, `.osm.bz2` or `.osm.pbf` file.

        Parameters
        ----------
        file
            The map; bounded, filtered and mended before it is used.
        bbox
            West, south, east, north in degrees: what lies outside is as if absent.
        name
            Name of the territory; the file's name without its endings if none is given.
        zones
            A TOML file with `[[zone]]` tables (and `place`, `date`, `source`); each commune is a zone
            if none is given.
        elevation
            Heights: a CSV file with lon, lat, elevation_m, a GeoTIFF in degrees, or an SRTM tile (.hgt).
        progress
            Called with the name of each step.
        """
        parts = build(file, bbox, zones, elevation, progress)
        return cls._of(parts, name or Path(file).name.split(".")[0])

    @classmethod
    def from_place(
        cls,
        place: str = "",
        bbox: Box | None = None,
        name: str | None = None,
        zones: str | Path | None = None,
        elevation: str | Path | None = None,
        progress: Progress | None = None,
    ) -> Territory:
        """Build a territory of a place by its name, asking OpenStreetMap's servers.

        Parameters
        ----------
        place
            What Nominatim is asked for, such as "La Turbie, France"; its bounding box is fetched.
        bbox
            West, south, east, north in degrees: this box instead, which must meet the place if one is
            named.
        name
            Name of the territory; the place's first words if none is given.
        zones, elevation, progress
            As for `from_osm`.

        Raises
        ------
        InputError
            The place is unknown, the box too large or far from it, or nothing is mapped there.
        WorkError
            A server cannot be reached, or answers with something else than a map.
        """
        map_, box, full_name = map_of(place, bbox, progress)
        parts = build(map_, box, zones, elevation, progress, full_name)
        return cls._of(parts, name or folder_name(place))

    @classmethod
    def _of(cls, parts: Parts, name: str) -> Territory:
        digest = content_digest(_with_turns(parts.tables, parts.turns))
        more: dict[str, Any] = {
            "utilities": parts.utilities,
            "turns": parts.turns,
            "services": parts.services,
        }
        return cls(name, meta=parts.meta, digest=digest, **more, **parts.tables)

    def cut(
        self,
        bbox: Box | None = None,
        polygon: Sequence[Sequence[float]] | None = None,
        zones: Sequence[str] = (),
        name: str | None = None,
    ) -> Territory:
        """A smaller territory cut out of this one, with gateways where roads are cut.

        Links keep their ids, lengths and capacities; one that is partly inside is kept whole.

        Parameters
        ----------
        bbox
            West, south, east, north in degrees.
        polygon
            Three corners or more, lon and lat each.
        zones
            Names of zones or pools. One of the three says where.
        name
            Name of the new territory; this one's if none is given.
        """
        tables = {each: getattr(self, each) for each in TABLES}
        area = area_of(bbox, polygon, zones, self.zones)
        content = tables, self.utilities, self.turns, self.services
        parts = cut_out(self.name, self.digest, content, self.meta, area)
        return self._of(parts, name or self.name)

    def with_places(self, places: Places) -> Territory:
        """The same territory with other places, and the digest that goes with them."""
        tables = {each: getattr(self, each) for each in TABLES} | {"places": places}
        return replace(self, places=places, digest=content_digest(_with_turns(tables, self.turns)))

    def save(self, folder: str | Path) -> None:
        """Write the territory's folder: all of it, or nothing."""
        tables = {each: getattr(self, each) for each in TABLES}
        notes = {
            **self.meta,
            "name": self.name,
            "digest": self.digest,
            **(self.services.notes() if len(self.services) else {}),
            "zones": zones_note(self.zones),
            "communes": list(self.streets.communes),
            **(
                {"pools": {name: list(zones) for name, zones in self.zones.pools}} if self.zones.pools else {}
            ),
        }
        readme = describe(self.name, tables, self.meta, self.digest)
        more = arrow_tables(self.utilities) | {SERVICES: plain_table(self.services.columns())}
        write_territory(Path(folder), tables, self.turns, notes, readme, more)


def _with_turns(tables: Mapping[str, Any], turns: TurnBans) -> Mapping[str, Any]:
    """All that the digest covers; where no turn is banned there is nothing to add."""
    return {**tables, "turns": turns} if len(turns.from_link) else tables
