"""Who holds what and who may read it: one door, silos and platforms, open data and their catalogue."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from twin.errors import InputError
from twin.knowledge.catalogue import PERSONAL, catalogue_of, personal_in
from twin.knowledge.datasets import Dataset, observations
from twin.knowledge.holders import hold_datasets, is_opened, open_rights
from twin.knowledge.open_data import arrival_rate, arrivals
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import ANYBODY
from twin.scenario.data_sharing import HoldDataset, PublishDataset, ShareDataset, TerritorialPlatform
from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification

LEDGER = Parameters.defaults()
NAMES = tuple(f"series {number}" for number in range(40))


def loops(name: str = "loops", owner: str = "city", **more: object) -> Dataset:
    return replace(Dataset.of_links(name, owner, "vehicles counted", "veh", cadence_s=300), **more)


def platform_with(*datasets: Dataset, orders: tuple[Modification, ...] = ()) -> DataPlatform:
    platform = DataPlatform()
    for dataset in datasets:
        platform.add(dataset)
    hold_datasets(platform, orders)
    open_rights(platform, orders)
    for dataset in platform.datasets():
        at_s = np.array([100.0, 200.0, 700.0])
        platform.append(
            dataset.name, observations(np.array([1, 1, 1]), at_s, at_s + 10.0, np.array([2.0, 4.0, 9.0]))
        )
    return platform


def n_seen(platform: DataPlatform, reader: str, dataset: str = "loops", moment_s: float = 1_000.0) -> int:
    return platform.visible(reader, dataset, moment_s).n_rows


def test_all_changes_of_rights_go_through_one_door_and_are_told():
    orders = (
        ShareDataset(dataset="loops", reader="swift", lag_s=50.0),
        PublishDataset(dataset="jams"),
        TerritorialPlatform(members=("city", "swift"), transversality=1.0, pooled=1.0),
    )
    platform = platform_with(loops(), loops("jams", "swift"), orders=orders)
    assert [(each.reader, each.dataset, each.why) for each in platform.rights.log] == [
        ("swift", "loops", "shared"),
        (ANYBODY, "jams", "published"),
    ], "the platform adds nothing to what contracts and publication give"
    assert n_seen(platform, "swift", moment_s=150.0) == 0
    assert n_seen(platform, "swift", moment_s=160.0) == 1
    assert n_seen(platform, "somebody") == 0
    assert n_seen(platform, "somebody", "jams") == 3
    platform.rights.change(platform.dataset("loops"), "swift", None, "the contract ends")
    assert n_seen(platform, "swift") == 0
    assert platform.rights.log[-1].right is None


def test_personal_data_leave_for_a_purpose_and_with_consent_and_are_never_open():
    traces = loops("traces", "swift", personal=True)
    shared = ShareDataset(dataset="traces", reader="city", purpose="planning", consented=True)
    assert n_seen(platform_with(traces, orders=(shared,)), "city", "traces") == 3
    for order in (
        ShareDataset(dataset="traces", reader="city", consented=True),
        ShareDataset(dataset="traces", reader="city", purpose="planning"),
        PublishDataset(dataset="traces"),
    ):
        with pytest.raises(InputError, match="personal"):
            platform_with(traces, orders=(order,))
    pooled = TerritorialPlatform(members=("city", "swift"), transversality=1.0, pooled=1.0)
    assert n_seen(platform_with(traces, orders=(pooled,)), "city", "traces") == 0


def test_who_holds_it_reads_it_and_who_held_it_does_not():
    order = HoldDataset(dataset="loops", holder="operator", holder_kind="operator", retention_days=0.005)
    platform = platform_with(loops(), orders=(order,))
    assert (n_seen(platform, "city"), n_seen(platform, "operator", moment_s=500.0)) == (0, 2)
    assert n_seen(platform, "operator", moment_s=110.0 + 432.0) == 1, "rows are erased after their retention"
    with pytest.raises(InputError, match="nobody holds it"):
        platform_with(loops(), orders=(HoldDataset(dataset="weather"),))
    with pytest.raises(InputError, match="no such dataset"):
        platform_with(loops(), orders=(PublishDataset(dataset="weather"),))
    with pytest.raises(InputError, match="observations already"):
        platform.hold(loops())


def test_silos_and_transversality_open_more_and_more_of_the_same():
    services = [loops(name, service="roads" if k % 2 else "water") for k, name in enumerate(NAMES)]
    others = [loops(f"other {name}", "operator") for name in NAMES]

    def open_to(reader: str, share: float) -> set[str]:
        order = TerritorialPlatform(members=("city", "operator"), transversality=share, pooled=share)
        platform = platform_with(*services, *others, orders=(order,))
        return {each.name for each in platform.datasets() if n_seen(platform, reader, each.name)}

    for reader in ("city/water", "operator"):
        own = open_to(reader, 0.0)
        seen = [open_to(reader, share) - own for share in (0.3, 0.6, 1.0)]
        assert seen[0] < seen[1] < seen[2]
        assert len(seen[0]) < len(NAMES) / 2
    assert len(open_to("city/water", 1.0)) == 2 * len(NAMES)
    assert len(open_to("city/parks", 1.0)) == 2 * len(NAMES), "a service that keeps nothing reads too"
    assert open_to("city/parks", 0.0) == set()
    assert len(open_to("city/water", 0.0)) == len(NAMES) / 2, "in a silo a service reads its own alone"
    assert n_seen(platform_with(services[0]), "city", NAMES[0]) == 3, "the whole holder reads what it holds"
    share = np.mean([is_opened(f"{number}", 0.4, True) for number in range(500)])
    assert share == pytest.approx(0.4, abs=0.07)


def test_coarser_rows_come_when_their_span_is_over():
    platform = platform_with(loops(), orders=(ShareDataset(dataset="loops", reader="swift", span_s=600.0),))
    assert n_seen(platform, "swift", moment_s=599.0) == 0
    rows = platform.visible("swift", "loops", 600.0)
    assert (rows.result.tolist(), rows.phenomenon_time_s.tolist()) == ([3.0], [600.0])
    assert platform.visible("swift", "loops", 1_300.0).result.tolist() == [3.0, 9.0]


def described(kind: str, node: object) -> list[dict[str, object]]:
    """All nodes of a type in a JSON-LD document."""
    if isinstance(node, list):
        return [found for each in node for found in described(kind, each)]
    if not isinstance(node, dict):
        return []
    mine = [node] if node.get("@type") == kind else []
    return mine + [found for each in node.values() for found in described(kind, each)]


MANDATORY = {
    "dcat:Catalog": ("dct:title", "dct:description", "dct:publisher"),
    "dcat:Dataset": ("dct:title", "dct:description"),
    "dcat:Distribution": ("dcat:accessURL",),
    "foaf:Agent": ("foaf:name",),
}
"""Mandatory properties by class, DCAT-AP 3.0 (SEMIC 2024), kept here as facts."""


def test_the_catalogue_has_what_dcat_ap_demands():
    orders = (PublishDataset(dataset="loops"), ShareDataset(dataset="jams", reader="city"))
    traces = loops("traces of Alpha", "swift", personal=True)
    platform = platform_with(loops(), loops("jams", "swift"), traces, orders=orders)
    found = json.loads(json.dumps(catalogue_of(platform, "A town", "What is known", "rows.parquet")))
    for kind, properties in MANDATORY.items():
        nodes = described(kind, found)
        assert nodes, kind
        for node in nodes:
            assert all(node.get(name) for name in properties), (kind, node)
    prefixes = set(found["@context"])
    listed = {each["dct:title"]: each for each in found["dcat:dataset"]}
    used = {
        key.partition(":")[0] for each in described("dcat:Dataset", found) for key in each if key[0] != "@"
    }
    assert used <= prefixes
    assert [name for name, each in listed.items() if "dcat:distribution" in each] == ["loops"]
    access = {name: each["dct:accessRights"]["@id"].rsplit("/", 1)[1] for name, each in listed.items()}
    assert access == {"loops": "PUBLIC", "jams": "RESTRICTED", "traces of Alpha": "NON_PUBLIC"}
    assert listed["loops"]["dcat:distribution"][0]["dct:license"]["@id"].startswith("https://")
    assert personal_in(found) == {"traces of Alpha"}
    assert PERSONAL in listed["traces of Alpha"]["dcat:keyword"]
    ids = [each["@id"] for each in found["dcat:dataset"]]
    assert len(set(ids)) == len(ids)
    assert " " not in "".join(ids)


def test_third_parties_come_for_open_fresh_and_described_data():
    def rate(*orders: Modification) -> float:
        return arrival_rate(platform_with(loops(), loops("jams", "swift"), orders=orders), LEDGER)

    loose = PublishDataset(dataset="loops")
    assert rate() == 0.0
    assert rate(loose) < rate(loose, PublishDataset(dataset="jams"))
    assert rate(PublishDataset(dataset="loops", lag_s=86_400.0)) == pytest.approx(rate(loose) / 2, rel=0.01)
    assert rate(PublishDataset(dataset="loops", documented=False)) == pytest.approx(0.2 * rate(loose))
    counts = arrivals(0.5, 4_000, seed=3)
    assert counts.mean() == pytest.approx(0.5, abs=0.05)
    assert counts.var() == pytest.approx(0.5, abs=0.08), "as a Poisson process"
    assert arrivals(0.2, 12, seed=3).tolist() == arrivals(0.2, 12, seed=3).tolist()
