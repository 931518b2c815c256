"""Steady three-phase balanced power flow, by power-grid-model (MPL-2.0): the one door to it.

An island without a source raises nothing in the engine: its buses are read as not energised, their
voltage as 0, and what hangs there as unserved. A step without a solution (more asked than the lines can
bring at any voltage) is an error that names the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from twin.errors import InputError, WorkError
from twin.territory.tables import Flags, Floats
from twin.utilities.power.grid import PowerGrid

TO_INSTALL = "pip install 'twin[utilities]', which brings power-grid-model"
STIFF_VA = 1e20
"""Short-circuit power of a source whose voltage nothing moves."""
TOLERANCE = 1e-10
MOST_ITERATIONS = 50
MOST_IMBALANCE = 1e-6
"""Power that may be missing in a step's balance, over what comes in."""
LEAST_W = 1_000.0
"""Less than this coming in counts as this in the balance."""


@dataclass(frozen=True)
class Flow:
    """Power flow of a row of steps: (n_steps, n_buses), (n_steps, n_lines) ... ; powers in W.

    `u_pu` is 0 where `energised` is not. `served_w` is what each load gets, `unserved_w` what it asked
    for beside that. `source_va` (n_steps, n_sources) is apparent power that comes in.
    """

    u_pu: Floats
    energised: Flags
    line_loading: Floats
    transformer_loading: Floats
    supplied_w: Floats
    source_va: Floats
    loss_w: Floats
    served_w: Floats
    unserved_w: Floats

    def missing(self) -> Floats:
        """Part of what comes in that is neither served nor lost, by step (n_steps,)."""
        missing = np.abs(self.supplied_w - self.loss_w - self.served_w.sum(axis=1))
        return np.asarray(missing / np.maximum(self.supplied_w, LEAST_W))

    def imbalance(self) -> float:
        """The largest of these parts over the steps."""
        return float(self.missing().max(initial=0.0))

    def outside_band(self, band: float) -> Floats:
        """Share of energised buses off by more than a share of their rated voltage, by step (n_steps,)."""
        off = self.energised & (np.abs(self.u_pu - 1.0) > band)
        return np.asarray(off.sum(axis=1) / np.maximum(self.energised.sum(axis=1), 1))


