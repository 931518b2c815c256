"""Marginals of every area, from the place's own file, else from what the map tells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from twin.errors import InputError
from twin.population.file import (
    DENSITY_CLASSES,
    OUTSIDE_PURPOSES,
    AreaTable,
    CalibrationTable,
    CommutersTable,
    CountTable,
    ThroughTable,
    read_population_file,
)
from twin.population.people import people_of_zone
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory


@dataclass(frozen=True)
class Area:
    """A zone, or one commune's part of it, with the marginals of its inhabitants."""

    name: str
    zone: int
    commune: int  # -1: the whole zone
    inhabitants: int
    density: int  # index into DENSITY_CLASSES
    legal_regime: str
    household_size: float
    household_types: tuple[float, ...]
    age_shares: tuple[float, ...]
    outside_shares: tuple[float, ...]  # by OUTSIDE_PURPOSES
    gates: dict[str, float] | None  # None: by the capacity of the gateways' links
    basis: str  # "file", or what `people_of_zone` went by
    class_source: str = ""  # of density class and legal regime


@dataclass(frozen=True)
class Marginals:
    """All that is asked of the synthesis: areas by name, commuters, through traffic, and what was assumed."""

    areas: tuple[Area, ...]
    commuters: tuple[CommutersTable, ...]
    through: tuple[ThroughTable, ...]
    notes: tuple[str, ...]
    where: str
    counts: tuple[CountTable, ...] = ()
    calibration: CalibrationTable | None = None


def marginals_of(territory: Territory, population_file: Path | None, parameters: Parameters) -> Marginals:
    """Marginals by area; zones that the file leaves out are inferred, which the notes say."""
    tables: tuple[AreaTable, ...] = ()
    commuters: tuple[CommutersTable, ...] = ()
    through: tuple[ThroughTable, ...] = ()
    counts: tuple[CountTable, ...] = ()
    calibration: CalibrationTable | None = None
    where = str(population_file) if population_file else territory.name
    notes: list[str] = []
    if population_file is not None:
        read = read_population_file(population_file)
        tables, commuters, through, counts = read.area, read.commuters, read.through, read.count
        calibration = read.calibration
        _check_groups(territory, commuters, through, where)
        for i, count in enumerate(counts):
            known_groups({count.gate: 1.0}, territory, f"{where}: count {i + 1}: gate")
    else:
        notes.append(_assumed_demand(territory))
    areas = [_area(territory, table, i, parameters, where) for i, table in enumerate(tables)]
    _check_overlap(areas, where)
    for zone in sorted(set(range(len(territory.zones.name))) - {area.zone for area in areas}):
        inferred = _inferred(territory, zone, parameters)
        notes.append(f"zone {inferred.name}: {inferred.inhabitants} inhabitants by {inferred.basis}")
        areas.append(inferred)
    areas = sorted((area for area in areas if area.inhabitants > 0), key=lambda area: area.name)
    if not areas:
        right = "inhabitants in some area of population.toml, or buildings"
        raise InputError(where, "an empty population: nobody lives here", right)
    return Marginals(tuple(areas), commuters, through, tuple(notes), where, counts, calibration)


def _assumed_demand(territory: Territory) -> str:
    """What is assumed of the gateways where no file tells."""
    n_gates, n_groups = len(territory.gateways.gate_id), len(set(territory.gateways.group.tolist()))
    return (
        "Default demand (assumed; there is no population.toml): residents alone, who leave and come back by "
        f"{n_gates} gateways in {n_groups} groups in proportion to their capacity; no commuters from outside "
        "and no through traffic at any of them."
    )


def zone_row(territory: Territory, name: str, where: str) -> int:
    """Row of the zone of that name, or an `InputError` with the names there are."""
    names = [str(zone) for zone in territory.zones.name]
    if name not in names:
        raise InputError(where, f"no zone {name!r}", "one of " + ", ".join(names))
    return names.index(name)


