"""What a provider makes of better routes before it proposes them: in turn, spread, ranked, with an arrival.

All is worked out from what its users tell when they ask and from its own belief.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twin.calculators.objectives import Objective, co2_g
from twin.calculators.provider import honours_class
from twin.clock import MS
from twin.kernels.paths import BLOCKED, RouteQueries, whole_ms
from twin.kernels.random import stream_of, uniforms
from twin.model.state import Advice, AdviceRequests, Belief
from twin.routing.alternatives import Admissible
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, find_routes, static_weights
from twin.scenario.actors import Provider
from twin.scenario.ledger import Parameters
from twin.units import G_PER_KG

if TYPE_CHECKING:
    from twin.model.provider import ProviderAgent

_TURN = stream_of("calculators.turn")
_SPREAD = stream_of("calculators.spread")
_LOOK = stream_of("calculators.look")
MG = 1_000.0


class Weighed(NamedTuple):
    """Weights of those who ask: plain and honouring (n_links,) int32 [ms], and who has which (n,) bool."""

    plain_ms: np.ndarray
    honouring_ms: np.ndarray
    honours: np.ndarray


def indifference_of(order: Provider, objective: Objective, parameters: Parameters) -> float:
    """Relative gain below which no other route is advised; of one that spreads, the band that it spreads in.

    Else who was sent over a route at the edge of the band would be called back at the next look.
    """
    band = float(parameters["calculators.diverse_band"])
    own = float(order.indifference)
    return max(own, band / (1.0 + band)) if objective.spread else own


def joined(parts: list[Advice]) -> Advice:
    """Advice of several parts of those who asked."""
    parts = [part for part in parts if part.trip.size] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    routes = Routes.joined([part.routes.of(k) for part in parts for k in range(part.trip.shape[0])])
    return Advice(np.concatenate([part.trip for part in parts]), routes)


def route_sums(routes: Routes, of_links: np.ndarray, skip: int = 0) -> np.ndarray:
    """Sum of whole numbers over the links of each route (n,) int64, its first ``skip`` links left out."""
    upto = np.concatenate([[0], np.cumsum(of_links[routes.pool].astype(np.int64))])
    return np.asarray(upto[routes.end] - upto[np.minimum(routes.start + skip, routes.end)])


def with_promises(requests: AdviceRequests, found: Advice, time_ms: np.ndarray) -> Advice:
    """The advice, and the time that who asks for the first time is told, by the route that will be driven."""
    new = np.flatnonzero(~requests.told)
    if not new.size:
        return found
    promised_ms = np.zeros(requests.trip.shape[0], dtype=np.int64)
    promised_ms[new] = route_sums(requests.routes.taken(new).packed(), time_ms)
    place = np.searchsorted(requests.trip, found.trip)
    promised_ms[place] = route_sums(found.routes, time_ms)
    return Advice(found.trip, found.routes, requests.trip[new], promised_ms[new])


def in_turn(agent: ProviderAgent, belief: Belief, requests: AdviceRequests, moment_s: int) -> Advice:
    """Answers in batches of users (a draw of the trip), each after the routes of the last are counted."""
    parameters, n = agent.model.parameters, requests.trip.shape[0]
    n_batches = int(parameters["calculators.forward_batches"])
    horizon_ms = round(float(parameters["calculators.forward_horizon_s"]) * MS)
    batch = (uniforms(agent.model.seed_, _TURN, requests.key) * n_batches).astype(np.int64)
    sent_veh = users_ahead(requests.routes, np.flatnonzero(requests.guided), belief.time_ms, horizon_ms)
    parts = []
    for number in np.unique(batch).tolist():
        asking = requests.of(batch == number)
        part = agent.answer(belief, asking, agent.weights_ms(belief, sent_veh), moment_s)
        place = np.searchsorted(requests.trip, part.trip)
        left = place[requests.guided[place]]
        sent_veh = sent_veh - users_ahead(requests.routes, left, belief.time_ms, horizon_ms)
        sent_veh += users_ahead(part.routes, np.arange(part.trip.shape[0]), belief.time_ms, horizon_ms)
        parts.append(part)
    return joined(parts) if n else Advice(requests.trip, requests.routes)


def users_ahead(routes: Routes, rows: np.ndarray, time_ms: np.ndarray, horizon_ms: int) -> np.ndarray:
    """Users of some routes who will come to each link within a time (n_links,) int64, by expected times.

    The link that each is on is left out.
    """
    n_links = time_ms.shape[0]
    if not rows.size:
        return np.zeros(n_links, dtype=np.int64)
    own = routes.taken(rows).packed()
    spent_ms = np.cumsum(time_ms[own.pool].astype(np.int64))
    length = own.end - own.start
    begun_ms = np.repeat(spent_ms[own.start], length)  # when each leaves the link that it is on
    reached_ms = spent_ms - time_ms[own.pool] - begun_ms
    ahead = (reached_ms >= 0) & (reached_ms <= horizon_ms)
    ahead[own.start] = False
    return np.bincount(own.pool[ahead], minlength=n_links).astype(np.int64)


def reconsidered(
    agent: ProviderAgent, belief: Belief, requests: AdviceRequests, weighed: Weighed, found: Advice
) -> Advice:
    """Better routes found, some replaced by those that rank first by CO2, or spread over good ones."""
    band, share = agent.model.manager.ghg_ranking(agent.order.respect)
    ranked = honours_class(requests.key, share, agent.model.seed_)
    place = np.searchsorted(requests.trip, found.trip)
    kept, others = np.flatnonzero(~ranked[place]), []
    if ranked.any():
        looked = ~requests.told
        looked[place] = True
        others.append(least_co2(agent, belief, requests, weighed, (ranked & looked, band)))
    first = Advice(found.trip[kept], found.routes.taken(kept)) if ranked.any() else found
    if agent.objective.spread and kept.size:
        first = spread(agent, requests, weighed, place[kept])
    return joined([first, *others])


def spread(agent: ProviderAgent, requests: AdviceRequests, weighed: Weighed, place: np.ndarray) -> Advice:
    """Those who have a better route, over up to k routes within a band of the best, by a draw of the trip.

    Routes are looked for under weights raised by up to the band, by draws of link and look, and sifted as
    alternatives of `twin.routing.alternatives` are: those that share too much with a better one fall out.
    """
    parameters, seed = agent.model.parameters, agent.model.seed_
    band = float(parameters["calculators.diverse_band"])
    looks = range(int(parameters["calculators.diverse_looks"]))
    link_key = agent.model.roads.topology.link_key
    raised = [1.0 + band * uniforms(seed, _LOOK, link_key, look) for look in looks]
    draw = uniforms(seed, _SPREAD, requests.key)
    trips, routes = [], []
    for honours, weight_ms in ((False, weighed.plain_ms), (True, weighed.honouring_ms)):
        rows = place[weighed.honours[place] == honours]
        if not rows.size:
            continue
        asking = _asking(requests, rows)
        felt = [weight_ms, *(_times(weight_ms, factor) for factor in raised)]
        candidates = [_shortest(agent, each, asking) for each in felt]
        rule = Admissible(stretch=1.0 + band)
        for number, row in enumerate(rows.tolist()):
            own = [each.of(number) for each in candidates]
            good = sifted(own, weight_ms, rule, int(parameters["calculators.diverse_routes"]))
            trips.append(int(requests.trip[row]))
            routes.append(good[min(int(draw[row] * len(good)), len(good) - 1)])
    return _in_order(trips, routes)


def sifted(found: list[np.ndarray], weight_ms: np.ndarray, rule: Admissible, k: int) -> list[np.ndarray]:
    """Up to k of some routes between the same links, by cost, the first one of which is the best.

    One that costs too much more than the best, or shares too much with those kept, falls out.
    """
    by_cost = sorted(found, key=lambda route: (int(weight_ms[route[1:]].sum(dtype=np.int64)), route.tolist()))
    best_ms = int(weight_ms[by_cost[0][1:]].sum(dtype=np.int64))
    kept, used = [by_cost[0]], set(by_cost[0][1:].tolist())
    for route in by_cost[1:]:
        links = route[1:]
        shared_ms = sum(int(weight_ms[link]) for link in links.tolist() if link in used)
        cheap = int(weight_ms[links].sum(dtype=np.int64)) <= rule.stretch * best_ms
        if len(kept) < k and cheap and shared_ms <= rule.shared * best_ms:
            kept.append(route)
            used.update(links.tolist())
    return kept


def _times(weight_ms: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Weights raised by a factor of each link (n_links,) int32 [ms]."""
    return np.where(weight_ms >= BLOCKED, BLOCKED, whole_ms(weight_ms * factor))


