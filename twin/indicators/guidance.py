"""Itinerary calculators: who is guided, how often anew, and what they gain over the others."""

from __future__ import annotations

import numpy as np

from twin.clock import MS
from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, mean, ratio, ratios
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import TRAFFIC
from twin.indicators.records import DayRecord


@indicator("share", "none", TRAFFIC)
def guided_trips(record: DayRecord, focus: Focus) -> Groups:
    """Share of car trips that followed at least one advice of a provider."""
    return ratios(record, focus.trips(record) & record.by_car, record.guided)


@indicator("share", "none", TRAFFIC)
def provider_share(record: DayRecord, focus: Focus) -> Groups:
    """Share of car trips whose driver consulted a provider, in all and by provider."""
    provider = record.provider[focus.trips(record) & record.by_car]
    count = np.bincount(provider[provider >= 0], minlength=len(record.providers))
    shares = {
        f"provider:{name}": ratio(count[row], len(provider)) for row, name in enumerate(record.providers)
    }
    return {EVERYBODY: ratio(count.sum(), len(provider)), **shares}


@indicator("per trip", "none", TRAFFIC)
def reroutes_per_guided_trip(record: DayRecord, focus: Focus) -> Groups:
    """Routes taken anew on the way, per guided car trip."""
    guided = focus.trips(record) & record.by_car & record.guided
    return {EVERYBODY: mean(record.n_reroutes[guided].astype(np.float64))}


@indicator("s/trip", "lower", TRAFFIC)
def delay_by_guidance(record: DayRecord, focus: Focus) -> Groups:
    """Delay per car trip of those who consult a provider, and of the others."""
    chosen = focus.trips(record) & record.comparable
    users = record.provider >= 0
    return {
        "app:yes": mean(record.delay_s[chosen & users]),
        "app:no": mean(record.delay_s[chosen & ~users]),
    }


@indicator("s/trip", "none", TRAFFIC)
def advantage_of_guidance(record: DayRecord, focus: Focus) -> Groups:
    """Delay per car trip of those who consult no provider, less that of those who do."""
    chosen = focus.trips(record) & record.comparable
    users = record.provider >= 0
    others = mean(record.delay_s[chosen & ~users])
    return {EVERYBODY: others - mean(record.delay_s[chosen & users])}


@indicator("s/trip", "lower", TRAFFIC)
def time_over_promise(record: DayRecord, focus: Focus) -> Groups:
    """Time lived over that which the provider told when first asked, per ended car trip; by provider too.

    The group ``absolute`` is the mean of how far off the promise was, either way.
    """
    if record.promised_ms is None:
        return {}
    told = focus.trips(record) & record.by_car & (record.promised_ms >= 0) & (record.arrived_ms >= 0)
    over_s = (record.arrived_ms - record.promised_ms) / MS
    by_provider = {
        f"provider:{name}": mean(over_s[told & (record.provider == row)])
        for row, name in enumerate(record.providers)
    }
    return {EVERYBODY: mean(over_s[told]), "absolute": mean(np.abs(over_s[told])), **by_provider}
