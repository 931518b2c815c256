"""A power network as JSON for power-grid-model, with the names of its elements beside it."""

from __future__ import annotations

import csv
from itertools import chain
from pathlib import Path

from twin.errors import InputError
from twin.territory.tables import Floats
from twin.utilities.power.flow import PowerFlow, power_engine

COMPONENTS = ("node", "line", "transformer", "source", "sym_load")


def write_pgm_json(path: str | Path, flow: PowerFlow, load_w: Floats, load_var: Floats) -> Path:
    """Write a network with one step's loads (n_loads,) as power-grid-model's input data; the file of names.

    The names stand beside it in `STEM_names.csv`: component, id, name; a load and a source have that of
    their bus.

    Raises
    ------
    InputError
        Loads of another number, or a path that cannot be written.
    """
    to, grid, engine = Path(path), flow.grid, power_engine()
    for name, loads in (("W", load_w), ("var", load_var)):
        if loads.shape != (len(grid.load_bus),):
            raise InputError(f"loads [{name}]", f"shape {loads.shape}", f"({len(grid.load_bus)},)")
    tables = flow.tables(load_w, load_var)
    bus = grid.buses.name
    of = (bus, grid.lines.name, grid.transformers.name, bus[grid.sources.bus], bus[grid.load_bus])
    names = to.with_name(f"{to.stem}_names.csv")
    try:
        engine.utils.json_serialize_to_file(to, tables, engine.DatasetType.input)
        with names.open("w", newline="", encoding="utf-8") as file:
            rows = (
                zip([component] * len(each), tables[component]["id"].tolist(), each.tolist(), strict=True)
                for component, each in zip(COMPONENTS, of, strict=True)
            )
            csv.writer(file, lineterminator="\n").writerows(chain([("component", "id", "name")], *rows))
    except OSError as error:
        raise InputError(str(to), f"cannot be written: {error.strerror}", "a folder to write into") from None
    return names