def _asking(requests: AdviceRequests, rows: np.ndarray) -> RouteQueries:
    """Those of some rows, from the link that each is on to the destination."""
    ahead = requests.routes
    origin, destination = ahead.pool[ahead.start[rows]], ahead.pool[ahead.end[rows] - 1]
    return RouteQueries(origin, destination, np.zeros(rows.shape[0], dtype=np.int64), requests.person[rows])


def least_co2(
    agent: ProviderAgent,
    belief: Belief,
    requests: AdviceRequests,
    weighed: Weighed,
    asked: tuple[np.ndarray, float],
) -> Advice:
    """The route of least CO2 among those within a band of the best, for those who are asked about (n,) bool.

    Routes looked at: the one they mean to drive, the best by the provider's objective, and the best by
    that with CO2 at several prices in time: the supported routes of a search by Lagrangian relaxation
    (Handler & Zang 1980, Networks 10). CO2 is that of a mean car at the speeds expected.
    """
    who, band = asked
    mg = np.rint(co2_g(agent.view(belief)) * MG).astype(np.int64)
    prices = (
        0.0,
        *(price * MS / G_PER_KG for price in agent.model.parameters["calculators.ghg_trades_s_per_kg"]),
    )
    trips, routes = [], []
    ahead = requests.routes
    moves = ahead.end - ahead.start > 1
    for honours, weight_ms in ((False, weighed.plain_ms), (True, weighed.honouring_ms)):
        rows = np.flatnonzero(who & moves & (weighed.honours == honours))
        asking = _asking(requests, rows)
        priced = [_priced(weight_ms, mg, price) for price in prices]
        candidates = [ahead.taken(rows).packed(), *(_shortest(agent, each, asking) for each in priced)]
        best = _first_ranked(candidates, weight_ms, mg, band)
        for each in np.flatnonzero(best > 0).tolist():
            trips.append(int(requests.trip[rows[each]]))
            routes.append(candidates[best[each]].of(each))
    return _in_order(trips, routes)


