"""A million inhabitants: ``python -m benchmarks.speed.inhabitants [--peers] [--persons N] [--json]``.

The place is the embedded riviera with the inhabitants of its areas multiplied until there are so many: real
streets, paths and buildings, too few of them for so many people. Timed are the synthesis of residents with
homes, that of everybody's days and choices, and what Mesa's ways of asking inhabitants cost. With ``--peers``
as many agents of Mesa with the same attributes are made and asked the same, in turn in this call. ``cpu_s``
of what takes less than a second is the median of some repeats, ``ratio`` is over ours of that case.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesa
import numpy as np
from mesa.agent import AgentSet

from benchmarks.machine import machine
from benchmarks.speed.routing import cpu_s
from twin.errors import InputError
from twin.machine import peak_memory_mb
from twin.model.inhabitants import Inhabitants
from twin.population.draws import Draws
from twin.population.marginals import marginals_of
from twin.population.population import Persons, Population
from twin.population.residents.fit import integerise
from twin.population.synthesis import settle, synthesise
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

PLACE = Path(__file__).resolve().parents[2] / "networks" / "riviera"
SEED = 1
PERSONS = 1_000_000
LEAST_PERSONS = 1_000
COUNTED = ("persons", "trips", "bytes_each", "memory_mb")
COUNT = re.compile(r"^inhabitants = (\d+)$", re.MULTILINE)

Row = dict[str, Any]


class Person(mesa.Agent):
    """An agent of Mesa with the attributes of a person."""

    def __init__(self, model: mesa.Model, **attributes: Any) -> None:
        super().__init__(model)
        vars(self).update(attributes)


def crowded(n: int, folder: Path) -> Path:
    """The place's own population file with n inhabitants, in the same proportions."""
    text = (PLACE / "population.toml").read_text(encoding="utf-8")
    counts = integerise(np.array([int(each) for each in COUNT.findall(text)], dtype=float), n)
    each = iter(counts.tolist())
    file = folder / "population.toml"
    file.write_text(COUNT.sub(lambda _: f"inhabitants = {next(each)}", text), encoding="utf-8")
    return file


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of all threads, and what came out."""
    gc.collect()
    begin = time.process_time()
    found = work()
    return time.process_time() - begin, found


def synthesis_rows(n: int) -> tuple[list[Row], Population]:
    """Residents with homes, and what their days and choices take on top; all compiled before."""
    territory, parameters = Territory.load(PLACE), Parameters.defaults()
    synthesise(territory, PLACE / "population.toml", parameters, SEED)
    with tempfile.TemporaryDirectory() as folder:
        file = crowded(n, Path(folder))
        marginals = marginals_of(territory, file, parameters)
        settle_s, (_, persons, _) = timed(lambda: settle(territory, marginals, parameters, Draws(SEED)))
        settled_mb = peak_memory_mb()
        all_s, population = timed(lambda: synthesise(territory, file, parameters, SEED))
    residents = {
        "persons": len(persons),
        "bytes_each": _nbytes(persons) / len(persons),
        "memory_mb": settled_mb,
    }
    everybody = {
        "persons": population.n_persons,
        "trips": population.n_trips,
        "bytes_each": (_nbytes(population.persons) + _nbytes(population.trips)) / population.n_persons,
        "memory_mb": peak_memory_mb(),
    }
    return [
        _row("residents with homes", "twin", settle_s) | residents,
        _row("days and choices", "twin", all_s - settle_s) | everybody,
    ], population


def asked_rows(persons: Persons, with_peers: bool) -> list[Row]:
    """What it takes to make inhabitants of ready columns and to ask them, ours and then Mesa's agents."""
    ready = {name: column.copy() for name, column in persons.columns().items()}
    n = len(persons)
    ours = mesa.Model(rng=SEED)
    made_s = cpu_s(lambda: Inhabitants.of(Persons(**ready), mesa.Model(rng=SEED)))
    rows = [_row("made of ready columns", "twin", made_s) | {"bytes_each": _nbytes(persons) / n}]
    people = ours.inhabitants = Inhabitants.of(persons, ours)
    values = np.linspace(0.0, 1.0, n)
    rows += [
        _row("set, one value each", "twin", cpu_s(lambda: people.set("trust", values))),
        _row("set, one value for all", "twin", cpu_s(lambda: people.set("trust", 0.5))),
        _row("agg, mean", "twin", cpu_s(lambda: people.agg("age", np.mean))),
        _row("agg, sum", "twin", cpu_s(lambda: people.agg("household_cars", sum))),
        _row("do, one by one", "twin", timed(lambda: people.do(_look))[0]),
        _row("shuffle_do, one by one", "twin", timed(lambda: people.shuffle_do(_look))[0]),
    ]
    people.set("trust", values)
    for name, reporter in REPORTERS.items():
        collector = mesa.DataCollector(model_reporters={name: reporter})
        rows.append(_row(f"reporter, {name}", "twin", cpu_s(lambda each=collector: each.collect(ours), 21)))
    return rows + (_peer_rows(ready, people, rows) if with_peers else [])


