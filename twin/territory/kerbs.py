"""Parking at the kerb: spaces and price from tags of the street, else by class where houses line it.

Read are `parking:SIDE` (with `parking:SIDE:orientation`) and the older `parking:lane:SIDE`, for the
sides left, right and both. Traffic keeps right: on a two-way street each direction parks at its own
right-hand kerb, on a one-way street at both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.readers.osm import Tags
from twin.scenario.ledger import Parameters
from twin.territory.attributes import LinkLines
from twin.territory.tables import INFERRED, OBSERVED, PROVENANCES, ROAD_CLASSES, Flags, Places, Streets

KERBED = ("tertiary", "unclassified", "residential", "living_street")
ANGLES = ("parallel", "diagonal", "perpendicular")  # the order of the ledger's row
ALLOWED = frozenset({"lane", "street_side", "on_kerb", "half_on_kerb", "shoulder", "yes", "marked", *ANGLES})


@dataclass(frozen=True)
class KerbParking:
    """Spaces, price [EUR/h] (float32) and provenance (int8) of the kerb of each link, (n_links,)."""

    spaces: np.ndarray
    eur_per_h: np.ndarray
    provenance: np.ndarray


@dataclass(frozen=True)
class _Kerb:
    """Spaces a metre that tags give, NaN where they are silent; whether one pays."""

    spaces_per_m: float
    paid: bool


def parked_angle(tags: Tags, side: str) -> str | None:
    """How cars stand at one side, "no" where none may, None where the tags are silent.

    >>> parked_angle({"parking:both": "lane", "parking:both:orientation": "diagonal"}, "left")
    'diagonal'
    >>> parked_angle({"parking:lane:right": "no_stopping"}, "right"), parked_angle({}, "right")
    ('no', None)
    """
    for which in (side, "both"):
        for key in (f"parking:{which}", f"parking:lane:{which}"):
            if key in tags:
                said = tags[key]
                if said not in ALLOWED:
                    return "no"
                angle = said if said in ANGLES else tags.get(f"parking:{which}:orientation", ANGLES[0])
                return angle if angle in ANGLES else ANGLES[0]
    return None


def is_paid(tags: Tags, side: str) -> bool:
    """Whether one pays at one side's kerb, at some hours at least.

    >>> is_paid({"parking:condition:both": "ticket"}, "left"), is_paid({"parking:left:fee": "no"}, "left")
    (True, False)
    """
    for which in (side, "both"):
        if tags.get(f"parking:condition:{which}") == "ticket":
            return True
        if tags.get(f"parking:{which}:fee", "no") != "no":
            return True
    return False


def _kerb_of(tags: Tags, sides: Sequence[str], room_m: Sequence[float]) -> _Kerb:
    angles = [parked_angle(tags, side) for side in sides]
    if all(angle is None for angle in angles):
        return _Kerb(np.nan, False)
    counts = [1.0 / room_m[ANGLES.index(angle)] for angle in angles if angle in ANGLES]
    return _Kerb(float(sum(counts)), any(is_paid(tags, side) for side in sides))


def kerb_parking(
    lines: LinkLines,
    ways: tuple[Sequence[Tags], Sequence[bool], Sequence[bool]],
    road_class: np.ndarray,
    urban: Flags,
    parameters: Parameters,
) -> KerbParking:
    """Kerb of all links, by tags, direction and two-way of each member's way; a silent side is inferred.

    A kerb is observed where most of its link is tagged, and costs where most of its spaces do.
    """
    room_m = parameters["territory.kerb_room_m"]
    tagged_share = parameters["territory.kerb_tagged_share"]
    known: dict[tuple[int, bool, bool], _Kerb] = {}
    found = []
    for tags, forward, both_ways in zip(*ways, strict=True):
        key = id(tags), forward, both_ways
        if key not in known:
            sides = ("left", "right") if not both_ways else ("right",) if forward else ("left",)
            known[key] = _kerb_of(tags, sides, room_m)
        found.append(known[key])
    tagged = np.array([each.spaces_per_m for each in found])
    paid = np.array([each.paid for each in found], dtype=bool)
    by_class = np.array([kind in KERBED for kind in ROAD_CLASSES])[road_class] & urban
    share = parameters["territory.kerb_parking_share"]
    rate = np.repeat(by_class * share / room_m[0], np.diff(lines.member_start))
    start, length_m = lines.member_start[:-1], lines.member_length_m
    silent = np.isnan(tagged)
    spaces = length_m * np.where(silent, rate, tagged_share * tagged)
    total = np.add.reduceat(spaces, start)
    observed = 2.0 * np.add.reduceat(np.where(silent, 0.0, length_m), start) >= np.add.reduceat(
        length_m, start
    )
    pays = (2.0 * np.add.reduceat(np.where(paid, spaces, 0.0), start) >= total) & (total > 0.0)
    price = np.where(pays, parameters["territory.kerb_eur_per_h"], 0.0)
    return KerbParking(
        np.round(total, 1).astype(np.float32),
        price.astype(np.float32),
        np.where(observed, OBSERVED, INFERRED).astype(np.int8),
    )


def parking_supply(streets: Streets, places: Places) -> dict[str, dict[str, int]]:
    """Spaces at the kerb and in car parks open to everybody: all, paid ones, and by provenance."""
    lots = places.parking > 0.0
    found = {}
    for name, spaces, price, how in (
        ("kerb", streets.parking_spaces, streets.parking_eur_per_h, streets.parking_provenance),
        ("car parks", places.parking[lots], places.parking_eur_per_h[lots], places.provenance[lots]),
    ):
        wide = spaces.astype(np.float64)
        found[name] = {"spaces": round(float(wide.sum())), "paid": round(float(wide[price > 0.0].sum()))}
        found[name] |= {kind: round(float(wide[how == row].sum())) for row, kind in enumerate(PROVENANCES)}
    return found
