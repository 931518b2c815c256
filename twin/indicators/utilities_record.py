"""What a day of the utility networks leaves behind: services of places, physics, failures and repairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.utilities.failures.damages import Damages

SERVICES = ("power", "water", "heat", "fibre", "mobile")
"""What places get from the networks; fibre at a place needs power there, too."""
NEVER = 255
"""Share of a service that a place never has, such as district heat where there is none."""
FULL = 100

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Texts = NDArray[np.str_]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class FailureRows:
    """Every element that went down, in the order of time and of rounds within a step; columns (n_falls,).

    Parameters
    ----------
    element_id, kind
        What failed: a utility node or edge.
    utility
        Row of `twin.territory.utilities.tables.UTILITIES`.
    at_s, round
        When [s from 00:00], and in which round of the settling of that step (0: its own damage).
    why
        ``broken``, ``no power``, ``not filled``, ``not reached``, ``switched off``, ``no telecom``.
    cause_id
        The element because of which it fell; "" where it is its own damage.
    restored_s, crew
        When it worked again [s], NaN: not that day; by which crew, "": by itself or with what it needs.
    """

    element_id: Texts
    kind: Texts
    utility: NDArray[np.int8]
    at_s: Floats
    round: NDArray[np.int32]
    why: Texts
    cause_id: Texts
    restored_s: Floats
    crew: Texts

    def __len__(self) -> int:
        return len(self.element_id)


@dataclass(frozen=True)
class VisitRows:
    """Visits of crews; columns (n_visits,): who goes where, leaves, arrives and is done [s from 00:00]."""

    crew: Texts
    element_id: Texts
    leaves_s: Floats
    arrives_s: Floats
    done_s: Floats


@dataclass(frozen=True)
class UtilitiesRecord:
    """A day of the networks.

    Places are rows of the territory's places, quarters are quarters of an hour from 00:00.

    Parameters
    ----------
    step_s, n_steps
        A cascade step [s], and how many the day has.
    place_id
        (n_places,) outside ids of the places, in the territory's order.
    begin_step
        (n_spans,) int32 first cascade step of each span in which no service of any place changes; the
        first is 0, the last ends with the day (`ShareLog`).
    share
        By service of `SERVICES`, (n_spans, n_places) uint8: per cent of it that each place has, `NEVER`
        where there never is any.
    asked_kw, served_kw, asked_lps, served_lps, asked_heat_kw, served_heat_kw
        (n_quarters, n_places) float32: what was asked for and got; of heat what holds the
        temperature that is kept, and how much of that was given. Heat may be empty (n_quarters, 0).
    water_node, pressure_m
        (n_nodes,) rows of the utility nodes; (n_quarters, n_nodes) float32 metres of water at the main.
    pressures_verifiable
        Whether elevations are observed or given; if assumed, pressures are not to be judged.
    supplied_lps, leaked_lps
        (n_quarters,) into the water network, and lost from its mains.
    power_node, voltage_pu
        (n_nodes,) rows of the utility nodes; (n_quarters, n_nodes) float32, 0 where without voltage.
    failures, damages, visits
        What failed and why, what was damaged, who went where.
    balance
        By network, (n_quarters,): what does not close of the balance, over its throughput.
    blind_links, dark_signals
        (n_quarters,) share of links whose sensors tell nothing; of signals that are dark.
    calculator_down
        By provider, (n_quarters,) bool: gets no data, or does not answer.
    outdoor_c
        (n_quarters,) temperature outside; empty: not known.
    indoor_c
        (n_quarters, n_places) float32 temperature of places at the end of each quarter, NaN where nothing is
        heated; empty (n_quarters, 0): not reckoned.
    manual_fallback
        Whether who depends on power and telecom had a fallback by hand: counters on paper, repairs by radio.
    by_hand
        What of it, if not all: ``counters``, ``repairs``.
    memo
        What was worked out of it before.
    """

    step_s: float
    n_steps: int
    place_id: Texts
    begin_step: NDArray[np.int32]
    share: Mapping[str, Bytes]
    asked_kw: Singles
    served_kw: Singles
    asked_lps: Singles
    served_lps: Singles
    asked_heat_kw: Singles
    served_heat_kw: Singles
    water_node: NDArray[np.int32]
    pressure_m: Singles
    pressures_verifiable: bool
    supplied_lps: Floats
    leaked_lps: Floats
    power_node: NDArray[np.int32]
    voltage_pu: Singles
    failures: FailureRows
    damages: Damages
    visits: VisitRows
    balance: Mapping[str, Floats]
    blind_links: Floats
    dark_signals: Floats
    calculator_down: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    outdoor_c: Floats = field(default_factory=lambda: np.empty(0))
    indoor_c: Singles = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    manual_fallback: bool = False
    by_hand: tuple[str, ...] = ()
    memo: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def counters_on_paper(self) -> bool:
        """Whether counters go on without power or a line."""
        return self.manual_fallback and (not self.by_hand or "counters" in self.by_hand)

    @property
    def edges_s(self) -> Floats:
        """(n_spans + 1,) ends of the spans [s from 00:00]."""
        return np.append(self.begin_step, self.n_steps).astype(np.float64) * self.step_s

    @property
    def lasts_s(self) -> Floats:
        """(n_spans,) how long each span lasts [s]."""
        return np.asarray(np.diff(self.edges_s))

    def lost(self, service: str) -> Floats:
        """Share (n_spans, n_places) of a service that places are without; 0 where there never is any.

        >>> log = ShareLog(2)
        >>> log.note(0, {"power": np.array([1.0, np.nan])})
        >>> log.note(1, {"power": np.array([0.25, np.nan])})
        >>> begin, share = log.spans()
        >>> begin.tolist(), share["power"].tolist()
        ([0, 1], [[100, 255], [25, 255]])
        """
        share = self.share[service]
        return np.where(share == NEVER, 0.0, (FULL - np.minimum(share, FULL)) / float(FULL))


class ShareLog:
    """Shares of services as they are noted step by step: a span ends where any share changes."""

    def __init__(self, n_places: int) -> None:
        self._none = np.full(n_places, NEVER, dtype=np.uint8)
        self._begin: list[int] = []
        self._kept: dict[str, list[Bytes]] = {name: [] for name in SERVICES}

    def note(self, step: int, share: Mapping[str, Floats]) -> None:
        """Keep shares (n_places,) in 0 to 1 from a step on, NaN where there never is any."""
        fresh = {name: self._bytes(share.get(name)) for name in SERVICES}
        if self._begin and all(np.array_equal(fresh[name], self._kept[name][-1]) for name in SERVICES):
            return
        self._begin.append(step)
        for name in SERVICES:
            self._kept[name].append(fresh[name])

    def spans(self) -> tuple[NDArray[np.int32], dict[str, Bytes]]:
        """First step of each span (n_spans,), and shares (n_spans, n_places) by service."""
        return np.array(self._begin, dtype=np.int32), {
            name: np.array(kept).reshape(len(self._begin), len(self._none))
            for name, kept in self._kept.items()
        }

    def _bytes(self, share: Floats | None) -> Bytes:
        if share is None:
            return self._none
        per_cent = np.rint(np.clip(np.nan_to_num(share), 0.0, 1.0) * FULL)
        return np.asarray(np.where(np.isnan(share), NEVER, per_cent), dtype=np.uint8)