def _priced(weight_ms: np.ndarray, mg: np.ndarray, ms_per_g: float) -> np.ndarray:
    """Weights with CO2 [mg] at a price in time (n_links,) int32 [ms]."""
    felt = whole_ms(weight_ms + np.rint(mg / MG * ms_per_g))
    return np.where(weight_ms >= BLOCKED, BLOCKED, felt)


def _shortest(agent: ProviderAgent, weight_ms: np.ndarray, asking: RouteQueries) -> Routes:
    model, rows = agent.model, np.arange(asking.origin.shape[0])
    weights = static_weights(weight_ms)
    return find_routes(model.roads.topology, weights, model.bounds, asking, rows, NO_DRAWS, model.threads)


def _in_order(trips: list[int], routes: list[np.ndarray]) -> Advice:
    """Advice by row of trip."""
    if not trips:
        none = np.zeros(0, dtype=np.int64)
        return Advice(none, Routes(none.astype(np.int32), none, none))
    order = np.argsort(np.array(trips))
    return Advice(np.array(trips, dtype=np.int64)[order], Routes.joined([routes[row] for row in order]))


def _first_ranked(candidates: list[Routes], weight_ms: np.ndarray, mg: np.ndarray, band: float) -> np.ndarray:
    """Candidate proposed to each trip (n,): least CO2 within the band, then least cost, then the first."""
    n = candidates[0].start.shape[0]
    cost, co2 = (np.full((len(candidates), n), np.iinfo(np.int64).max // 4) for _ in range(2))
    for number, each in enumerate(candidates):
        there = np.flatnonzero(each.start >= 0)
        cost[number, there] = route_sums(each.taken(there), weight_ms, skip=1)
        co2[number, there] = route_sums(each.taken(there), mg, skip=1)
    within = (cost <= (1.0 + band) * cost.min(axis=0)) & (cost < BLOCKED)
    co2 = np.where(within, co2, np.iinfo(np.int64).max // 4)
    order = np.lexsort((np.broadcast_to(np.arange(len(candidates))[:, None], co2.shape), cost, co2), axis=0)
    return np.asarray(np.where(within.any(axis=0), order[0], 0))
