"""EPANET's hydraulic engine, through owa-epanet (MIT): the one door to it.

An extended-period run of an INP text; results are read as arrays at report times only, because tanks and
pumps make the engine stop in between. Where nothing feeds a node, the engine still gives a head, and it
means nothing: whoever asks must know what is fed.
"""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.territory.tables import Floats, Texts

TO_INSTALL = "pip install 'twin[utilities]', which brings owa-epanet (Linux, Python 3.11 or 3.12)"


@dataclass(frozen=True)
class Hydraulics:
    """A run, in the file's units, at report times (n_times,) [s]: nodes (n_times, n_nodes), links likewise.

    `drawn` is all that leaves at a node, of a reservoir or tank negative when it gives; of it `delivered`
    is what was asked for, `leaked` what its emitter loses. `warnings` are what the engine warned of.
    """

    time_s: Floats
    node: Texts
    head: Floats
    pressure: Floats
    drawn: Floats
    delivered: Floats
    leaked: Floats
    link: Texts
    flow: Floats
    warnings: tuple[str, ...]

    def imbalance(self) -> float:
        """Largest sum over nodes of what leaves, over the flow or one unit of it; it should be nothing."""
        through = np.maximum(np.abs(self.drawn).sum(axis=1) / 2.0, 1.0)
        return float((np.abs(self.drawn.sum(axis=1)) / through).max())


def run_inp(text: str, where: str = "water network") -> Hydraulics:
    """Run the network of an INP text.

    Raises
    ------
    InputError
        owa-epanet is not installed, or the engine refuses the network.
    """
    engine = epanet()
    project = engine.createproject()
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            path = Path(folder) / "network.inp"
            path.write_text(text, encoding="utf-8")
            try:
                engine.open(project, str(path), str(Path(folder) / "report"), "")
                return _run(engine, project, told)
            except Exception as error:  # the engine raises bare exceptions with its own number
                if type(error) is not Exception:
                    raise
                engine.close(project)
                raise refused(where, Path(folder) / "report", error) from None
    finally:
        engine.deleteproject(project)


def _run(engine: Any, project: Any, told: list[warnings.WarningMessage]) -> Hydraulics:
    n_nodes, n_links = (engine.getcount(project, each) for each in (engine.NODECOUNT, engine.LINKCOUNT))
    first, every = (engine.gettimeparam(project, each) for each in (engine.REPORTSTART, engine.REPORTSTEP))
    wanted = (engine.HEAD, engine.PRESSURE, engine.DEMAND, engine.DEMANDFLOW, engine.EMITTERFLOW)
    times: list[int] = []
    rows, flows = [], []
    engine.openH(project)
    engine.initH(project, 0)
    while True:
        now = engine.runH(project)
        if now >= first and (now - first) % every == 0 and (not times or times[-1] != now):
            times.append(now)
            rows.append([_values(engine, engine.getnodevalues, project, each, n_nodes) for each in wanted])
            flows.append(_values(engine, engine.getlinkvalues, project, engine.FLOW, n_links))
        if engine.nextH(project) == 0:
            break
    engine.closeH(project)
    table = np.array(rows).transpose(1, 0, 2)
    return Hydraulics(
        time_s=np.array(times, dtype=np.float64),
        node=np.array([engine.getnodeid(project, row + 1) for row in range(n_nodes)], dtype=np.str_),
        head=table[0],
        pressure=table[1],
        drawn=table[2],
        delivered=table[3],
        leaked=table[4],
        link=np.array([engine.getlinkid(project, row + 1) for row in range(n_links)], dtype=np.str_),
        flow=np.array(flows),
        warnings=tuple(sorted({str(each.message) for each in told})),
    )


def refused(where: str, report: Path, error: Exception) -> InputError:
    """What the engine refuses, in its own words, with the line it is about."""
    said = _first_error(report) or str(error)
    return InputError(where, f"EPANET: {said}", "a network that EPANET runs")


def _first_error(report: Path) -> str:
    """The first error that the engine reports, with the line it is about."""
    if not report.exists():
        return ""
    lines = [line.strip() for line in report.read_text(encoding="utf-8", errors="replace").splitlines()]
    found = [row for row, line in enumerate(lines) if line.startswith("Error")]
    return " ".join(lines[found[0] : found[0] + 2]) if found else ""


def _values(engine: Any, get: Any, project: Any, what: int, n: int) -> Floats:
    into = engine.doubleArray(n)
    get(project, what, into)
    return np.array([into[row] for row in range(n)])


def epanet() -> Any:
    """EPANET's toolkit, which only the extra brings."""
    try:
        from epanet import toolkit
    except ImportError:
        raise InputError("water network", "it needs the extra 'utilities'", TO_INSTALL) from None
    return toolkit
