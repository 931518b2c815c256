"""Speeds, lanes, capacities and storage of links: what tags say, else by class, and which it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.readers.osm import Tags
from twin.scenario.ledger import Parameters
from twin.territory.bends import KMH, bend_speeds_mps, free_speed_kmh
from twin.territory.tables import INFERRED, OBSERVED, ROAD_CLASSES, Flags, Floats, Ints, Longs

WORDS_KMH = {"walk": 6.0, "fr:urban": 50.0, "fr:rural": 80.0, "fr:motorway": 130.0, "fr:zone30": 30.0}
MPH_KMH = 1.609344
MOST_LANES = 8.0  # a direction tagged with more is mistagged, and counts as untagged
NUMBER = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})?")


@dataclass(frozen=True)
class LinkAttributes:
    """Columns of links that are read from tags or imputed, (n_links,) each."""

    free_speed_mps: Floats
    speed_provenance: np.ndarray
    lanes: Floats
    lanes_provenance: np.ndarray
    flow_capacity_vps: Floats
    storage_veh: Ints
    parking_spaces: np.ndarray


def speed_kmh(text: str) -> float | None:
    """Speed limit of a tag in km/h; of several the lowest; None if it cannot be one.

    >>> speed_kmh("50"), speed_kmh("30 mph"), speed_kmh("50;30"), speed_kmh("1e999"), speed_kmh("-7")
    (50.0, 48.28032, 30.0, None, None)
    """
    found = []
    for part in map(str.strip, text.lower().split(";")):
        number = part.removesuffix("mph").removesuffix("km/h").strip()
        if part in WORDS_KMH:
            found.append(WORDS_KMH[part])
        elif NUMBER.fullmatch(number):
            found.append(float(number) * (MPH_KMH if part.endswith("mph") else 1.0))
    usable = [each for each in found if 5.0 <= each <= 150.0]
    return min(usable) if usable else None


def lanes_of(tags: Tags, forward: bool, both_ways: bool) -> float | None:
    """Lanes in one direction: the direction's own tag, else the total shared evenly; None if unusable.

    >>> lanes_of({"lanes": "3"}, True, True), lanes_of({"lanes": "2"}, True, False)
    (1.5, 2.0)
    """
    own = _lane_count(tags.get("lanes:forward" if forward else "lanes:backward", ""))
    if own is not None:
        return own
    total = _lane_count(tags.get("lanes", ""))
    if total is None:
        return None
    return max(1.0, total / 2.0) if both_ways else total


def _lane_count(text: str) -> float | None:
    numbers = [float(part) for part in text.split(";") if NUMBER.fullmatch(part.strip())]
    return min(numbers) if numbers and 1.0 <= min(numbers) <= MOST_LANES else None


@dataclass(frozen=True)
class MemberTags:
    """Tagged values of members, (n_members,); NaN where the tag is absent or unusable."""

    speed_kmh: Floats
    lanes: Floats


def read_member_tags(
    tags: Sequence[Tags], forward: Sequence[bool], both_ways: Sequence[bool], repairs: Counter[str]
) -> MemberTags:
    """Speed and lanes of each member's way, in the member's direction."""
    speed = np.full(len(tags), np.nan)
    lanes = np.full(len(tags), np.nan)
    unusable = set()
    for row, way in enumerate(tags):
        directed = way.get("maxspeed:forward" if forward[row] else "maxspeed:backward")
        limit = directed or way.get("maxspeed", "")
        read = speed_kmh(limit) if limit else None
        speed[row] = np.nan if read is None else read
        if limit and read is None:
            unusable.add(id(way))
        count = lanes_of(way, forward[row], both_ways[row])
        lanes[row] = np.nan if count is None else count
    repairs["unusable_speed_tags"] += len(unusable)
    return MemberTags(speed, lanes)


@dataclass(frozen=True)
class LinkLines:
    """Lines of links.

    Lengths of members (n_members,), offsets (n_links + 1,), points (n_members + n_links,).
    """

    member_length_m: Floats
    member_start: Longs
    x_m: Floats
    y_m: Floats

    def members(self, link: int) -> slice:
        """Rows of a link's members."""
        return slice(int(self.member_start[link]), int(self.member_start[link + 1]))

    def bends_mps(self, link: int, comfort_mps2: float) -> Floats:
        """Speeds that the bends between a link's members allow."""
        points = slice(int(self.member_start[link]) + link, int(self.member_start[link + 1]) + link + 1)
        length = self.member_length_m[self.members(link)]
        return bend_speeds_mps(self.x_m[points], self.y_m[points], length, comfort_mps2)


