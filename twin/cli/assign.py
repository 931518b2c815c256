"""The command `assign`: static assignment of files in the TNTP format."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.options import AsJson, Quiet, taking, writable_file
from twin.cli.output import emit, table
from twin.cli.progress import shown
from twin.errors import InputError

if TYPE_CHECKING:
    from twin.readers.tntp import RoadNetwork, TripTable
    from twin.routing.assignment import Assignment, DriverClass

RIGHT_CLASS = "NAME:SHARE or NAME:SHARE:RULE, where RULE is equilibrium, free-flow or a CSV file of routes"


@dataclass(frozen=True)
class AssignOptions:
    """What the command takes."""

    network: Annotated[Path, typer.Argument(metavar="NET", help="The network (TNTP).")]
    trips: Annotated[Path, typer.Argument(metavar="TRIPS", help="The trip table (TNTP).")]
    principle: Annotated[str, typer.Option(metavar="ue|so", help="User equilibrium or system optimum.")] = (
        "ue"
    )
    gap: Annotated[float, typer.Option(metavar="X", help="Relative gap to stop at.")] = 1e-6
    toll_weight: Annotated[float, typer.Option(metavar="W", help="Time that a unit of toll is worth.")] = 0.0
    distance_weight: Annotated[
        float, typer.Option(metavar="W", help="Time that a unit of length is worth.")
    ] = 0.0
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="NAME:SHARE[:RULE]", help="A class of drivers; may be repeated."),
    ] = None
    flows: Annotated[Path | None, typer.Option(metavar="FILE", help="Write link flows to a CSV file.")] = None
    threads: Annotated[int, typer.Option(metavar="N", min=1, help="Threads; the outcome is the same.")] = 1
    as_json: AsJson = False
    quiet: Quiet = False


@taking(AssignOptions)
def assign(asked: AssignOptions) -> None:
    """Assign trips to a network: each driver on a best route, or all at the least cost."""
    _check(asked)
    from twin.readers.tntp import read_network, read_trips
    from twin.routing import assignment

    network = read_network(asked.network)
    trips = read_trips(asked.trips, network)
    groups = [_class(text, network, trips) for text in asked.classes or []] or list(assignment.EVERYBODY)
    rule = assignment.Rule(asked.principle, asked.toll_weight, asked.distance_weight)
    with shown(asked.quiet) as progress:
        assignment.prepare()
        found = assignment.assign(network, trips, rule, groups, asked.gap, asked.threads, progress)
    if asked.flows is not None:
        _write_flows(asked.flows, network, groups, found)
    summary = _summary(asked, trips, groups, found)
    if asked.as_json:
        emit(summary)
    else:
        _print(summary)


def _check(asked: AssignOptions) -> None:
    """Options make sense, and the file of flows can be written."""
    if asked.principle not in ("ue", "so"):
        raise InputError("--principle", f"'{asked.principle}' is no principle", "ue or so")
    if not 0.0 < asked.gap < 1.0:
        raise InputError(
            "--gap", f"{asked.gap:g} is no relative gap", "a number between 0 and 1, such as 1e-6"
        )
    for option, weight in (
        ("--toll-weight", asked.toll_weight),
        ("--distance-weight", asked.distance_weight),
    ):
        if not (math.isfinite(weight) and weight >= 0.0):
            raise InputError(option, f"is {weight:g}", "a finite number, 0 or more")
    if asked.flows is not None:
        writable_file(asked.flows, "--flows")


def _class(text: str, network: RoadNetwork, trips: TripTable) -> DriverClass:
    """A class of drivers as written: ``NAME:SHARE[:RULE]``."""
    from twin.readers.given_routes import read_given_routes
    from twin.routing.assignment import DriverClass

    name, _, rest = text.partition(":")
    word, _, rule = rest.partition(":")
    try:
        share = float(word)
    except ValueError:
        share = math.nan
    if not re.fullmatch(r"[\w-]+", name) or not 0.0 <= share <= 1.0 or rest.endswith(":"):
        raise InputError(f"--class {text}", "is no class of drivers", RIGHT_CLASS)
    if rule in ("", "equilibrium", "free-flow"):
        return DriverClass(name, share, rule or "equilibrium")
    if not Path(rule).is_file():
        raise InputError(f"--class {text}", f"'{rule}' is neither a rule nor a file", RIGHT_CLASS)
    return DriverClass(name, share, read_given_routes(Path(rule), network, trips))


def _write_flows(path: Path, network: RoadNetwork, groups: list[DriverClass], found: Assignment) -> None:
    """One line a link, in the order of the network's file; all or nothing."""
    names = [f"flow_{group.name}" for group in groups] if len(groups) > 1 else []
    columns = [network.tail + 1, network.head + 1, found.flow, found.time, found.cost]
    columns += list(found.class_flow) if names else []
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["link", "init_node", "term_node", "flow", "time", "cost", *names])
        links = zip(*(column.tolist() for column in columns), strict=True)
        rows.writerows([number, *link] for number, link in enumerate(links, start=1))
    part.replace(path)


def _summary(
    asked: AssignOptions, trips: TripTable, groups: list[DriverClass], found: Assignment
) -> dict[str, Any]:
    within = float(trips.trips[trips.origin == trips.destination].sum())
    return {
        "principle": asked.principle,
        "objective": found.objective,
        "total_travel_time": found.total_travel_time,
        "total_cost": found.total_cost,
        "relative_gap": found.relative_gap,
        "iterations": found.iterations,
        "seconds": found.seconds,
        "trips": float(trips.trips.sum()) - within,
        "trips_within_zones": within,
        "classes": [
            {
                "name": group.name,
                "share": group.share,
                "rule": group.routes if isinstance(group.routes, str) else group.routes.file,
                "mean_cost": mean_cost,
            }
            for group, mean_cost in zip(groups, found.class_cost, strict=True)
        ],
        "flows": asked.flows,
    }


def _print(summary: dict[str, Any]) -> None:
    rows = [
        (key, f"{value:.12g}" if isinstance(value, float) else value)
        for key, value in summary.items()
        if key != "classes" and value is not None
    ]
    table(("key", "value"), rows)
    columns = ("name", "share", "rule", "mean_cost")
    table(columns, [[each[column] for column in columns] for each in summary["classes"]], "classes")
