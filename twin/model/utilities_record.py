"""The utility networks of a day, taken from the model when the day is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.clock import SLICE_S, middle_of_month
from twin.conditions.weather import climate_of, season_temperature_c, swing_of_day_c
from twin.indicators.utilities_record import (
    SERVICES,
    FailureRows,
    ShareLog,
    UtilitiesRecord,
    VisitRows,
)
from twin.model.metering import consumption_of_day
from twin.territory.tables import Floats, Ints, Texts
from twin.territory.utilities.tables import POWER, TELECOM, WATER
from twin.units import S_PER_H, W_PER_KW
from twin.utilities.failures.cascade import BROKEN, OPENED
from twin.utilities.failures.damages import Damages
from twin.utilities.failures.inventory import Inventory, inventory_of
from twin.utilities.failures.laid import INPUTS, services
from twin.utilities.physics import physics_of
from twin.utilities.spans import Spans

if TYPE_CHECKING:
    from twin.model.networks import Networks
    from twin.model.twin_model import TwinModel

WHY_INPUT = {POWER: "no power", WATER: "not filled", TELECOM: "no telecom"}


def utilities_record_of(model: TwinModel) -> UtilitiesRecord | None:
    """What broke, who came, who was without, what flowed; None where networks are not reckoned."""
    networks = model.networks
    if networks is None:
        return None
    territory, noted = model.territory, networks.noted()
    layers, place_id, spans = territory.utilities, territory.places.place_id, networks.day.spans()
    drawn, outside_c = consumption_of_day(model, model.state.itineraries), outdoor_c(model, spans.n_quarters)
    flows = physics_of(territory, drawn, model.parameters, spans, outside_c)
    assert flows.heat is not None
    begin, share = _shares(model, spans)
    known = inventory_of(layers)
    step_s, nodes = spans.step_s, layers.nodes
    power_node, water_node = (np.flatnonzero(each).astype(np.int32) for each in (
        (nodes.utility == POWER) & ((flows.power.laid.low >= 0) | (flows.power.laid.high >= 0)),
        (nodes.utility == WATER) & (flows.laid_water.zone >= 0),
    ))  # fmt: skip
    return UtilitiesRecord(
        step_s=step_s,
        n_steps=spans.n_steps,
        place_id=place_id,
        begin_step=begin,
        share=share,
        asked_kw=flows.place_kw.astype(np.float32),
        served_kw=flows.served_kw().astype(np.float32),
        asked_lps=flows.place_lps.astype(np.float32),
        served_lps=flows.served_lps().astype(np.float32),
        asked_heat_kw=(flows.heat.needed_w / W_PER_KW).astype(np.float32),
        served_heat_kw=(np.minimum(flows.heat.given_w, flows.heat.needed_w) / W_PER_KW).astype(np.float32),
        indoor_c=flows.heat.indoor_c.astype(np.float32),
        water_node=water_node,
        pressure_m=flows.pressure_m()[:, water_node].astype(np.float32),
        pressures_verifiable=bool(flows.water.verifiable[water_node].all()) and bool(len(water_node)),
        supplied_lps=flows.water.source_lps,
        leaked_lps=flows.water.leaked_lps.sum(axis=1),
        power_node=power_node,
        voltage_pu=flows.power.node_voltage()[:, power_node].astype(np.float32),
        failures=_failures(networks, known, step_s),
        damages=_damages(networks),
        visits=_visits(networks),
        balance=flows.balance(),
        blind_links=noted[:, 0],
        dark_signals=noted[:, 1],
        calculator_down={
            offer.name: noted[:, 2 + row] > 0.0 for row, offer in enumerate(model.spec.providers)
        },
        outdoor_c=outside_c,
        manual_fallback=bool(networks.orders.by_hand),
        by_hand=tuple(sorted(networks.orders.by_hand)),
    )


def _shares(model: TwinModel, spans: Spans) -> tuple[Ints, dict[str, np.ndarray]]:
    """Services of places, span by span."""
    places = model.territory.places
    got = services(model.territory.utilities, places.place_id, spans.level)
    log = ShareLog(places.n_places)
    for row, step in enumerate(spans.begin.tolist()):
        log.note(step, {name: getattr(got, name)[row] for name in SERVICES})
    return log.spans()


def _failures(networks: Networks, known: Inventory, step_s: float) -> FailureRows:
    """Who fell, why and because of what, and when each worked again."""
    falls = networks.day.falls
    down = [fall for fall in falls if fall.down]
    back: dict[int, list[int]] = {}
    for fall in falls:
        if not fall.down:
            back.setdefault(fall.element, []).append(fall.step)
    restored = [
        next((step * step_s for step in back.get(fall.element, ()) if step > fall.step), np.nan)
        for fall in down
    ]
    element = np.array([fall.element for fall in down], dtype=np.int32)
    by = np.array([fall.by for fall in down], dtype=np.int32)
    names = np.append(known.element_id, "")
    return FailureRows(
        element_id=known.element_id[element],
        kind=known.kind[element],
        utility=known.utility[element],
        at_s=np.array([fall.step * step_s for fall in down]),
        round=np.array([fall.round for fall in down], dtype=np.int32),
        why=np.array([_why(fall.cause) for fall in down], dtype=np.str_),
        cause_id=np.where(by == element, "", names[by]),
        restored_s=np.array(restored, dtype=np.float64),
        crew=_crews(networks, known.element_id[element], np.array(restored, dtype=np.float64)),
    )


def _why(cause: int) -> str:
    if cause in (BROKEN, OPENED):
        return "broken" if cause == BROKEN else "switched off"
    return WHY_INPUT[INPUTS[cause]] if cause < len(INPUTS) else "not reached"


def _crews(networks: Networks, element_id: Texts, restored_s: Floats) -> Texts:
    """The crew that was done at each element when it worked again, "" where none was."""
    visits = networks.day.faults.repairs.visits
    done: dict[str, list[tuple[float, str]]] = {}
    for visit in visits:
        done.setdefault(visit.element_id, []).append((visit.done_at, visit.crew))
    found = [
        next((crew for done_s, crew in reversed(done.get(name, ())) if done_s <= at_s), "")
        for name, at_s in zip(element_id.tolist(), restored_s.tolist(), strict=True)
    ]
    return np.array(found, dtype=np.str_)


def _damages(networks: Networks) -> Damages:
    """Those that began, at the moments at which they did and ended."""
    repairs = networks.day.faults.repairs
    begun = np.isfinite(repairs.at_s)
    columns = {**repairs.damages.columns(), "at_s": repairs.at_s, "until_s": repairs.until_s}
    return Damages(**{name: column[begun] for name, column in columns.items()})


def _visits(networks: Networks) -> VisitRows:
    visits = networks.day.faults.repairs.visits
    return VisitRows(
        crew=np.array([each.crew for each in visits], dtype=np.str_),
        element_id=np.array([each.element_id for each in visits], dtype=np.str_),
        leaves_s=np.array([each.left_at for each in visits], dtype=np.float64),
        arrives_s=np.array([each.arrived_at for each in visits], dtype=np.float64),
        done_s=np.array([each.done_at for each in visits], dtype=np.float64),
    )


def outdoor_c(model: TwinModel, n_quarters: int) -> Floats:
    """Temperature outside by quarter (n_quarters,) [degC]: the date's, or that of the season in the month."""
    hour = (np.arange(n_quarters) + 0.5) * SLICE_S / S_PER_H
    today, parameters = model.conditions, model.parameters
    if today is not None:
        hourly = np.asarray(today.weather.temperature_c, dtype=np.float64)
        return hourly[np.minimum(hour.astype(np.int64), len(hourly) - 1)]
    streets = model.ground.streets
    climate = climate_of(float(streets.node_lon.mean()), float(streets.node_lat.mean()), parameters)
    mean_c = season_temperature_c(middle_of_month(model.month), climate, parameters)
    return np.asarray(mean_c + swing_of_day_c(hour, parameters))
