"""Who holds what and who may read it, as a scenario orders it, written through the one door of rights.

The territorial data platform joins datasets: services of a holder read a share of each other's, and holders
a share of each other's. Which ones is drawn by the dataset's name alone, so that what is open at a smaller
share is open at a larger one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twin.clock import DAY_S
from twin.errors import InputError
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.datasets import Dataset
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import ANYBODY, Right, every_service
from twin.knowledge.standard_datasets import STANDARD
from twin.scenario.data_sharing import (
    HandedOver,
    HoldDataset,
    PublishDataset,
    ShareDataset,
    TerritorialPlatform,
)
from twin.scenario.entry import told_of
from twin.scenario.modification import Modification

_OPENED = stream_of("data_platform.opened")
_POOLED = stream_of("data_platform.pooled")


def hold_datasets(platform: DataPlatform, orders: Sequence[Modification]) -> None:
    """Datasets with the holders and terms that a scenario gives them; before anything is observed."""
    known = {each.name for each in platform.datasets()}
    for order in orders:
        if isinstance(order, HandedOver | HoldDataset) and order.dataset in STANDARD.keys() - known:
            platform.hold(STANDARD[order.dataset])  # known by name; no run observes it, decisions do
            known.add(order.dataset)
    for order in orders:
        if isinstance(order, HoldDataset):
            platform.hold(held(platform, order))
        if isinstance(order, PublishDataset):
            before = _named(platform, order)
            platform.hold(replace(before, licence=order.licence, documented=order.documented))


def held(platform: DataPlatform, order: HoldDataset) -> Dataset:
    """The dataset as it is held from now on: what the order leaves out stays as it was."""
    known = {each.name for each in platform.datasets()}
    if order.dataset in known:
        before = platform.dataset(order.dataset)
    elif order.holder is None:
        what, right = (
            f"{order.dataset!r}: nobody holds it yet",
            "a holder, or one of " + ", ".join(sorted(known)),
        )
        raise InputError(order.where("dataset"), what, right)
    else:
        before = Dataset.of_links(order.dataset, order.holder, "not simulated", "1", cadence_s=0.0)
    given = {
        "owner": order.holder,
        "owner_kind": order.holder_kind if order.holder is not None else None,
        "service": order.service,
        "licence": order.licence,
        "purpose": order.purpose,
        "personal": order.personal,
        "retention_s": None if order.retention_days is None else float(order.retention_days * DAY_S),
        "documented": order.documented,
    }
    changes: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    return replace(before, **changes)  # type: ignore[arg-type]


def open_rights(platform: DataPlatform, orders: Sequence[Modification]) -> None:
    """Write what is shared, published and pooled into the platform's matrix, in that order."""
    for order in orders:
        if isinstance(order, ShareDataset):
            right = replace(_right(order), purpose=order.purpose, consented=order.consented)
            platform.rights.change(_named(platform, order), order.reader, right, "shared")
        elif isinstance(order, PublishDataset):
            platform.rights.change(_named(platform, order), ANYBODY, _right(order), "published")
    for order in orders:
        if isinstance(order, TerritorialPlatform):
            _pool(platform, order)


def is_opened(dataset: str, share: float, across: bool) -> bool:
    """Whether a dataset is among those that a share opens, to other services or `across` holders.

    >>> [is_opened("loops", share, False) for share in (0.0, 1.0)]
    [False, True]
    """
    draw = uniforms(0, _POOLED if across else _OPENED, keys_of(np.array([dataset])))
    return bool(draw[0] < share)


def _pool(platform: DataPlatform, order: TerritorialPlatform) -> None:
    """Rights of members to what is pooled, and of services to what their holder opens; never to more.

    What a contract gives already stands, and personal data are not pooled.
    """
    rights = platform.rights
    for dataset in platform.datasets():
        if dataset.owner not in order.members or dataset.personal:
            continue
        others = [each for each in order.members if each != dataset.owner]
        readers = others if is_opened(dataset.name, order.pooled, True) else []
        if is_opened(dataset.name, order.transversality, False):
            readers = [*readers, every_service(dataset.owner)]
        for reader in readers:
            if rights.of(reader, dataset) is None:
                rights.change(dataset, reader, Right(lag_s=order.lag_s), "platform")


def _named(platform: DataPlatform, order: HandedOver) -> Dataset:
    with told_of(order, "dataset"):
        return platform.dataset(order.dataset)


def _right(order: HandedOver) -> Right:
    """What is handed over; where no hour is named, of the whole record, not only of this day."""
    since_s = float(order.from_s) if order.from_ else -np.inf
    until_s = float(order.until_s) if order.until else np.inf
    return Right(since_s=since_s, until_s=until_s, lag_s=order.lag_s, span_s=order.span_s)