def impute(
    read: MemberTags, lines: LinkLines, road_class: np.ndarray, urban: Flags, parameters: Parameters
) -> LinkAttributes:
    """Attributes of all links: tagged where most of the length is tagged, else by class.

    The free speed is the limit, less where bends force it (motorways are built for theirs). A member
    without a lane count takes that of its tagged neighbour on the same link if most of the link is
    tagged; a link has as many lanes as its narrowest member, but stores what all members hold.
    """
    n_links = len(road_class)
    speed, lanes = np.empty(n_links), np.empty(n_links)
    speed_from, lanes_from = np.empty(n_links, np.int8), np.empty(n_links, np.int8)
    storage, parking = np.empty(n_links, np.int32), np.zeros(n_links, np.float32)
    tables = _Tables(parameters)
    for link in range(n_links):
        rows = lines.members(link)
        length = lines.member_length_m[rows]
        kind = ROAD_CLASSES[road_class[link]]
        limits, speed_from[link] = _filled(
            read.speed_kmh[rows], length, tables.speed(kind, bool(urban[link]))
        )
        bends = lines.bends_mps(link, np.inf if kind == "motorway" else tables.comfort_mps2)
        speed[link] = free_speed_kmh(limits, length, bends) / KMH
        counts, lanes_from[link] = _filled(_spread(read.lanes[rows], length), length, tables.lanes[kind])
        lanes[link] = counts.min()
        storage[link] = max(tables.least_storage, int(float(np.dot(counts, length)) / tables.spacing_m))
        parking[link] = round(length.sum() * tables.kerb[kind] * bool(urban[link]), 1)
    capacity = np.array([tables.capacity_vph[ROAD_CLASSES[kind]] for kind in road_class]) * lanes / 3600.0
    return LinkAttributes(speed, speed_from, lanes, lanes_from, capacity, storage, parking)


class _Tables:
    """The ledger's rows by road class."""

    def __init__(self, parameters: Parameters) -> None:
        def by_class(row: str) -> Mapping[str, float]:
            return dict(zip(ROAD_CLASSES, parameters[f"territory.{row}"], strict=True))

        self._urban, self._rural = by_class("urban_speed_kmh"), by_class("rural_speed_kmh")
        self.lanes = by_class("lanes_per_direction")
        self.capacity_vph = by_class("lane_capacity_vph")
        share, space_m = parameters["territory.kerb_parking_share"], parameters["territory.kerb_space_m"]
        kerbed = ("tertiary", "unclassified", "residential", "living_street")
        self.kerb = {kind: share / space_m if kind in kerbed else 0.0 for kind in ROAD_CLASSES}
        self.spacing_m: float = parameters["territory.jam_spacing_m"]
        self.comfort_mps2: float = parameters["territory.bend_comfort_mps2"]
        self.least_storage = int(parameters["territory.least_storage_veh"])

    def speed(self, kind: str, urban: bool) -> float:
        return (self._urban if urban else self._rural)[kind]


def _spread(counts: Floats, length_m: Floats) -> Floats:
    """Lane counts with gaps filled from the member before, else the next one, if most is known."""
    known = np.flatnonzero(~np.isnan(counts))
    if len(known) == len(counts) or 2.0 * float(length_m[known].sum()) < float(length_m.sum()):
        return counts
    before = np.searchsorted(known, np.arange(len(counts)), side="right") - 1
    return counts[known[np.maximum(before, 0)]]


def _filled(values: Floats, length_m: Floats, default: float) -> tuple[Floats, int]:
    """Values with a default for the gaps, and whether most of the length was tagged."""
    known = ~np.isnan(values)
    observed = 2.0 * float(length_m[known].sum()) >= float(length_m.sum())
    return np.where(known, values, default), OBSERVED if observed and known.any() else INFERRED


def propagate_lane_drops(capacity_vps: Floats, tail: Ints, head: Ints, reverse: Ints) -> tuple[Floats, int]:
    """Capacity no larger than that of the only way on, and how many links that lowers.

    Where a road narrows without a junction (a link's head leads to one other link, turning back
    aside, and nothing else joins there), what leaves the wide link is what the narrow one takes; the
    queue then stands before the drop. `reverse` names each link's opposite link, -1 if none.
    """
    capacity = capacity_vps.copy()
    out_of: dict[int, list[int]] = {}
    into: dict[int, list[int]] = {}
    for link, (a, b) in enumerate(zip(tail.tolist(), head.tolist(), strict=True)):
        out_of.setdefault(a, []).append(link)
        into.setdefault(b, []).append(link)
    onward = np.full(len(tail), -1)
    for link in range(len(tail)):
        node = int(head[link])
        ahead = [other for other in out_of.get(node, []) if other != reverse[link]]
        if len(ahead) == 1:
            joining = [other for other in into[node] if other not in (link, reverse[ahead[0]])]
            onward[link] = ahead[0] if not joining else -1
    lowered = set()
    changed = True
    while changed:
        narrow = [link for link in range(len(tail)) if onward[link] >= 0]
        narrow = [link for link in narrow if capacity[onward[link]] < capacity[link]]
        changed = bool(narrow)
        for link in narrow:
            capacity[link] = capacity[onward[link]]
            lowered.add(link)
    return capacity, len(lowered)
