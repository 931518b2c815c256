"""What a decision costs when its actor sees some datasets and not others: the game of its data.

The value of a dataset is the drop in the cost of the decision when it is added (expected value of sample
information; Howard 1966, IEEE Trans. Systems Science and Cybernetics 2(1)). Truth and luck of a seed are
the same whatever is seen; the estimator reads `DataPlatform.visible` alone; the cost is reckoned on the
truth. So nothing keeps a dataset from being worth less than nothing, or two from being worth less together
than apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.knowledge.coalitions import crossing, pairs, shapley
from twin.knowledge.datasets import Dataset, Observations
from twin.knowledge.holders import hold_datasets, open_rights
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import Right
from twin.scenario.data_sharing import HandedOver, HoldDataset, TerritorialPlatform
from twin.scenario.modification import Modification
from twin.study.statistics import Difference, paired_difference

Floats = NDArray[np.float64]
POOLED = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of datasets that are opened: from silos to transversality."""
NOW_S = 0.0
"""The moment of a decision; what is seen for it was observed before."""


class NotApplicableError(InputError):
    """A decision that is not to be taken here: nothing there that it is about, or no engine to reckon it by.

    Whatever else is wrong with the input is no reason to leave a decision out.
    """


class DatasetSource(NamedTuple):
    """A dataset and what is in it by the moment of the decision."""

    dataset: Dataset
    rows: Observations


class DecisionDay(NamedTuple):
    """A seed's truth, as the decision that made it knows it, and what was observed of it."""

    truth: Any
    sources: tuple[DatasetSource, ...]


class Decision(Protocol):
    """One real decision: who takes it, on which datasets; all costs are EUR a day."""

    name: str
    actor: str
    datasets: tuple[Dataset, ...]

    def day(self, seed: int) -> DecisionDay:
        """The truth of a seed and what was observed of it."""

    def act(self, platform: DataPlatform) -> Any:
        """What the actor does on what it may see."""

    def cost(self, day: DecisionDay, action: Any) -> float:
        """What that costs in the truth [EUR/day]."""


@dataclass(frozen=True)
class Game:
    """Costs of a decision by seed and coalition of datasets (n_seeds, 2^n) [EUR/day].

    `as_is` (n_seeds,) are costs with the rights that the scenario gives, `pooled` (n_seeds, n_shares) those
    where all holders join a platform too, services and holders opening the shares `POOLED` of datasets.
    """

    name: str
    actor: str
    datasets: tuple[Dataset, ...]
    seeds: tuple[int, ...]
    cost: Floats
    as_is: Floats
    pooled: Floats

    @property
    def value(self) -> Floats:
        """Value of each coalition by seed (n_seeds, 2^n): what it saves."""
        return np.asarray(self.cost[:, :1] - self.cost)

    @property
    def mean(self) -> Floats:
        """The game of means over seeds (2^n,)."""
        return np.asarray(self.value.mean(axis=0))

    def worth(self, mask: int) -> Difference:
        """What a coalition saves, with its interval."""
        return paired_difference(self.cost[:, mask].tolist(), self.cost[:, 0].tolist())

    def crossings(self) -> dict[tuple[str, str], Difference]:
        """V(A+B) - V(A) - V(B) of every pair, with its interval over seeds; below 0 where they overlap."""
        names = [each.name for each in self.datasets]
        found = {}
        for a, b in pairs(len(names)):
            each = [crossing(row, a, b) for row in self.value]
            found[names[a], names[b]] = paired_difference([0.0] * len(each), each)
        return found

    def shares(self) -> dict[str, float]:
        """Each dataset's Shapley share of what all of them save, mean over seeds."""
        return dict(zip((each.name for each in self.datasets), shapley(self.mean).tolist(), strict=True))


def play(decision: Decision, seeds: Sequence[int], orders: Sequence[Modification] = ()) -> Game:
    """Take a decision for every seed with every coalition of its datasets, and with the scenario's rights."""
    n = len(decision.datasets)
    cost, as_is = np.empty((len(seeds), 1 << n)), np.empty((len(seeds), 1 + len(POOLED)))
    members = tuple(sorted({decision.actor.partition("/")[0], *(each.owner for each in decision.datasets)}))
    joined = [TerritorialPlatform(members=members, transversality=share, pooled=share) for share in POOLED]
    for row, seed in enumerate(seeds):
        day = decision.day(seed)
        for mask in range(1 << n):
            action = decision.act(with_datasets(decision.actor, day.sources, mask))
            cost[row, mask] = decision.cost(day, action)
        for column, more in enumerate(([], *([each] for each in joined))):
            action = decision.act(with_rights(day.sources, [*orders, *more]))
            as_is[row, column] = decision.cost(day, action)
    return Game(
        decision.name, decision.actor, decision.datasets, tuple(seeds), cost, as_is[:, 0], as_is[:, 1:]
    )  # fmt: skip


def with_datasets(actor: str, sources: Sequence[DatasetSource], mask: int) -> DataPlatform:
    """A platform on which there are the datasets of a mask, all of them open to the actor."""
    platform = DataPlatform()
    for row, (dataset, rows) in enumerate(sources):
        platform.add(dataset)
        if mask >> row & 1:
            platform.append(dataset.name, rows)
            if platform.rights.of(actor, dataset) is None:
                platform.rights.change(dataset, actor, _all_of(dataset), "what if it were seen")
    return platform


def with_rights(sources: Sequence[DatasetSource], orders: Sequence[Modification]) -> DataPlatform:
    """A platform with all datasets, which may be read as a scenario's modifications say."""
    platform = DataPlatform()
    for dataset, _ in sources:
        platform.add(dataset)
    mine = data_orders_of(orders, [each.dataset.name for each in sources])
    hold_datasets(platform, mine)
    open_rights(platform, mine)
    for dataset, rows in sources:
        platform.append(dataset.name, rows)
    return platform


def data_orders_of(orders: Sequence[Modification], names: Sequence[str]) -> list[Modification]:
    """Modifications of who holds and reads what that are about these datasets, and platforms."""
    about = [each for each in orders if isinstance(each, HandedOver | HoldDataset) and each.dataset in names]
    return [*about, *(each for each in orders if isinstance(each, TerritorialPlatform))]


def _all_of(dataset: Dataset) -> Right:
    """The right to all of a dataset; of persons who consent where it is personal."""
    return Right(purpose=dataset.purpose, consented=True) if dataset.personal else Right()