class PowerFlow:
    """A network ready to be solved for any loads."""

    def __init__(self, grid: PowerGrid) -> None:
        grid.check()
        self.grid = grid
        self._engine = power_engine()
        n_lines, n_transformers = len(grid.lines.name), len(grid.transformers.name)
        counts = (grid.n_buses, n_lines, n_transformers, len(grid.sources.bus), len(grid.load_bus))
        starts = np.cumsum((0, *counts)).tolist()
        self._ids = [np.arange(a, b, dtype=np.int32) for a, b in pairwise(starts)]
        self._model = self._engine.PowerGridModel(self.tables())

    def solve(
        self, load_w: Floats, load_var: Floats, broken: Flags | None = None, cut: Flags | None = None
    ) -> Flow:
        """Flow for loads (n_steps, n_loads); `broken` buses and `cut` lines ([n_steps,] n) carry nothing.

        Without a word of what is cut, it is the normally open lines. Raises WorkError when the balance of a
        step does not close.
        """
        load_w, load_var = np.atleast_2d(load_w), np.atleast_2d(load_var)
        n_steps = len(load_w)
        self._check(load_w, load_var)
        down = np.zeros((n_steps, self.grid.n_buses), dtype=bool)
        off = np.zeros((n_steps, len(self.grid.lines.name)), dtype=bool)
        if broken is not None:
            down |= broken
        off |= self.grid.lines.ties if cut is None else cut
        update = self._update(load_w, load_var, down, off)
        try:
            result = self._model.calculate_power_flow(
                update_data=update,
                error_tolerance=TOLERANCE,
                max_iterations=MOST_ITERATIONS,
                continue_on_batch_error=True,
            )
        except self._engine.errors.PowerGridError as error:
            raise InputError("power flow", f"not solved: {str(error).splitlines()[0]}", "a network") from None
        failed = self._model.batch_error
        if failed is not None:
            step = int(failed.failed_scenarios[0])
            asked = f"no voltages carry the {load_w[step].sum() / 1e6:.3g} MW that are asked for"
            raise InputError(f"power flow, step {step}", asked, "smaller loads or stronger lines")
        flow = self._read(result, load_w, down)
        missing = flow.missing()
        if not (missing <= MOST_IMBALANCE).all():
            step = int(np.argmax(~(missing <= MOST_IMBALANCE)))
            raise WorkError(f"power balance, step {step}: {missing[step]:.3g} of what comes in is missing")
        return flow

    def _check(self, load_w: Floats, load_var: Floats) -> None:
        n_loads = len(self.grid.load_bus)
        for name, loads in (("W", load_w), ("var", load_var)):
            if loads.shape != (len(load_w), n_loads):
                raise InputError(f"loads [{name}]", f"shape {loads.shape}", f"(steps, {n_loads})")
            if not np.isfinite(loads).all():
                step, row = np.argwhere(~np.isfinite(loads))[0].tolist()
                raise InputError(f"loads [{name}], step {step}, load {row}", "not a number", "a finite one")

    def _filled(self, data: str, component: str, shape: Any, **columns: Any) -> Any:
        table = self._engine.initialize_array(data, component, shape)
        for name, values in columns.items():
            table[name] = values
        return table

    def tables(self, load_w: Floats | float = 0.0, load_var: Floats | float = 0.0) -> dict[str, Any]:
        """The network in the engine's tables, with loads (n_loads,) [W, var]."""
        grid, (bus, line, transformer, source, load) = self.grid, self._ids
        lines, units = grid.lines, grid.transformers
        both = {"from_status": 1, "to_status": 1}
        return {
            "node": self._filled("input", "node", len(bus), id=bus, u_rated=grid.buses.rated_v),
            "line": self._filled(
                "input", "line", len(line), id=line, from_node=bus[lines.tail], to_node=bus[lines.head],
                r1=lines.r_ohm, x1=lines.x_ohm, c1=lines.c_farad, tan1=0.0, i_n=lines.most_a,
                from_status=~lines.ties, to_status=~lines.ties,
            ),
            "transformer": self._filled(
                "input", "transformer", len(transformer), id=transformer,
                from_node=bus[units.tail], to_node=bus[units.head], u1=units.tail_v, u2=units.head_v,
                sn=units.rated_va, uk=units.short_circuit, pk=units.copper_w, i0=units.no_load,
                p0=units.iron_w, winding_from=2, winding_to=1, clock=11, tap_side=0, tap_pos=0,
                tap_min=0, tap_max=0, tap_nom=0, tap_size=0.0, **both,
            ),
            "source": self._filled(
                "input", "source", len(source), id=source, node=bus[grid.sources.bus], status=1,
                u_ref=grid.sources.u_pu, sk=STIFF_VA,
            ),
            "sym_load": self._filled(
                "input", "sym_load", len(load), id=load, node=bus[grid.load_bus], status=1, type=0,
                p_specified=load_w, q_specified=load_var,
            ),
        }  # fmt: skip

    def _update(self, load_w: Floats, load_var: Floats, down: Flags, off: Flags) -> dict[str, Any]:
        """Loads of every step, and where something is broken the branches and sources that are off."""
        _, line, transformer, source, load = self._ids
        steps = len(load_w)
        update = {
            "sym_load": self._filled(
                "update", "sym_load", (steps, len(load)), id=load, p_specified=load_w, q_specified=load_var
            )
        }
        if down.any() or (off != self.grid.lines.ties).any():
            sides = ((line, "line", self.grid.lines), (transformer, "transformer", self.grid.transformers))
            for ids, component, branches in sides:
                dead = down[:, branches.tail] | down[:, branches.head]
                on = (~(dead | off if component == "line" else dead)).astype(np.int8)
                status = {"from_status": on, "to_status": on}
                update[component] = self._filled("update", component, (steps, len(ids)), id=ids, **status)
            on = (~down[:, self.grid.sources.bus]).astype(np.int8)
            update["source"] = self._filled("update", "source", (steps, len(source)), id=source, status=on)
        return {name: table for name, table in update.items() if table.size}

    def _read(self, result: dict[str, Any], load_w: Floats, down: Flags) -> Flow:
        steps = len(load_w)
        alive = (result["node"]["energized"] == 1) & ~down
        none = {"p_from": np.zeros((steps, 0)), "p_to": np.zeros((steps, 0)), "loading": np.zeros((steps, 0))}
        line, transformer = result.get("line", none), result.get("transformer", none)
        served = np.where(alive[:, self.grid.load_bus], load_w, 0.0)  # loads of constant power get it all
        lost = [(each["p_from"] + each["p_to"]).sum(axis=1) for each in (line, transformer)]
        return Flow(
            u_pu=np.where(alive, result["node"]["u_pu"], 0.0),
            energised=alive,
            line_loading=np.asarray(line["loading"]),
            transformer_loading=np.asarray(transformer["loading"]),
            supplied_w=np.asarray(result["source"]["p"].sum(axis=1)),
            source_va=np.asarray(result["source"]["s"]),
            loss_w=np.asarray(lost[0] + lost[1]),
            served_w=served,
            unserved_w=load_w - served,
        )


def power_engine() -> Any:
    """power-grid-model, which only the extra brings."""
    try:
        import power_grid_model
        from power_grid_model import errors, utils
    except ImportError:
        raise InputError("power flow", "it needs the extra 'utilities'", TO_INSTALL) from None
    assert (errors, utils) == (power_grid_model.errors, power_grid_model.utils)
    return power_grid_model
