"""Small street maps written as OSM XML, for hostile and for hand-checked cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

LON0, LAT0 = 7.40, 43.74
METRE_LON, METRE_LAT = 1.0 / 80_340.0, 1.0 / 111_195.0  # degrees, near enough at this latitude

Tags = Mapping[str, str]


def place(x_m: float, y_m: float) -> tuple[float, float]:
    """Longitude and latitude so many metres east and north of the maps' origin."""
    return round(LON0 + x_m * METRE_LON, 7), round(LAT0 + y_m * METRE_LAT, 7)


class OsmMap:
    """Nodes, ways and relations added one by one; nodes are placed in metres from the origin."""

    def __init__(self, box_m: tuple[float, float, float, float] | None = None) -> None:
        self.lines: list[str] = []
        self._way = 1000
        if box_m is not None:
            (west, south), (east, north) = place(*box_m[:2]), place(*box_m[2:])
            self.lines.append(f'<bounds minlon="{west}" minlat="{south}" maxlon="{east}" maxlat="{north}"/>')

    def node(self, number: int, x_m: float, y_m: float, **tags: str) -> int:
        lon, lat = place(x_m, y_m)
        self.lines.append(f'<node id="{number}" lon="{lon}" lat="{lat}">{_tags(tags)}</node>')
        return number

    def way(self, refs: Sequence[int], highway: str | None = None, **tags: str) -> int:
        self._way += 1
        if highway is not None:
            tags = {"highway": highway, **tags}
        nodes = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        self.lines.append(f'<way id="{self._way}">{nodes}{_tags(tags)}</way>')
        return self._way

    def relation(self, members: Sequence[tuple[str, int, str]], number: int = 1, **tags: str) -> int:
        listed = "".join(f'<member type="{t}" ref="{r}" role="{role}"/>' for t, r, role in members)
        self.lines.append(f'<relation id="{number}">{listed}{_tags(tags)}</relation>')
        return number

    def text(self) -> str:
        order = ("<bounds", "<node", "<way", "<relation")
        lines = sorted(
            self.lines, key=lambda line: next(k for k, s in enumerate(order) if line.startswith(s))
        )
        return '<?xml version="1.0"?>\n<osm version="0.6">\n' + "\n".join(lines) + "\n</osm>\n"

    def write(self, file: Path) -> Path:
        file.write_text(self.text(), encoding="utf-8")
        return file


def _tags(tags: Tags) -> str:
    return "".join(f"<tag k={quoteattr(k.replace('__', ':'))} v={quoteattr(v)}/>" for k, v in tags.items())


def small_town() -> OsmMap:
    """A square of two-way streets between two primary roads that reach the west and east edge.

    One house stands in the north, a school in the south, a bakery in the house; a commune ring
    surrounds all but the eastern road's end.
    """
    town = OsmMap(box_m=(-500, -300, 500, 300))
    for number, (x, y) in enumerate([(-100, -100), (100, -100), (100, 100), (-100, 100)], start=1):
        town.node(number, x, y)
    town.node(5, -490, 0), town.node(6, -100, 0), town.node(7, 100, 0), town.node(8, 490, 0)
    town.way([5, 6], "primary", ref="D 1")
    town.way([7, 8], "primary", ref="D 1", lanes="2", maxspeed="70")
    town.way([1, 2], "residential", name="South Street")
    town.way([2, 7, 3], "residential", name="East Street")
    town.way([3, 4], "residential", name="North Street", lanes="3")
    town.way([4, 6, 1], "residential", name="West Street")
    for number, (x, y) in enumerate([(0, 110), (20, 110), (20, 130), (0, 130)], start=20):
        town.node(number, x, y)
    town.way([20, 21, 22, 23, 20], building="yes")
    for number, (x, y) in enumerate([(0, -140), (40, -140), (40, -110), (0, -110)], start=30):
        town.node(number, x, y)
    town.way([30, 31, 32, 33, 30], building="yes", amenity="school", capacity="200")
    town.node(40, 5, 112, shop="bakery")
    town.node(41, 0, 0, place="village", name="Smallville", population="1234", ref__INSEE="99001")
    for number, (x, y) in enumerate([(-600, -200), (300, -200), (300, 200), (-600, 200)], start=50):
        town.node(number, x, y)
    ring = town.way([50, 51, 52, 53, 50])
    town.relation(
        [("w", ring, "outer"), ("n", 41, "admin_centre")],
        type="boundary",
        boundary="administrative",
        admin_level="8",
        name="Smallville",
        ref__INSEE="99001",
    )
    return town
