"""EPANET solved moment by moment: what is asked for is set, heads and flows are read, no clock runs.

Each moment starts anew, so that it does not depend on those before it; asked again within a moment, the
engine goes on from its last solution.
"""

from __future__ import annotations

import ctypes
import tempfile
import warnings
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import WorkError
from twin.territory.tables import Flags, Floats, Texts
from twin.utilities.water.engine import epanet, refused

ACCURACY = 1e-7
"""Change of flows over flows at which a solution stands. (In a file EPANET takes no less than 1e-5.)"""


@dataclass(frozen=True)
class Moment:
    """A solution, in the network's units: nodes (n_nodes,) and links (n_links,).

    `drawn` is all that leaves at a node (of a reservoir negative when it gives), of which `delivered` is
    what was asked for and `leaked` what its emitter loses.
    """

    head: Floats
    drawn: Floats
    delivered: Floats
    leaked: Floats
    flow: Floats


class SteadyEngine:
    """The network of an INP text; `node` and `link` are its names in the engine's order.

    Raises
    ------
    InputError
        owa-epanet is not installed, or the engine refuses the network.
    """

    def __init__(self, text: str, where: str = "water network") -> None:
        self._epanet, self._where = epanet(), where
        self._project = self._epanet.createproject()
        weakref.finalize(self, self._epanet.deleteproject, self._project)
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path, report = Path(folder) / "network.inp", Path(folder) / "report"
            path.write_text(text, encoding="utf-8")
            try:
                self._epanet.open(self._project, str(path), str(report), "")
                self._epanet.setoption(self._project, self._epanet.ACCURACY, ACCURACY)
                self._epanet.openH(self._project)
            except Exception as error:  # the engine raises bare exceptions with its own number
                if type(error) is not Exception:
                    raise
                self._epanet.close(self._project)
                raise refused(where, report, error) from None
        nodes, links = (self._count(each) for each in (self._epanet.NODECOUNT, self._epanet.LINKCOUNT))
        names = self._epanet.getnodeid, self._epanet.getlinkid
        self.node: Texts = np.array([names[0](self._project, row + 1) for row in range(nodes)], dtype=np.str_)
        self.link: Texts = np.array([names[1](self._project, row + 1) for row in range(links)], dtype=np.str_)
        self._of_nodes, self._of_links = Buffer(self._epanet, nodes), Buffer(self._epanet, links)
        self._asked = np.full(nodes, np.nan)
        self._shut = np.zeros(links, dtype=bool)

    def shut(self, links: Flags) -> None:
        """Close these links (n_links,) and open the others."""
        engine, project = self._epanet, self._project
        for row in np.flatnonzero(links != self._shut).tolist():
            engine.setlinkvalue(project, row + 1, engine.INITSTATUS, 0.0 if links[row] else 1.0)
        self._shut = links.copy()

    def solve(self, asked: Floats, again: bool = False) -> Moment:
        """Heads and flows for what is asked for (n_nodes,); `again` goes on from the last solution."""
        engine, project = self._epanet, self._project
        changed = np.flatnonzero(asked != self._asked)
        for row, value in zip((changed + 1).tolist(), asked[changed].tolist(), strict=True):
            engine.setnodevalue(project, row, engine.BASEDEMAND, value)
        self._asked = asked.copy()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of pressures below nothing: delivery depends on pressure
                engine.initH(project, engine.NOSAVE if again else engine.INITFLOW)
                engine.runH(project)
        except Exception as error:
            if type(error) is not Exception:
                raise
            raise WorkError(f"{self._where}: EPANET found no solution: {error}") from None
        wanted = engine.HEAD, engine.DEMAND, engine.DEMANDFLOW, engine.EMITTERFLOW
        head, drawn, delivered, leaked = (
            self._of_nodes.read(engine.getnodevalues, project, each) for each in wanted
        )
        return Moment(
            head, drawn, delivered, leaked, self._of_links.read(engine.getlinkvalues, project, engine.FLOW)
        )

    def _count(self, what: int) -> int:
        return int(self._epanet.getcount(self._project, what))


class Buffer:
    """The engine's array of doubles, seen as one of ours: item by item would take longer than solving."""

    def __init__(self, engine: Any, n: int) -> None:
        self._array = engine.doubleArray(max(n, 1))
        address = ctypes.cast(int(self._array.cast()), ctypes.POINTER(ctypes.c_double))
        self._seen = np.ctypeslib.as_array(address, (n,))

    def read(self, get: Any, project: Any, what: int) -> Floats:
        """What one of the engine's getters gives for all nodes or links (n,)."""
        get(project, what, self._array)
        return self._seen.copy()
