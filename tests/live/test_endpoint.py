"""The endpoint read as any client reads it: by addresses, options and next links, and by a client library."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.live.messages import message
from tests.live.worlds import N_INTERVALS, N_LINKS, hand_made_run, hand_made_territory
from tests.writers.schemas import validator

pytest.importorskip("uvicorn")
pytest.importorskip("lark")
from twin.live.endpoint import reading_app, served_entities_of, world_of_run
from twin.live.entities import RELATIONS
from twin.live.queries import Answers
from twin.live.segments import Frame
from twin.live.store import ObservationStore
from twin.readers.sensorthings import read_lines

N = N_LINKS * N_INTERVALS


@pytest.fixture(scope="module")
def root() -> Iterator[str]:
    """A server on this machine, with the run by hand in it."""
    import uvicorn

    territory = hand_made_territory()
    app = reading_app(world_of_run(hand_made_run(territory), territory))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1.1"
    server.should_exit = True
    thread.join(10)


def get(address: str):
    head, mark, options = address.partition("?")
    with urllib.request.urlopen(head + mark + quote(options, safe="$=&,/();'%+")) as answer:
        return json.loads(answer.read())


def test_every_set_is_named_and_its_entities_are_the_standards(root):
    start = get(root)
    assert {each["name"] for each in start["value"]} == set(RELATIONS)
    assert any("datamodel" in each for each in start["serverSettings"]["conformance"])
    for each in start["value"]:
        page = get(each["url"] + "?$count=true")
        for entity in page["value"]:
            validator(each["name"], read=True).validate(entity)
            for key, link in entity.items():
                if key.endswith("@iot.navigationLink"):
                    assert get(link) is not None
    counts = {each["name"]: get(f"{each['url']}?$count=true&$top=0")["@iot.count"] for each in start["value"]}
    assert counts["Datastreams"] == counts["Things"] == N_LINKS
    assert counts["Observations"] == N


def test_personal_datasets_are_not_there(root):
    assert get(f"{root}/Observations?$filter=result eq 41.5&$count=true")["@iot.count"] == 0
    assert [each["name"] for each in get(f"{root}/Sensors")["value"]] == ["loops"]


@pytest.mark.parametrize("name", ["Things", "Locations", "Datastreams", "FeaturesOfInterest"])
def test_what_shows_the_map_tells_whose_it_is(root, name):
    """As the territory has it: the maps of `networks/` are OpenStreetMap's, this one is drawn by nobody."""
    for entity in get(f"{root}/{name}")["value"]:
        assert entity["properties"]["attribution"] == "nobody"
        assert entity["properties"]["license"] == "ODbL-1.0"
    found = get(f"{root}/{name}?$filter=properties/license eq 'ODbL-1.0'&$count=true&$top=0")
    assert found["@iot.count"] == N_LINKS


def test_pages_lead_to_the_end_and_none_comes_twice(root):
    seen, address = [], f"{root}/Observations?$top=7&$orderby=result desc,id&$count=true"
    while address:
        page = get(address)
        assert page["@iot.count"] == N
        assert len(page["value"]) <= 7
        seen += [(each["result"], each["@iot.id"]) for each in page["value"]]
        address = page.get("@iot.nextLink")
    assert len(set(seen)) == N
    assert seen == sorted(seen, key=lambda each: (-each[0], each[1]))


def test_filters_orders_and_selections(root):
    page = get(
        f"{root}/Observations?$filter=result ge 20 and phenomenonTime gt 2027-01-12T08:00:00Z"
        "&$select=result,phenomenonTime&$orderby=result"
    )
    assert [each["result"] for each in page["value"]] == [20, 20, 21]
    assert set(page["value"][0]) == {"result", "phenomenonTime"}
    by_name = get(
        f"{root}/Datastreams?$filter=startswith(name,'loops') and Sensor/name eq 'loops'&$top=2&$skip=1"
    )
    assert [each["@iot.id"] for each in by_name["value"]] == [2, 3]
    stream = get(f"{root}/Observations?$filter=Datastream/id eq 2&$count=true&$top=1")
    assert stream["@iot.count"] == N_INTERVALS