def known_groups(value: dict[str, float] | None, territory: Territory, where: str) -> dict[str, float] | None:
    """The weights given, once each group is known to the territory."""
    groups = sorted({str(group) for group in territory.gateways.group})
    for group in value or {}:
        if group not in groups:
            raise InputError(where, f"no gateway group {group!r}", "one of " + (", ".join(groups) or "none"))
    return value


def _area(territory: Territory, table: AreaTable, i: int, parameters: Parameters, where: str) -> Area:
    spot = f"{where}: area {i + 1}"
    zone = zone_row(territory, table.zone, f"{spot}: zone")
    commune = -1
    if table.commune is not None:
        names = [str(name) for name in territory.streets.communes]
        if table.commune not in names:
            raise InputError(
                f"{spot}: commune", f"no commune {table.commune!r}", "one of " + ", ".join(names)
            )
        commune = names.index(table.commune)
    density = DENSITY_CLASSES.index(table.density_class)
    shares = table.outside_shares
    default = parameters["population.outside_shares"]
    return Area(
        name=table.zone if commune < 0 else f"{table.zone}/{table.commune}",
        zone=zone,
        commune=commune,
        inhabitants=table.inhabitants,
        density=density,
        legal_regime=table.legal_regime,
        household_size=table.household_size or parameters["population.household_size"][density],
        household_types=table.household_types
        or parameters[f"population.household_types_{table.density_class}"],
        age_shares=table.age_shares or parameters[f"population.age_shares_{table.density_class}"],
        outside_shares=default
        if shares is None
        else tuple(shares.get(each, 0.0) for each in OUTSIDE_PURPOSES),
        gates=known_groups(table.gates, territory, f"{spot}: gates"),
        basis="file",
        class_source=table.class_source or "stated in the file, without a source of its own",
    )


def _inferred(territory: Territory, zone: int, parameters: Parameters) -> Area:
    """An area by what the map tells of the zone's inhabitants."""
    people = people_of_zone(territory, zone, parameters)
    label = DENSITY_CLASSES[people.density]
    return Area(
        name=str(territory.zones.name[zone]),
        zone=zone,
        commune=-1,
        inhabitants=max(round(people.inhabitants), 0),
        density=people.density,
        legal_regime="unknown",
        household_size=parameters["population.household_size"][people.density],
        household_types=parameters[f"population.household_types_{label}"],
        age_shares=parameters[f"population.age_shares_{label}"],
        outside_shares=parameters["population.outside_shares"],
        gates=None,
        basis=people.basis,
        class_source="by inhabitants (population.density_class_from_inhabitants); legal regime unknown",
    )


def _check_overlap(areas: list[Area], where: str) -> None:
    """Nobody is counted twice: a zone is given once, or by its communes."""
    seen: dict[int, set[int]] = {}
    for i, area in enumerate(areas):
        communes = seen.setdefault(area.zone, set())
        if area.commune in communes or (communes and -1 in communes | {area.commune}):
            right = "each zone once, or each of its communes once"
            raise InputError(f"{where}: area {i + 1}", f"{area.name} is given twice", right)
        communes.add(area.commune)


def _check_groups(
    territory: Territory, commuters: tuple[CommutersTable, ...], through: tuple[ThroughTable, ...], where: str
) -> None:
    for i, table in enumerate(commuters):
        known_groups(table.gates, territory, f"{where}: commuters {i + 1}: gates")
        zone_row(territory, table.zone, f"{where}: commuters {i + 1}: zone")
    for i, row in enumerate(through):
        known_groups({row.enter: 1.0}, territory, f"{where}: through {i + 1}: enter")
        known_groups({row.leave: 1.0}, territory, f"{where}: through {i + 1}: leave")
        if row.enter == row.leave:
            right = "two groups: who comes back is no through traffic"
            raise InputError(f"{where}: through {i + 1}", f"enters and leaves by {row.enter!r}", right)
