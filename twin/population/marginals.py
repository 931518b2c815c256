"""Marginals of every area, from the place's own file, else from what the map tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from twin.population.residents.census import CensusMargins, Key, read_census, spelled
from twin.population.residents.people import density_class, people_of_zone
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

FILE, CENSUS = "file", "census"
UNKNOWN_REGIME = "unknown"
STATISTICS_OF = "France"
"""Where the ledger's statistics of people hold; elsewhere the report says that they are another country's."""
BY_INHABITANTS = "by inhabitants (ledger: population.density_class_from_inhabitants); legal regime unknown"
OWN_OF = {
    "age": "ages",
    "age_shares": "ages",
    "sex": "sexes",
    "household_size": "household sizes",
    "household_type": "household types",
    "household_types": "household types",
    "occupation": "occupations",
}
"""Statistics that an area may have of its own, by the names of rows and keys that give them."""


@dataclass(frozen=True)
class MarginalsArea:
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
    basis: str  # "file", "census", or what `people_of_zone` went by
    class_source: str = BY_INHABITANTS  # of density class and legal regime
    source: str = ""  # of the file's numbers, with their kind
    own: tuple[str, ...] = ()  # statistics that are the area's own, not the ledger's for France
    census: CensusMargins | None = None


@dataclass(frozen=True)
class Marginals:
    """All that is asked of the synthesis: areas by name, commuters, through traffic, and what was assumed."""

    areas: tuple[MarginalsArea, ...]
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
    counted: Mapping[Key, CensusMargins] = {}
    counted_in, counts_from = Path(), ""
    if population_file is not None:
        read = read_population_file(population_file)
        tables, commuters, through, counts = read.area, read.commuters, read.through, read.count
        calibration = read.calibration
        _check_groups(territory, commuters, through, where)
        for i, count in enumerate(counts):
            known_groups({count.gate: 1.0}, territory, f"{where}: count {i + 1}: gate")
        if read.census is not None:
            counted_in = population_file.parent / read.census.file
            counted = read_census(counted_in)
            counts_from = f"{read.census.kind}: {read.census.source}"
        if not (read.area or read.commuters or read.through):
            notes.append(_assumed_demand(territory, "population.toml tells of none"))
    else:
        notes.append(_assumed_demand(territory, "there is no population.toml"))
    areas = [_area(territory, table, i, parameters, where) for i, table in enumerate(tables)]
    _check_overlap(areas, [f"{where}: area {i + 1}" for i in range(len(areas))])
    areas = _counted(areas, counted, territory, parameters, str(counted_in))
    areas = [replace(area, source=counts_from) if area.census else area for area in areas]
    for zone in sorted(set(range(len(territory.zones.name))) - {area.zone for area in areas}):
        inferred = _inferred(territory, zone, parameters)
        notes.append(f"zone {inferred.name}: {inferred.inhabitants} inhabitants by {inferred.basis}")
        areas.append(inferred)
    areas = sorted((area for area in areas if area.inhabitants > 0), key=lambda area: area.name)
    if not areas:
        right = "inhabitants in some area of population.toml, or buildings"
        raise InputError(where, "an empty population: nobody lives here", right)
    return Marginals(tuple(areas), commuters, through, tuple(notes), where, counts, calibration)


def _assumed_demand(territory: Territory, why: str) -> str:
    """What is assumed of the gateways where no file tells."""
    n_gates, n_groups = len(territory.gateways.gate_id), len(set(territory.gateways.group.tolist()))
    return (
        f"Default demand (assumed; {why}): residents alone, who leave and come back by "
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


def _commune_row(territory: Territory, name: str, where: str) -> int:
    names = [str(each) for each in territory.streets.communes]
    if name not in names:
        raise InputError(f"{where}: commune", f"no commune {name!r}", "one of " + ", ".join(names))
    return names.index(name)


def _area(
    territory: Territory, table: AreaTable, i: int, parameters: Parameters, where: str
) -> MarginalsArea:
    spot = f"{where}: area {i + 1}"
    zone = zone_row(territory, table.zone, f"{spot}: zone")
    commune = -1 if table.commune is None else _commune_row(territory, table.commune, spot)
    name = spelled((table.zone, table.commune or ""))
    default = _default(name, (zone, commune), DENSITY_CLASSES.index(table.density_class), parameters)
    shares = table.outside_shares
    own = [
        OWN_OF[each] for each in ("household_size", "household_types", "age_shares") if getattr(table, each)
    ]
    return replace(
        default,
        inhabitants=table.inhabitants,
        legal_regime=table.legal_regime,
        household_size=table.household_size or default.household_size,
        household_types=table.household_types or default.household_types,
        age_shares=table.age_shares or default.age_shares,
        outside_shares=default.outside_shares
        if shares is None
        else tuple(shares.get(each, 0.0) for each in OUTSIDE_PURPOSES),
        gates=known_groups(table.gates, territory, f"{spot}: gates"),
        basis=FILE,
        class_source=table.class_source or "stated in the file, without a source of its own",
        source=f"{table.kind}: {table.source}",
        own=tuple(own),
    )


def _default(name: str, place: tuple[int, int], density: int, parameters: Parameters) -> MarginalsArea:
    """An area in a (zone, commune) with the ledger's statistics of its density class; nobody in it yet."""
    label = DENSITY_CLASSES[density]
    return MarginalsArea(
        name=name,
        zone=place[0],
        commune=place[1],
        inhabitants=0,
        density=density,
        legal_regime=UNKNOWN_REGIME,
        household_size=parameters["population.household_size"][density],
        household_types=parameters[f"population.household_types_{label}"],
        age_shares=parameters[f"population.age_shares_{label}"],
        outside_shares=parameters["population.outside_shares"],
        gates=None,
        basis=FILE,
    )