def test_related_entities_are_expanded_and_walked_to(root):
    thing = get(
        f"{root}/Things(1)?$expand=Locations,Datastreams($select=name;$expand=ObservedProperty,"
        "Observations($top=2;$orderby=phenomenonTime desc;$count=true))"
    )
    (stream,) = thing["Datastreams"]
    assert stream["ObservedProperty"]["name"] == "vehicles counted"
    assert stream["Observations@iot.count"] == N_INTERVALS
    assert len(stream["Observations"]) == 2
    assert stream["Observations"][0]["phenomenonTime"] > stream["Observations"][1]["phenomenonTime"]
    following = get(stream["Observations@iot.nextLink"])
    assert len(following["value"]) == 2
    assert thing["Locations"][0]["location"]["type"] == "Point"
    assert get(f"{root}/Datastreams(2)/Thing")["@iot.id"] == 2
    assert get(f"{root}/Observations(5)/Datastream/Thing/Locations")["value"][0]["@iot.id"] == 2
    assert get(f"{root}/Datastreams(2)/Observations?$count=true")["@iot.count"] == N_INTERVALS
    assert len(get(f"{root}/Sensors(1)/Datastreams/$ref")["value"]) == N_LINKS
    assert get(f"{root}/Things(1)/name")["name"] == thing["name"]
    with urllib.request.urlopen(f"{root}/Things(1)/name/$value") as answer:
        assert answer.read().decode() == thing["name"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("Things(99)", 404),
        ("Things('x')", 404),
        ("Nothings", 404),
        ("Things(1)/wheels", 404),
        ("Observations(0)", 404),
        ("Things?$filter=wheels eq 4", 400),
        ("Things?$filter=name eq", 400),
        ("Things?$expand=Wheels", 400),
        ("Things?$select=wheels", 400),
        ("Observations?$orderby=wheels", 400),
        ("Things?$top=many", 400),
    ],
)
def test_what_is_not_there_or_not_right_is_told(root, address, code):
    with pytest.raises(urllib.error.HTTPError) as told:
        get(f"{root}/{address}")
    assert told.value.code == code
    assert json.loads(told.value.read())["message"]


def test_nothing_can_be_written(root):
    asked = urllib.request.Request(f"{root}/Things", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.urlopen(asked)
    assert told.value.code == 405
    told.value.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what the library imports
def test_a_client_library_of_the_standard_reads_it(root):
    fsc = pytest.importorskip("frost_sta_client")
    service = fsc.SensorThingsService(root)
    streams = service.datastreams().query().filter("Sensor/name eq 'loops'").orderby("id", "ASC").list()
    assert [stream.id for stream in streams] == [1, 2, 3]
    assert streams.entities[0].unit_of_measurement.symbol == "veh"
    found = (
        service.datastreams()
        .find(2)
        .get_observations()
        .query()
        .top(8)
        .orderby("phenomenonTime", "ASC")
        .list()
    )
    assert [each.result for each in found] == [1 + k for k in range(N_INTERVALS)]
    things = service.things().query().expand("Locations").list()
    assert things.entities[0].locations.entities[0].location["type"] == "Point"


def test_what_came_in_is_read_as_well(tmp_path):
    with ObservationStore(tmp_path) as store:
        store.append(read_lines([message(k, at_s=60.0 * k, error_s=300.0, result=k) for k in range(5)]))
    world = served_entities_of(tmp_path)
    page = Answers(world, "http://x/v1.1").answer(
        "Observations", {"$filter": "result gt 2", "$orderby": "id desc"}
    )
    assert [each["result"] for each in page["value"]] == [4.0, 3.0]
    assert page["value"][0]["phenomenonTime"] == "2027-01-12T08:04:00Z"
    assert Answers(world, "").answer("Observations(2)/Datastream", {})["name"] == "loops/7"
    world.source.store.close()


def test_a_page_reads_no_more_commits_than_it_needs(tmp_path, monkeypatch):
    """Of twenty commits on disk, a page of five rows reads three, and one observation reads one."""
    with ObservationStore(tmp_path) as store:
        for k in range(0, 40, 2):
            store.append(read_lines([message(k), message(k + 1)]))
    world = served_entities_of(tmp_path)
    answers, read, rows = Answers(world, ""), [], Frame.rows
    monkeypatch.setattr(Frame, "rows", lambda frame: (read.append(frame), rows(frame))[1])
    page = answers.answer("Observations", {"$top": "5"})
    assert [each["@iot.id"] for each in page["value"]] == [1, 2, 3, 4, 5]
    assert "@iot.nextLink" in page
    assert len(read) == 3
    read.clear()
    assert answers.answer("Observations(39)", {})["@iot.id"] == 39
    assert len(read) == 1
