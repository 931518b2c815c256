"""How a network carried its demand: the numbers of one seed, or of several the worst, and in how many."""

from __future__ import annotations

from collections.abc import Sequence

from twin.report.words import count_word, number, percent, seeds_words
from twin.study.manifest import SeedTraffic


def traffic_words(traffic: Sequence[SeedTraffic]) -> str:
    """What the first page tells of a demand's traffic, and whether the network carried it."""
    share, time, turned = _worst(traffic)
    lead = f"At worst of seeds {seeds_words([each.seed for each in traffic])}: " if len(traffic) > 1 else ""
    verdict = "carries it" if all(each.flows for each in traffic) else "does not carry it well"
    return (
        f"{lead}{percent(share.completed_share)} of all planned trips were completed by 30:00"
        f"{_seed('completed_share', share, traffic)}; car time was {number(time.time_over_free_flow)} times "
        f"free flow, waiting included{_seed('time_over_free_flow', time, traffic)}; "
        f"{_rotations(turned, traffic)}. The network {verdict}{_in_seeds(traffic)}."
    )


def traffic_warning(traffic: Sequence[SeedTraffic]) -> str:
    """What a reader must know of a network that does not carry its demand; nothing where it does."""
    if all(each.flows for each in traffic):
        return ""
    share, time, turned = _worst(traffic)
    several = len(traffic) > 1
    return (
        f"the network does not carry this demand well{_in_seeds(traffic)}; {'at worst, ' if several else ''}"
        f"{percent(share.completed_share)} of trips are completed{_seed('completed_share', share, traffic)}, "
        f"car time is {number(time.time_over_free_flow)} times free flow"
        f"{_seed('time_over_free_flow', time, traffic)}"
        f"{', with ' + _rotations(turned, traffic) if several else ''}."
    )


def _worst(traffic: Sequence[SeedTraffic]) -> tuple[SeedTraffic, SeedTraffic, SeedTraffic]:
    """The seeds of the least completed share, of the longest car time, and of the most rotations."""
    return (
        min(traffic, key=lambda each: each.completed_share),
        max(traffic, key=lambda each: each.time_over_free_flow or 0.0),
        max(traffic, key=lambda each: each.rotations),
    )


def _rotations(turned: SeedTraffic, traffic: Sequence[SeedTraffic]) -> str:
    counted = count_word(turned.rotations, "rotation")
    return f"{counted} of deadlocked cycles{_seed('rotations', turned, traffic)}"


def _seed(number_of: str, worst: SeedTraffic, traffic: Sequence[SeedTraffic]) -> str:
    """Which seed a number is of, where it is not that of all."""
    return f" (seed {worst.seed})" if len({getattr(each, number_of) for each in traffic}) > 1 else ""


def _in_seeds(traffic: Sequence[SeedTraffic]) -> str:
    """In which of several seeds the network does not carry the demand, or that it does in all."""
    jammed = [each.seed for each in traffic if not each.flows]
    if len(traffic) == 1:
        return ""
    if not jammed:
        return f" in all {count_word(len(traffic), 'seed')}"
    which = f"{'seed' if len(jammed) == 1 else 'seeds'} {seeds_words(jammed)}"
    return f" in {number(len(jammed))} of {count_word(len(traffic), 'seed')} ({which})"
