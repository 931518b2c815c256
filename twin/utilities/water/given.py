"""A network that somebody gives as an EPANET file, run with demand by pressure and with pumps that may stand.

Its own tanks, controls, rules and patterns are the engine's. What a stopped pump's controls say is not
heard. Where no open way leads from a reservoir or a tank that holds water, nothing is served and the head
is the ground's: what the engine then gives means nothing.
"""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from twin.errors import InputError, WorkError
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Texts
from twin.utilities.water.engine import epanet, refused
from twin.utilities.water.flow import CLOSES, ROUNDING_LPS, STOPPED_LPS
from twin.utilities.water.inp import Inp
from twin.utilities.water.steady import ACCURACY, Buffer

PSI_PER_M = 1.4219702
LPS_PER_UNIT = (
    28.316847, 0.0630902, 43.81264, 52.61675, 14.27641,
    1.0, 1.0 / 60.0, 11.57407, 1.0 / 3.6, 1.0 / 86.4, 1000.0,
)  # fmt: skip
"""Litres a second in each of EPANET's flow units, from cubic feet a second to cubic metres a second."""
FIRST_METRIC = 5
SET_BY_PRESSURE = 1
LONG_S = 1e9


@dataclass(frozen=True)
class GivenDay:
    """A run by report times (n_times,) [s] of junctions (n_junctions,); heads are in the file's unit.

    `fed` says whether an open way led to a junction from water; `amiss_lps` and `allowed_lps` (n_times,) are
    what does not add up and what may at most.
    """

    time_s: Floats
    junction: Texts
    asked_lps: Floats
    served_lps: Floats
    leaked_lps: Floats
    head: Floats
    fed: Flags
    amiss_lps: Floats
    allowed_lps: Floats

    def served_share(self) -> Floats:
        """Share of what was asked for that was served, by time; 1 where nothing was asked for."""
        asked = self.asked_lps.sum(axis=1)
        share = np.ones(len(asked))
        np.divide(self.served_lps.sum(axis=1), asked, where=asked > 0.0, out=share)
        return share


def run_given(
    inp: Inp,
    parameters: Parameters,
    standing: dict[str, tuple[float, float]] | None = None,
    where: str = "INP",
) -> GivenDay:
    """Run a network; pumps named in `standing` stand from a second until another.

    Raises
    ------
    InputError
        A name is no pump of the network, the engine refuses the network, or it is not installed.
    WorkError
        The engine finds no solution, or water does not add up.
    """
    inp.check(where)
    pumps = set(inp.names("PUMPS"))
    for name in standing or {}:
        if name not in pumps:
            raise InputError(
                f"{where}: {name}", "no pump of the network", f"one of {', '.join(sorted(pumps))}"
            )
    times = standing or {}
    with _opened(inp.text(), where) as opened:
        return _Run(opened, parameters, times, where).day()


@contextmanager
def _opened(text: str, where: str) -> Iterator[tuple[Any, Any]]:
    """EPANET and a project with the network in it."""
    engine = epanet()
    project = engine.createproject()
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of pumps beyond their curves and the like: what counts is checked
            path, report = Path(folder) / "network.inp", Path(folder) / "report"
            path.write_text(text, encoding="utf-8")
            try:
                engine.open(project, str(path), str(report), "")
            except Exception as error:  # the engine raises bare exceptions with its own number
                if type(error) is not Exception:
                    raise
                engine.close(project)
                raise refused(where, report, error) from None
            yield engine, project
            engine.close(project)
    finally:
        engine.deleteproject(project)


