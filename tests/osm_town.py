"""A made-up town as OSM XML of any size: seeded, with streets, buildings, paths and tags as real ones."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

LON0, LAT0 = 1.44, 43.60
METRE_LON, METRE_LAT = 1.0 / 80_500.0, 1.0 / 111_195.0
BLOCK_M = 110.0
STAMP = 'version="4" timestamp="2024-05-12T09:31:44Z" changeset="{}" uid="{}" user="{}"'
MAPPERS = ("Amélie", "jean-pierre_31", "survey bot", "O'Hara", "K. & R.")
SHOPS = ("bakery", "supermarket", "hairdresser", "clothes", "florist", "convenience")
AMENITIES = ("restaurant", "cafe", "pharmacy", "bank", "school", "doctors", "bench", "post_box", "fuel")
STREETS = ("Rue des Lilas", "Avenue de la République", "Chemin du Moulin", "Place & Cour", "Rue de l'Église")


class Town:
    """Nodes and ways of a square town with `n_side` streets each way."""

    def __init__(self, n_side: int, seed: int) -> None:
        self.n_side = n_side
        self.draw = random.Random(seed)
        self.nodes: list[str] = []
        self.ways: list[str] = []
        self.relations: list[str] = []
        self.junctions: dict[tuple[int, int], int] = {}
        self._id = 300_000_000
        self._way = 40_000_000

    def write(self, file: Path) -> Path:
        """Build the town and write it; the file's bytes depend on size and seed only."""
        self._build()
        half = self.n_side * BLOCK_M / 2.0
        west, south = LON0 - half * METRE_LON, LAT0 - half * METRE_LAT
        east, north = LON0 + half * METRE_LON, LAT0 + half * METRE_LAT
        head = '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="a made-up town">\n'
        bounds = (
            f' <bounds minlat="{south:.7f}" minlon="{west:.7f}" maxlat="{north:.7f}" maxlon="{east:.7f}"/>\n'
        )
        body = "".join([*self.nodes, *self.ways, *self.relations])
        file.write_text(head + bounds + body + "</osm>\n", encoding="utf-8")
        return file

    def _build(self) -> None:
        for row in range(self.n_side):
            for column in range(self.n_side):
                x, y = self._at(column, row)
                signals = {"highway": "traffic_signals"} if self.draw.random() < 0.04 else {}
                self.junctions[column, row] = self._node(
                    x + self.draw.gauss(0, 9), y + self.draw.gauss(0, 9), signals
                )
        for row in range(self.n_side):
            self._street([(column, row) for column in range(self.n_side)], row)
            self._street([(row, column) for column in range(self.n_side)], row)
        for row in range(self.n_side - 1):
            for column in range(self.n_side - 1):
                self._block(*self._at(column, row))
        self._commune()

    def _at(self, column: int, row: int) -> tuple[float, float]:
        middle = (self.n_side - 1) / 2.0
        return (column - middle) * BLOCK_M, (row - middle) * BLOCK_M

    def _stamp(self) -> str:
        who = self.draw.randrange(len(MAPPERS))
        return STAMP.format(self.draw.randrange(10**7, 10**8), 1000 + who, MAPPERS[who].replace("&", "&amp;"))

    def _node(self, x_m: float, y_m: float, tags: dict[str, str] | None = None) -> int:
        self._id += self.draw.randrange(1, 40)
        place = f'lat="{LAT0 + y_m * METRE_LAT:.7f}" lon="{LON0 + x_m * METRE_LON:.7f}"'
        head = f' <node id="{self._id}" {self._stamp()} {place}'
        inside = "".join(_tag_lines(tags or {}))
        self.nodes.append(f"{head}>\n{inside} </node>\n" if inside else f"{head}/>\n")
        self._places = getattr(self, "_places", {})
        self._places[self._id] = (x_m, y_m)
        return self._id

    def _add_way(self, refs: list[int], tags: dict[str, str]) -> int:
        self._way += self.draw.randrange(1, 30)
        nodes = "".join(f'  <nd ref="{ref}"/>\n' for ref in refs)
        self.ways.append(
            f' <way id="{self._way}" {self._stamp()}>\n{nodes}{"".join(_tag_lines(tags))} </way>\n'
        )
        return self._way

    def _street(self, cells: list[tuple[int, int]], number: int) -> None:
        """One street across the town, in ways of a few blocks, its line slightly bent."""
        main = number % 10 == self.n_side // 2 % 10
        kind = "secondary" if main else ("tertiary" if number % 5 == 0 else "residential")
        at = 0
        while at < len(cells) - 1:
            stop = min(len(cells) - 1, at + self.draw.randrange(2, 6))
            refs = [self.junctions[cells[at]]]
            for cell in cells[at + 1 : stop + 1]:
                refs += [*self._bend(refs[-1], self.junctions[cell]), self.junctions[cell]]
            tags = {"highway": kind, "name": f"{self.draw.choice(STREETS)} {number}", "surface": "asphalt"}
            if main:
                tags |= {"ref": f"D {number}", "lanes": "2", "maxspeed": "50", "lit": "yes"}
            elif kind == "residential" and self.draw.random() < 0.25:
                tags |= {"oneway": "yes", "maxspeed": "30"}
            self._add_way(refs, tags)
            at = stop

    def _bend(self, first: int, last: int) -> list[int]:
        (x1, y1), (x2, y2) = self._places[first], self._places[last]
        n = self.draw.randrange(1, 5)
        return [
            self._node(
                x1 + (x2 - x1) * k / (n + 1) + self.draw.gauss(0, 2),
                y1 + (y2 - y1) * k / (n + 1) + self.draw.gauss(0, 2),
            )
            for k in range(1, n + 1)
        ]

    def _block(self, x: float, y: float) -> None:
        """Houses of a block, a path through it, and what can be found there."""
        for k in range(self.draw.randrange(3, 7)):
            self._house(x + 18 + 26 * (k % 3), y + 20 + 42 * (k // 3))
        if self.draw.random() < 0.5:
            path = [self._node(x + 6 + 12 * k, y + 55 + self.draw.gauss(0, 3)) for k in range(9)]
            kind = self.draw.choice(("footway", "footway", "path", "service", "cycleway"))
            corner = self.junctions.get(self._cell(x, y))
            self._add_way([*([corner] if corner else []), *path], {"highway": kind, "surface": "gravel"})
        for key, values in (("amenity", AMENITIES), ("shop", SHOPS)):
            if self.draw.random() < 0.35:
                value = self.draw.choice(values)
                name = f"Chez {self.draw.choice(MAPPERS)}"
                self._node(
                    x + self.draw.uniform(15, 90), y + self.draw.uniform(15, 90), {key: value, "name": name}
                )
        if self.draw.random() < 0.06:
            tower = {"power": "tower"} if self.draw.random() < 0.5 else {"emergency": "fire_hydrant"}
            self._node(x + 8, y + 8, tower)

    def _cell(self, x: float, y: float) -> tuple[int, int]:
        middle = (self.n_side - 1) / 2.0
        return round(x / BLOCK_M + middle), round(y / BLOCK_M + middle)

    def _house(self, x: float, y: float) -> None:
        turn, wide, deep = self.draw.uniform(-0.2, 0.2), self.draw.uniform(7, 20), self.draw.uniform(7, 24)
        corners = [(0, 0), (wide, 0), (wide, deep), (0, deep)]
        if self.draw.random() < 0.35:  # an L, as many are
            corners[2:3] = [(wide, deep / 2), (wide / 2, deep / 2), (wide / 2, deep)]
        c, s = math.cos(turn), math.sin(turn)
        refs = [self._node(x + c * u - s * v, y + s * u + c * v) for u, v in corners]
        tags = {"building": "yes", "source": "cadastre-dgi-fr"}
        if self.draw.random() < 0.3:
            tags |= {"building:levels": str(self.draw.randrange(1, 7)), "building": "apartments"}
        if self.draw.random() < 0.3:
            tags |= {
                "addr:housenumber": str(self.draw.randrange(1, 90)),
                "addr:street": self.draw.choice(STREETS),
            }
        self._add_way([*refs, refs[0]], tags)

    def _commune(self) -> None:
        half = self.n_side * BLOCK_M
        corners = [self._node(x, y) for x, y in ((-half, -half), (half, -half), (half, half), (-half, half))]
        tags = {"boundary": "administrative", "admin_level": "8", "name": "Villeneuve"}
        ring = self._add_way([*corners, corners[0]], {"boundary": "administrative"})
        centre = self._node(0, 0, {"place": "town", "name": "Villeneuve", "population": "24310"})
        members = f'  <member type="way" ref="{ring}" role="outer"/>\n'
        members += f'  <member type="node" ref="{centre}" role="admin_centre"/>\n'
        inside = "".join(_tag_lines({"type": "boundary", **tags}))
        self.relations.append(f' <relation id="7001" {self._stamp()}>\n{members}{inside} </relation>\n')


def _tag_lines(tags: dict[str, str]) -> Iterator[str]:
    return (f"  <tag k={quoteattr(key)} v={quoteattr(value)}/>\n" for key, value in tags.items())


def write_town(file: Path, n_side: int = 40, seed: int = 1) -> Path:
    """A town of about 14 MB by default."""
    return Town(n_side, seed).write(file)