REPORTERS: dict[str, Callable[[Any], float]] = {
    "mean trust": lambda m: float(m.inhabitants.trust.mean()),
    "share of drivers with a car": lambda m: float(
        (m.inhabitants.licence & (m.inhabitants.household_cars > 0)).mean()
    ),
}


def _peer_rows(ready: dict[str, np.ndarray], people: Inhabitants, ours: list[Row]) -> list[Row]:
    """The same asked of as many agents of Mesa, who have to answer the same."""
    columns = {name: column.tolist() for name, column in ready.items()}
    model = mesa.Model(rng=SEED)
    before = _resident_bytes()
    made_s, agents = timed(lambda: Person.create_agents(model, len(people), **columns))
    bytes_each = (_resident_bytes() - before) / len(people)  # without the values, which the lists hold too
    columns.clear()
    each = people.get("trust")

    def give_each() -> AgentSet:
        left = iter(each)
        return agents.do(lambda agent: setattr(agent, "trust", next(left)))

    spent = {
        "made of ready columns": made_s,
        "set, one value each": cpu_s(give_each, 3),
        "set, one value for all": cpu_s(lambda: agents.set("trust", 0.5), 3),
        "agg, mean": cpu_s(lambda: agents.agg("age", np.mean), 3),
        "agg, sum": cpu_s(lambda: agents.agg("household_cars", sum), 3),
        "do, one by one": timed(lambda: agents.do(_look))[0],
        "shuffle_do, one by one": timed(lambda: agents.shuffle_do(_look))[0],
    }
    give_each()
    if any(people.agg(name, sum) != agents.agg(name, sum) for name in ("age", "household_cars", "consent")):
        raise InputError("peer mesa", "answers otherwise than ours", "agents with the same attributes")
    if people.get("trust") != agents.get("trust"):
        raise InputError("peer mesa", "has other values than ours", "the same update of both")
    base = {row["case"]: row["cpu_s"] for row in ours}
    rows = [_row(case, "mesa", s) | {"ratio": s / base[case]} for case, s in spent.items()]
    rows[0]["bytes_each"] = bytes_each
    return rows


def _look(agent: Any) -> bool:
    return bool(agent.age > 74)


def _row(case: str, engine: str, spent_s: float) -> Row:
    return {"case": case, "engine": engine, "cpu_s": spent_s, "ratio": 1.0}


def _nbytes(table: Any) -> int:
    return sum(column.nbytes for column in table.columns().values())


def _resident_bytes() -> int:
    """Memory that this process holds now, by Linux's own line; 0 where there is none."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.is_file() else []
    return next((1_024 * int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def measured(n: int, with_peers: bool) -> list[Row]:
    """All rows for that many inhabitants."""
    if n < LEAST_PERSONS:
        raise InputError("--persons", f"{n} are too few to measure", f"{LEAST_PERSONS} or more")
    rows, population = synthesis_rows(n)
    residents = population.persons.take(np.flatnonzero(population.persons.home >= 0))
    del population
    return rows + asked_rows(residents, with_peers)


def main(arguments: list[str] | None = None) -> int:
    """Run all, print one table or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.inhabitants", description=__doc__)
    parser.add_argument("--persons", type=int, default=PERSONS, help="inhabitants of the area")
    parser.add_argument("--peers", action="store_true", help="ask as many agents of Mesa the same")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        rows = measured(options.persons, options.peers)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"rows": rows, "machine": machine()}))
        return 0
    for row in rows:
        print(
            f"{row['case']:38} {row['engine']:5} {1e3 * row['cpu_s']:>12.3f} ms {row['ratio']:>9.1f}",
            end="  ",
        )
        print(", ".join(f"{name} {row[name]:,.0f}" for name in COUNTED if name in row))
    print(f"load average {machine()['load_average']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