def _inferred(territory: Territory, zone: int, parameters: Parameters) -> MarginalsArea:
    """An area by what the map tells of the zone's inhabitants."""
    people = people_of_zone(territory, zone, parameters)
    default = _default(str(territory.zones.name[zone]), (zone, -1), people.density, parameters)
    return replace(default, inhabitants=max(round(people.inhabitants), 0), basis=people.basis)


def _counted(
    areas: list[MarginalsArea],
    counted: Mapping[Key, CensusMargins],
    territory: Territory,
    parameters: Parameters,
    where: str,
) -> list[MarginalsArea]:
    """The areas with what a census counts of them; what it counts beside them are areas of their own."""
    found = {(area.zone, area.commune): area for area in areas}
    spots = dict.fromkeys(found, where)
    for key, census in counted.items():
        spot = f"{where}: line {census.line}"
        zone = zone_row(territory, key[0], f"{spot}: zone")
        commune = _commune_row(territory, key[1], spot) if key[1] else -1
        if (zone, commune) not in found:
            density = density_class(census.inhabitants, parameters)
            found[zone, commune] = _default(spelled(key), (zone, commune), density, parameters)
        found[zone, commune] = _with_census(found[zone, commune], census)
        spots[zone, commune] = spot
    _check_overlap(list(found.values()), list(spots.values()))
    return list(found.values())


def _with_census(area: MarginalsArea, census: CensusMargins) -> MarginalsArea:
    people, n = census.inhabitants, census.n_households
    return replace(
        area,
        inhabitants=people,
        household_size=area.household_size if not n else people / n,
        household_types=area.household_types
        if census.household_type is None
        else tuple(each / max(n or 0, 1) for each in census.household_type),
        age_shares=tuple(each / max(people, 1) for each in census.age),
        own=tuple(dict.fromkeys((*area.own, *(OWN_OF.get(name, name) for name in census.variables)))),
        basis=CENSUS,
        census=census,
    )


def _check_overlap(areas: list[MarginalsArea], spots: list[str]) -> None:
    """Nobody is counted twice: a zone is given once, or by its communes."""
    seen: dict[int, set[int]] = {}
    for area, spot in zip(areas, spots, strict=True):
        communes = seen.setdefault(area.zone, set())
        if area.commune in communes or (communes and -1 in communes | {area.commune}):
            right = "each zone once, or each of its communes once"
            raise InputError(spot, f"{area.name} is given twice", right)
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