class _Run:
    """One run of an opened project."""

    def __init__(
        self,
        opened: tuple[Any, Any],
        parameters: Parameters,
        standing: dict[str, tuple[float, float]],
        where: str,
    ) -> None:
        self.engine, self.project = opened
        self.where = where
        engine, project = opened
        nodes, links = (engine.getcount(project, each) for each in (engine.NODECOUNT, engine.LINKCOUNT))
        kinds = np.array([engine.getnodetype(project, row + 1) for row in range(nodes)])
        self.junction = kinds == engine.JUNCTION
        self.names = np.array([engine.getnodeid(project, row + 1) for row in range(nodes)], dtype=np.str_)
        ends = [engine.getlinknodes(project, row + 1) for row in range(links)]
        self.ends = np.array(ends, dtype=np.int32).reshape(links, 2) - 1
        types = np.array([engine.getlinktype(project, row + 1) for row in range(links)])
        self.both_ways = types == engine.PIPE
        pumps = [engine.getlinkindex(project, name) for name in standing]
        self.times = list(zip(pumps, standing.values(), strict=True))
        self.heard = _heard(engine, project, pumps)
        self.before: dict[int, float] = {}
        self.of_nodes, self.of_links = Buffer(engine, nodes), Buffer(engine, links)
        self.height = self._nodes(engine.ELEVATION)
        self.unit_lps = LPS_PER_UNIT[engine.getflowunits(project)]
        metric = engine.getflowunits(project) >= FIRST_METRIC
        full = float(parameters["utilities.full_pressure_m"]) * (1.0 if metric else PSI_PER_M)
        engine.setdemandmodel(project, SET_BY_PRESSURE, 0.0, full, 0.5)
        engine.setoption(project, engine.ACCURACY, ACCURACY)
        step = engine.gettimeparam(project, engine.HYDSTEP)
        events = [int(each) for when in standing.values() for each in when if each < LONG_S]
        engine.settimeparam(project, engine.HYDSTEP, math.gcd(step, *events))

    def _nodes(self, what: int) -> Floats:
        return self.of_nodes.read(self.engine.getnodevalues, self.project, what)

    def _links(self, what: int) -> Floats:
        return self.of_links.read(self.engine.getlinkvalues, self.project, what)

    def day(self) -> GivenDay:
        """Step through the events of the engine, and keep what is at report times."""
        engine, project = self.engine, self.project
        first, every = (
            engine.gettimeparam(project, each) for each in (engine.REPORTSTART, engine.REPORTSTEP)
        )
        rows: list[tuple[Any, ...]] = []
        times: list[int] = []
        try:
            engine.openH(project)
            engine.initH(project, engine.NOSAVE)
            lasts = 1
            while lasts > 0:
                n_standing = self._switch(engine.gettimeparam(project, engine.HTIME))
                now = engine.runH(project)
                if now >= first and (now - first) % every == 0 and (not times or times[-1] != now):
                    times.append(now)
                    rows.append(self._now(n_standing))
                lasts = engine.nextH(project)
            engine.closeH(project)
        except Exception as error:
            if type(error) is not Exception:
                raise
            raise WorkError(f"{self.where}: EPANET found no solution: {error}") from None
        columns = [np.array(each) for each in zip(*rows, strict=True)]
        return GivenDay(np.array(times, dtype=np.float64), self.names[self.junction], *columns)

    def _switch(self, now_s: float) -> int:
        """Stop the pumps whose time it is, and let the others be as they were; how many stand."""
        engine, project = self.engine, self.project
        for pump, (start, until) in self.times:
            stands = start <= now_s < until
            if stands == (pump in self.before):
                continue
            controls, rules = self.heard[pump]
            for control in controls:
                engine.setcontrolenabled(project, control, int(not stands))
            for rule in rules:
                engine.setruleenabled(project, rule, int(not stands))
            if stands:
                self.before[pump] = engine.getlinkvalue(project, pump, engine.STATUS)
            status = 0.0 if stands else self.before.pop(pump)
            engine.setlinkvalue(project, pump, engine.STATUS, status)
        return len(self.before)

    def _now(self, n_standing: int) -> tuple[Any, ...]:
        """What `GivenDay` keeps of a moment.

        Raises
        ------
        WorkError
            Water does not add up.
        """
        engine, junction = self.engine, self.junction
        wanted = engine.FULLDEMAND, engine.DEMANDFLOW, engine.EMITTERFLOW, engine.DEMAND
        asked, served, leaked, drawn = (self._nodes(each) * self.unit_lps for each in wanted)
        fed = self._fed(self._links(engine.STATUS) > 0.0)
        amiss = float(abs(drawn[fed].sum()))
        allowed = CLOSES * float(np.abs(drawn[fed]).sum() / 2.0) + STOPPED_LPS * n_standing + ROUNDING_LPS
        if not amiss <= allowed:
            raise WorkError(f"{self.where}: {amiss:.3g} l/s do not add up, {allowed:.3g} may")
        head = np.where(fed, self._nodes(engine.HEAD), self.height)
        given = [np.where(fed, each, 0.0)[junction] for each in (served, leaked)]
        return asked[junction], *given, head[junction], fed[junction], amiss, allowed

    def _fed(self, is_open: Flags) -> Flags:
        """Nodes that an open way leads to from a reservoir or a tank; an empty tank's ways are closed."""
        n = len(self.names)
        tail, head = self.ends[is_open].T
        back = self.both_ways[is_open]
        origin = np.flatnonzero(~self.junction)
        start = np.concatenate([tail, head[back], np.full(len(origin), n)])
        to = np.concatenate([head, tail[back], origin])
        ways = csr_array((np.ones(len(start)), (start, to)), (n + 1, n + 1))
        fed = np.zeros(n + 1, dtype=bool)
        fed[breadth_first_order(ways, n, return_predecessors=False)] = True
        return fed[:n]


def _heard(engine: Any, project: Any, links: list[int]) -> dict[int, tuple[list[int], list[int]]]:
    """Controls and rules that switch each of these links; a rule that switches others too is among them."""
    found: dict[int, tuple[list[int], list[int]]] = {link: ([], []) for link in links}
    for control in range(1, engine.getcount(project, engine.CONTROLCOUNT) + 1):
        link = engine.getcontrol(project, control)[1]
        if link in found:
            found[link][0].append(control)
    for rule in range(1, engine.getcount(project, engine.RULECOUNT) + 1):
        _, n_then, n_else, _ = engine.getrule(project, rule)
        acts = [engine.getthenaction(project, rule, row + 1)[0] for row in range(n_then)]
        acts += [engine.getelseaction(project, rule, row + 1)[0] for row in range(n_else)]
        for link in set(acts) & set(found):
            found[link][1].append(rule)
    return found
