"""Speeds, lanes, capacities and storage of links: what tags say, else by class, and which it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.readers.osm import Tags
from twin.scenario.ledger import Parameters
from twin.territory.bends import bend_speeds_mps, free_speeds_kmh
from twin.territory.tables import INFERRED, OBSERVED, ROAD_CLASSES, Flags, Floats, Ints, Longs
from twin.units import KMH_PER_MPS, S_PER_H

WORDS_KMH = {"walk": 6.0, "fr:urban": 50.0, "fr:rural": 80.0, "fr:motorway": 130.0, "fr:zone30": 30.0}
MPH_KMH = 1.609344
MOST_LANES = 8.0  # a direction tagged with more is mistagged, and counts as untagged
MOTORWAY = ROAD_CLASSES.index("motorway")
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
    known: dict[tuple[int, bool, bool], tuple[float, float]] = {}
    for row, (way, ahead, both) in enumerate(zip(tags, forward, both_ways, strict=True)):
        found = known.get((id(way), ahead, both))
        if found is None:
            limit = way.get("maxspeed:forward" if ahead else "maxspeed:backward") or way.get("maxspeed", "")
            read, count = speed_kmh(limit) if limit else None, lanes_of(way, ahead, both)
            if limit and read is None:
                unusable.add(id(way))
            found = known[id(way), ahead, both] = (
                np.nan if read is None else read, np.nan if count is None else count,
            )  # fmt: skip
        speed[row], lanes[row] = found
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

    def bends_mps(self, comfort_mps2: float) -> Floats:
        """Speeds that the bends between members allow (n_members - 1,), those between links included."""
        before = np.delete(
            np.arange(len(self.x_m)), self.member_start[1:] + np.arange(len(self.member_start) - 1)
        )
        heading = np.arctan2(self.y_m[before + 1] - self.y_m[before], self.x_m[before + 1] - self.x_m[before])
        return bend_speeds_mps(heading, self.member_length_m, comfort_mps2)


def impute(
    read: MemberTags, lines: LinkLines, road_class: np.ndarray, urban: Flags, parameters: Parameters
) -> LinkAttributes:
    """Attributes of all links: tagged where most of the length is tagged, else by class.

    The free speed is the limit, less where bends force it (motorways are built for theirs). A member
    without a lane count takes that of its tagged neighbour on the same link if most of the link is
    tagged; a link has as many lanes as its narrowest member, but stores what all members hold.
    """
    tables = _Tables(parameters)
    start, length = lines.member_start[:-1], lines.member_length_m
    n_members = np.diff(lines.member_start)
    by_speed = np.where(urban, tables.urban[road_class], tables.rural[road_class])
    limits, speed_from = _filled(read.speed_kmh, lines, np.repeat(by_speed, n_members))
    at_rest = np.repeat(road_class == MOTORWAY, n_members)  # built for its limit: no bend lowers it
    bends = np.where(at_rest[:-1], np.inf, lines.bends_mps(tables.comfort_mps2))
    speed = free_speeds_kmh(limits, length, bends, start) / KMH_PER_MPS
    spread = _spread(read.lanes, lines)
    counts, lanes_from = _filled(spread, lines, np.repeat(tables.lanes[road_class], n_members))
    lanes = np.minimum.reduceat(counts, start)
    storage = storage_veh(np.add.reduceat(counts * length, start), parameters)
    capacity = lane_capacity_vps(road_class, lanes, parameters)
    return LinkAttributes(speed, speed_from, lanes, lanes_from, capacity, storage)


def lane_capacity_vps(road_class: np.ndarray, lanes: Floats, parameters: Parameters) -> Floats:
    """Flow capacity of so many lanes of a class (n_links,) [veh/s], before any lane drop ahead."""
    vph = np.array(parameters["territory.lane_capacity_vph"], dtype=float)
    return np.asarray(vph[road_class] * lanes / S_PER_H)


def storage_veh(lane_m: Floats, parameters: Parameters) -> Ints:
    """Vehicles that fit on metres of lane (n_links,), by the ledger's spacing in a jam."""
    room = lane_m / parameters["territory.jam_spacing_m"]
    least = int(parameters["territory.least_storage_veh"])
    return np.asarray(np.maximum(least, room.astype(np.int32)).astype(np.int32))


class _Tables:
    """The ledger's rows by road class."""

    def __init__(self, parameters: Parameters) -> None:
        def by_class(row: str) -> Floats:
            return np.array(parameters[f"territory.{row}"], dtype=float)

        self.urban, self.rural = by_class("urban_speed_kmh"), by_class("rural_speed_kmh")
        self.lanes = by_class("lanes_per_direction")
        self.comfort_mps2: float = parameters["territory.bend_comfort_mps2"]


def _spread(counts: Floats, lines: LinkLines) -> Floats:
    """Lane counts with gaps filled from the member before, else the next, where most of a link is known."""
    start, length_m = lines.member_start[:-1], lines.member_length_m
    known = ~np.isnan(counts)
    known_m = np.add.reduceat(np.where(known, length_m, 0.0), start)
    partly = np.logical_or.reduceat(known, start) & ~np.logical_and.reduceat(known, start)
    filled = counts.copy()
    for link in np.flatnonzero(partly & (2.0 * known_m >= np.add.reduceat(length_m, start))).tolist():
        rows = slice(int(lines.member_start[link]), int(lines.member_start[link + 1]))
        at = np.flatnonzero(known[rows])
        before = np.searchsorted(at, np.arange(rows.stop - rows.start), side="right") - 1
        filled[rows] = counts[rows][at[np.maximum(before, 0)]]
    return filled


def _filled(values: Floats, lines: LinkLines, default: Floats) -> tuple[Floats, np.ndarray]:
    """Values with a default for the gaps (n_members,), and of each link whether most of it was tagged."""
    start, length_m = lines.member_start[:-1], lines.member_length_m
    known = ~np.isnan(values)
    known_m = np.add.reduceat(np.where(known, length_m, 0.0), start)
    observed = (2.0 * known_m >= np.add.reduceat(length_m, start)) & np.logical_or.reduceat(known, start)
    return np.where(known, values, default), np.where(observed, OBSERVED, INFERRED).astype(np.int8)


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
