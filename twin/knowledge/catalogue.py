"""The catalogue of a data platform as DCAT-AP 3.0.1 (SEMIC 2024) in JSON-LD 1.1.

Every dataset is listed with its holder and its terms, so that it is known what there is; only what is open
has a distribution. Words of European authority tables: access right, frequency.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from twin.clock import DAY_S
from twin.knowledge.datasets import Dataset
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import ANYBODY
from twin.units import S_PER_H, S_PER_MIN

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
AUTHORITY = "http://publications.europa.eu/resource/authority"
PUBLIC, RESTRICTED, NON_PUBLIC = "PUBLIC", "RESTRICTED", "NON_PUBLIC"
LICENCES = {
    "Licence Ouverte 2.0": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
    "ODbL 1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "open": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
}
"""Where a licence stands in words; "open" without more is what French administrations publish under."""
FREQUENCIES = ((S_PER_MIN, "CONT"), (S_PER_H, "HOURLY"), (DAY_S, "DAILY"), (math.inf, "IRREG"))
"""How often at least rows come [s], by the authority's word."""
PERSONAL = "personal data"
FORMAT = f"{AUTHORITY}/file-type/PARQUET"


def catalogue_of(platform: DataPlatform, title: str, about: str, file: str) -> dict[str, Any]:
    """The catalogue as a JSON-LD document; open rows lie in ``file``, beside it.

    >>> platform = DataPlatform()
    >>> platform.add(Dataset.of_links("loops", "city", "vehicles counted", "veh", cadence_s=300))
    >>> found = catalogue_of(platform, "A town", "What is known of a town", "observations.parquet")
    >>> found["dcat:dataset"][0]["dct:title"], "dcat:distribution" in found["dcat:dataset"][0]
    ('loops', False)
    """
    return {
        "@context": CONTEXT,
        "@id": "catalogue.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": title,
        "dct:description": about,
        "dct:publisher": _agent("city"),
        "dcat:dataset": [_described(platform, each, file) for each in platform.datasets()],
    }


def personal_in(catalogue: Mapping[str, Any]) -> set[str]:
    """Names of the datasets of a catalogue that hold personal data."""
    listed = catalogue.get("dcat:dataset", [])
    return {each["dct:identifier"] for each in listed if PERSONAL in each["dcat:keyword"]}


def access_rights(platform: DataPlatform, dataset: Dataset) -> str:
    """Who may read a dataset: anybody, some others, or its holder alone."""
    all_readers = [reader for reader, name, _ in platform.rights.table() if name == dataset.name]
    readers = [each for each in all_readers if each.partition("/")[0] != dataset.owner]
    if ANYBODY in readers:
        return PUBLIC
    return RESTRICTED if readers else NON_PUBLIC


def _described(platform: DataPlatform, dataset: Dataset, file: str) -> dict[str, Any]:
    access = access_rights(platform, dataset)
    result = dataset.columns[-1]
    personal = PERSONAL if dataset.personal else ""
    words = f"{result.meaning} [{result.unit}], observed of each {dataset.feature}"
    found: dict[str, Any] = {
        "@id": f"#{quote(dataset.name)}",
        "@type": "dcat:Dataset",
        "dct:title": dataset.name,
        "dct:description": words
        if dataset.documented
        else f"{result.meaning}; its columns are not described",
        "dct:identifier": dataset.name,
        "dct:publisher": _agent(dataset.owner),
        "dct:accessRights": {"@id": f"{AUTHORITY}/access-right/{access}"},
        "dct:accrualPeriodicity": {"@id": f"{AUTHORITY}/frequency/{_frequency(dataset.cadence_s)}"},
        "dcat:keyword": sorted(filter(None, (dataset.feature, dataset.service, dataset.purpose, personal))),
    }
    if dataset.cadence_s > 0.0:
        found["dcat:temporalResolution"] = _duration(dataset.cadence_s)
    if access == PUBLIC:
        found["dcat:distribution"] = [_distribution(dataset, file)]
    return found


def _distribution(dataset: Dataset, file: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "dcat:Distribution",
        "dct:title": f"Rows of {dataset.name}",
        "dcat:accessURL": {"@id": f"{file}#{quote(dataset.name)}"},
        "dct:format": {"@id": FORMAT},
    }
    if dataset.licence in LICENCES:
        found["dct:license"] = {"@id": LICENCES[dataset.licence]}
    return found


def _agent(name: str) -> Mapping[str, Any]:
    return {"@id": f"#holder-{quote(name)}", "@type": "foaf:Agent", "foaf:name": name}


def _frequency(cadence_s: float) -> str:
    if cadence_s <= 0.0:
        return "IRREG"
    return next(word for limit_s, word in FREQUENCIES if cadence_s <= limit_s)


def _duration(seconds: float) -> dict[str, str]:
    return {"@type": "xsd:duration", "@value": f"PT{seconds:g}S"}
