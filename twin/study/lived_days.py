"""One day of many: how it is lived, how travellers had it, and what it leaves for the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.behaviour.habits import Habits, review
from twin.calculators.adoption import Experience, Subscriptions, subscriptions_after
from twin.indicators.records import DayRecord
from twin.mobility.passages import Passages
from twin.model.choices import Felt
from twin.model.twin_model import TwinModel
from twin.model.users import EarlierDays, choices_of, consulted
from twin.scenario.scenario import Scenario
from twin.study.known_rules import informed
from twin.study.run import World


@dataclass(frozen=True)
class LivedDay:
    """One day's outcome.

    user_share, mean_trust: of persons, of users [share]; car_hours: time of all car trips [h]; user_s,
    other_s: mean time of those whose driver consults a provider, and of the others [s]; late_s: mean of
    arrival made over arrival told [s]; NaN where there are none; switching_share, habit_share: persons
    whose provider, and car trips whose habit, is another afterwards.
    """

    user_share: float
    mean_trust: float
    car_hours: float
    user_s: float
    other_s: float
    co2_kg: float
    late_s: float
    switching_share: float
    habit_share: float


def experience_of(record: DayRecord) -> Experience:
    """The day as those who drove had it, trips without a path left out."""
    rows = np.flatnonzero(record.comparable & (record.departed_ms >= 0))
    promised_ms = np.full(record.n_trips, -1) if record.promised_ms is None else record.promised_ms
    told_s = np.where(promised_ms >= 0, (promised_ms - record.departed_ms) / 1_000.0, np.nan)
    person = record.population.trips.person[rows]
    return Experience(person, told_s[rows], record.elapsed_s[rows], record.free_flow_s[rows])


def after_day(model: TwinModel, record: DayRecord, day: int) -> Subscriptions:
    """Who consults whom after a day that the model has lived."""
    persons = model.population.persons
    assert model.earlier is not None
    who = (
        persons.person_key,
        persons.zone.astype(np.int64) + 1,
        persons.smartphone,
        choices_of(model, model.spec.providers),
    )
    before = model.earlier.subscriptions
    return subscriptions_after(before, experience_of(record), who, (model.seed_, day), model.parameters)


def profiles_of(model: TwinModel) -> dict[str, np.ndarray]:
    """Each provider's own pictures of the day (N_SLICES, n_links) [s]."""
    length_m = model.territory.streets.length_m
    return {name: length_m / belief.estimate.speed_mps for name, belief in model.state.pictures.items()}


def reviewed(model: TwinModel, day: int) -> Habits:
    """Habits after the day; the share of drivers who review goes on falling from that of learning."""
    lived = Passages.join(model.state.log.parts)
    own = lived.of(lived.trip < model.n_trips)
    number = int(model.parameters["behaviour.learning_rounds"]) + day
    columns = (own.link, own.enter_ms, own.exit_ms)
    return review(model.drivers(), model.habits, columns, number, model.parameters)


def moved_share(before: Habits, after: Habits) -> float:
    """Share of routes that differ."""
    rows = np.flatnonzero((before.routes.start >= 0) & (after.routes.start >= 0))
    a, b = before.routes.taken(rows), after.routes.taken(rows)
    other = (a.end - a.start) != (b.end - b.start)
    for row in np.flatnonzero(~other).tolist():
        other[row] = not np.array_equal(a.of(row), b.of(row))
    return float(np.mean(other)) if rows.size else 0.0


def first_subscriptions(spec: Scenario, seed: int, world: World, share: float) -> EarlierDays:
    """Subscriptions before the first day, by app share and market shares, as a single day has them."""
    model = _opened(spec, seed, world, (world.habits, None), 1)
    provider = consulted(model, spec.providers, share)
    return EarlierDays(Subscriptions.first(provider, model.parameters))


def live(
    spec: Scenario,
    seed: int,
    world: World,
    carried: tuple[Habits, EarlierDays | None],
    threads: int,
    felt: Felt | None = None,
) -> TwinModel:
    """A day lived to its end, by drivers who know the rules, and residents who know what driving takes."""
    model = _opened(spec, seed, world, carried, threads, felt)
    habits = informed(model, model.habits)
    if habits is not model.habits:
        model = _opened(spec, seed, world, (habits, carried[1]), threads, felt)
    model.run_day()
    return model


def _opened(
    spec: Scenario,
    seed: int,
    world: World,
    carried: tuple[Habits, EarlierDays | None],
    threads: int,
    felt: Felt | None = None,
) -> TwinModel:
    habits, earlier = carried
    return TwinModel(
        spec,
        rng=seed,
        territory=world.territory,
        population=world.population,
        habits=habits,
        threads=threads,
        earlier=earlier,
        felt=felt,
    )


def outcome_of(
    record: DayRecord, before: Subscriptions, after: Subscriptions, habit_share: float
) -> LivedDay:
    """What is noted of a day."""
    users = before.provider >= 0
    drives = record.comparable
    day = experience_of(record)
    told = np.isfinite(day.promised_s)
    by_user = users[record.population.trips.person]
    return LivedDay(
        user_share=before.user_share,
        mean_trust=_mean(before.trust[users]),
        car_hours=float(record.elapsed_s[drives].sum()) / 3_600.0,
        user_s=_mean(record.elapsed_s[drives & by_user]),
        other_s=_mean(record.elapsed_s[drives & ~by_user]),
        co2_kg=float(record.emissions.co2_kg_by_trip.sum()),
        late_s=_mean((day.lived_s - day.promised_s)[told]),
        switching_share=float(np.mean(before.provider != after.provider)),
        habit_share=habit_share,
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
