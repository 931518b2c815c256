"""Slow, plain-Python twins of the synthesis kernels."""

from __future__ import annotations

import heapq
import math

from tests.oracles import slow_mix


def slow_key(base: int, number: int) -> int:
    """Key of a numbered thing."""
    return slow_mix(slow_mix(base) ^ number % 2**64)


def slow_pick(weights: list[float], u: float) -> int:
    """The column in whose share of the total the draw falls; -1 without any weight."""
    total = sum(weights)
    if total <= 0.0:
        return -1
    passed = 0.0
    for column, weight in enumerate(weights):
        passed += weight
        if passed > u * total:
            return column
    raise AssertionError("a draw below 1 falls in some column")


def slow_ipf(table: list[list[float]], rows: list[float], columns: list[float]) -> list[list[float]]:
    """Iterative proportional fitting of a table to its two margins (Deming & Stephan 1940)."""
    table = [list(line) for line in table]
    for _ in range(2_000):
        for line, target in zip(table, rows, strict=True):
            factor = target / sum(line)
            line[:] = [cell * factor for cell in line]
        for j, target in enumerate(columns):
            factor = target / sum(line[j] for line in table)
            for line in table:
                line[j] *= factor
    return table


def slow_distance(edges: list[tuple[int, int, int]], origin: int, destination: int) -> int | None:
    """Shortest way over undirected edges (u, v, length); None where there is none (Dijkstra 1959)."""
    settled: dict[int, int] = {}
    frontier = [(0, origin)]
    while frontier:
        cost, node = heapq.heappop(frontier)
        if node in settled:
            continue
        settled[node] = cost
        for u, v, length in edges:
            if node in (u, v):
                heapq.heappush(frontier, (cost + length, v if node == u else u))
    return settled.get(destination)


def slow_rake(
    prior: list[float], counts: list[list[float]], targets: list[float], rounds: int
) -> list[float]:
    """Each margin in turn met by weights times x ** count; x found by halving a bracket (Csiszar 1975)."""
    weights = list(prior)
    for _ in range(rounds):
        for count, target in zip(counts, targets, strict=True):
            low, high = -40.0, 40.0
            for _ in range(70):
                middle = (low + high) / 2.0
                margin = sum(w * math.exp(middle * c) * c for w, c in zip(weights, count, strict=True))
                low, high = (middle, high) if margin < target else (low, middle)
            weights = [w * math.exp(low * c) for w, c in zip(weights, count, strict=True)]
    return weights
