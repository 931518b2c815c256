"""From merged tables to what a scenario is made of, and back to where each value was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from twin.errors import InputError
from twin.scenario.actors import LEDGER_ROWS, SensorFleet
from twin.scenario.entry import Entry
from twin.scenario.files import Merged
from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification
from twin.scenario.modifications import LEDGER_ROWS as KIND_ROWS
from twin.scenario.modifications import kind_of
from twin.scenario.selectors import WITHIN_ROW
from twin.scenario.wording import Location, first_fault, keys_of_model, nearest, short

AnyModel = TypeVar("AnyModel", bound=BaseModel)

APP_SHARE_ROW = "scenario.app_share"


def assemble(merged: Merged, model: type[AnyModel]) -> AnyModel:
    """The scenario that merged tables spell, or one `InputError` at the first thing wrong."""
    for key in merged.tables:
        if key not in keys_of_model(model):
            raise InputError(merged.where((key,)), "unknown key", nearest(key, keys_of_model(model)))
    tables = dict(merged.tables)
    ledger = _ledger(tables.get("parameters", {}), merged)
    tables.setdefault("app_share", ledger[APP_SHARE_ROW])
    if isinstance(tables.get("provider"), list):
        filled = {key: ledger[row] for key, row in LEDGER_ROWS.items()}
        tables["provider"] = [{**filled, **provider} for provider in tables["provider"]]
    tables["sensor_fleet"] = tuple(
        _validated(SensorFleet, table, merged, ("sensor_fleet", row))
        for row, table in enumerate(tables.get("sensor_fleet", ()))
    )
    tables["modification"] = tuple(
        _modification(table, merged, ledger, ("modification", row))
        for row, table in enumerate(tables.get("modification", ()))
    )
    made = _validated(model, tables, merged, ())
    for key, field in model.model_fields.items():
        value = getattr(made, key)
        for row, entry in enumerate(value if isinstance(value, tuple) else ()):
            if isinstance(entry, Entry):
                entry.written(merged, (field.alias or key, row))
    return made


def _ledger(values: Any, merged: Merged) -> Parameters:
    ledger = Parameters.defaults()
    if not isinstance(values, dict):
        raise InputError(merged.where(("parameters",)), f"{short(values)} is not right", "a table")
    for name, value in values.items():
        where = merged.where(("parameters",) if isinstance(value, dict) else ("parameters", name))
        if isinstance(value, dict):
            right = f'the whole name in quotes: "{name}.{next(iter(value), "…")}"'
            raise InputError(where, f"{name} is a table", right)
        ledger = ledger.replaced({name: value}, where.removesuffix(f".{name}"))
    return ledger


def _modification(table: Any, merged: Merged, ledger: Parameters, location: Location) -> Modification:
    model = kind_of(table, merged.where(location))
    filled = {key: ledger[row] for key, row in KIND_ROWS.get(table["kind"], {}).items()}
    return _validated(model, {**filled, **_near(table, ledger)}, merged, location)


def _near(table: dict[str, Any], ledger: Parameters) -> dict[str, Any]:
    """A table whose links lie near schools, with the ledger's distance where it names none."""
    near = {
        key: {"within_m": ledger[WITHIN_ROW], **links}
        for key, links in table.items()
        if isinstance(links, dict) and {"school", "school_zone"} & links.keys()
    }
    return {**table, **near} if near else table


def _validated(model: type[AnyModel], table: Any, merged: Merged, location: Location) -> AnyModel:
    context = {"folder": merged.folder((*location, "links"))}
    try:
        return model.model_validate(table, context=context, by_alias=True, by_name=False)
    except ValidationError as error:
        below, what, right = first_fault(error, model)
        raise InputError(merged.where((*location, *below)), what, right) from None


def leaves(value: Any, location: Location = ()) -> Iterator[tuple[Location, Any]]:
    """Every value of resolved tables with its location; a list of plain values is one value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*location, key))
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for row, inner in enumerate(value):
            yield from leaves(inner, (*location, row))
    else:
        yield location, value


def written_at(merged: Merged, location: Location) -> str:
    """Where a resolved value comes from: file and key, a ledger row, or the default of its kind."""
    if _holds(merged.tables, location):
        return merged.where(location)
    if location[-1] == "link" and _holds(merged.tables, (*location[:-1], "file")):
        return merged.where((*location[:-1], "file"))
    if location == ("app_share",):
        return f"ledger: {APP_SHARE_ROW}"
    if location[0] == "provider" and location[-1] in LEDGER_ROWS:
        return f"ledger: {LEDGER_ROWS[str(location[-1])]}"
    if location[0] == "modification" and len(location) > 1:
        return _written_of_kind(merged.tables["modification"][location[1]]["kind"], str(location[-1]))
    return "default"


def _written_of_kind(kind: str, key: str) -> str:
    row = WITHIN_ROW if key == "within_m" else KIND_ROWS.get(kind, {}).get(key)
    return "default" if row is None else f"ledger: {row}"


def _holds(tables: Any, location: Sequence[str | int]) -> bool:
    for part in location:
        if isinstance(part, str) and not (isinstance(tables, dict) and part in tables):
            return False
        tables = tables[part]
    return True
