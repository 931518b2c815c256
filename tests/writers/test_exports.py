"""What is exported: valid by the standards, complete, without anybody's own data, and read back as it was."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from tests.live.worlds import N_INTERVALS, N_LINKS, hand_made_run, hand_made_territory
from tests.writers.schemas import NGSI_LD, validator
from twin.errors import InputError
from twin.study.things import SETS
from twin.writers.ngsi_ld import CORE, TERMS, write_ngsi_ld
from twin.writers.sensorthings import write_sensorthings

N = N_LINKS * N_INTERVALS
OSM = "© OpenStreetMap contributors", "ODbL-1.0"
MAP = {"attribution": OSM[0], "licence": OSM[1]}


@pytest.fixture(scope="module")
def run():
    territory = hand_made_territory()
    return hand_made_run(territory), territory


def test_sensorthings_files_are_valid_and_their_references_lead_somewhere(run, tmp_path):
    counts = write_sensorthings(*run, tmp_path)
    assert counts["Observations"] == N
    ids = {}
    for name in SETS:
        entities = json.loads((tmp_path / f"{name}.json").read_text())
        assert len(entities) == counts[name]
        for entity in entities:
            validator(name).validate(entity)
        ids[name] = {entity["@iot.id"] for entity in entities}
        assert len(ids[name]) == len(entities)
    streams = json.loads((tmp_path / "Datastreams.json").read_text())
    for stream in streams:
        assert stream["Thing"]["@iot.id"] in ids["Things"]
        assert stream["Sensor"]["@iot.id"] in ids["Sensors"]
        assert stream["ObservedProperty"]["@iot.id"] in ids["ObservedProperties"]
    lines = [json.loads(line) for line in (tmp_path / "Observations.jsonl").read_text().splitlines()]
    for line in lines:
        validator("Observations").validate(line)
        assert line["FeatureOfInterest"]["@iot.id"] in ids["FeaturesOfInterest"]
    assert Counter(line["Datastream"]["@iot.id"] for line in lines) == dict.fromkeys(
        ids["Datastreams"], N_INTERVALS
    )
    assert lines[0]["phenomenonTime"] == "2027-01-12T07:05:00Z"  # 08:05 in winter on the Riviera


@pytest.fixture(scope="module")
def mapped():
    """The same run on streets from OpenStreetMap."""
    drawn = hand_made_territory()
    territory = replace(drawn, meta={**drawn.meta, **MAP})
    return hand_made_run(territory), territory


def test_whatever_shows_the_map_keeps_its_attribution(mapped, tmp_path):
    """Each entity by itself: who takes one out of a file has the line too."""
    write_sensorthings(*mapped, tmp_path)
    for name in SETS:
        for entity in json.loads((tmp_path / f"{name}.json").read_text()):
            told = entity.get("properties", {})
            of_map = name not in ("Sensors", "ObservedProperties")
            assert (told.get("attribution"), told.get("license")) == (OSM if of_map else (None, None))
            validator(name).validate(entity)
    write_ngsi_ld(*mapped, tmp_path)
    for line in (tmp_path / "entities.jsonl").read_text().splitlines():
        entity = json.loads(line)
        assert (entity["attribution"]["value"], entity["license"]["value"]) == OSM
        assert {"attribution", "license"} <= set(entity["@context"][0])
        NGSI_LD.validate(entity)


def test_a_territory_of_nobody_names_nobody(run, tmp_path):
    result, territory = run
    bare = replace(territory, meta={})
    write_sensorthings(result, bare, tmp_path)
    write_ngsi_ld(result, bare, tmp_path)
    for file in tmp_path.iterdir():
        assert '"attribution": ' not in file.read_text().replace('"attribution": "urn:twin:attribution"', "")


def test_the_schemas_bite(run, tmp_path):
    """A file with a mandatory property gone, or one too many, is found."""
    write_sensorthings(*run, tmp_path)
    for name in SETS:
        entity = json.loads((tmp_path / f"{name}.json").read_text())[0]
        for key in set(entity) - {"@iot.id", "properties"}:
            assert not validator(name).is_valid({k: v for k, v in entity.items() if k != key}), (name, key)
        assert not validator(name).is_valid({**entity, "wheels": 4})


def test_ngsi_ld_entities_are_valid_and_every_word_is_in_the_context(run, tmp_path):
    assert write_ngsi_ld(*run, tmp_path) == {"entities": N}
    told = [json.loads(line) for line in (tmp_path / "entities.jsonl").read_text().splitlines()]
    core = {"id", "type", "location", "@context"}
    for entity in told:
        NGSI_LD.validate(entity)
        assert set(entity) - core <= set(TERMS)
        assert entity["type"] in TERMS
        assert entity["@context"][-1] == CORE
    assert len({entity["id"] for entity in told}) == N
    assert sum(entity["intensity"]["value"] for entity in told) == sum(
        link + k for link in range(N_LINKS) for k in range(N_INTERVALS)
    )
    assert not NGSI_LD.is_valid({**told[0], "intensity": 3})
    assert not NGSI_LD.is_valid({**told[0], "id": "loop 7"})


def test_personal_datasets_are_never_written(run, tmp_path):
    write_sensorthings(*run, tmp_path / "a")
    write_ngsi_ld(*run, tmp_path / "b")
    for file in tmp_path.rglob("*.json*"):
        assert "phones" not in file.read_text()
        assert "41.5" not in file.read_text()


def test_what_is_written_comes_in_again_as_it_was(run, tmp_path):
    pytest.importorskip("orjson")
    from twin.live.aggregates import events_of
    from twin.live.ingest import ingest
    from twin.live.store import ObservationStore

    write_sensorthings(*run, tmp_path / "out")
    file = str(tmp_path / "out" / "Observations.jsonl")
    told = ingest(file, tmp_path / "in")
    assert (told["accepted"], told["duplicate"], told["refused"]) == (N, 0, 0)
    with ObservationStore(tmp_path / "in") as store:
        assert events_of(store).result.sum() == sum(
            link + k for link in range(N_LINKS) for k in range(N_INTERVALS)
        )


def test_a_zone_that_is_none_is_told(run, tmp_path):
    with pytest.raises(InputError, match="Europe/Paris"):
        write_sensorthings(*run, tmp_path, zone="Riviera/Somewhere")
