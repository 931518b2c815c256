"""Places by name and by box from servers: the same territory as from a file, one line for each trouble."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from tests.conftest import ROOT
from tests.osm_server import OsmServer, as_json, overpass_json, place_json, serving
from twin.cli.main import run_command
from twin.errors import InputError, WorkError
from twin.territory.territory import Territory

CENTRE = ROOT / "tests" / "data" / "la_turbie_centre.osm.bz2"
BOX = (7.3965, 43.7425, 7.4045, 43.748)
BOX_WORDS = ",".join(map(str, BOX))
NAME = "La Turbie, Alpes-Maritimes, France"
PLACE = "La Turbie, France"
HTML = (200, "text/html; charset=utf-8", b"<!DOCTYPE html><html><body>Welcome to the hotel</body></html>")
WHOLE = json.dumps({"elements": [{"type": "node", "id": 1, "lat": 43.7, "lon": 7.4}]}).encode()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server that knows La Turbie, named by the environment; the cache is this test's own."""
    known = OsmServer(as_json(place_json(BOX, NAME)), as_json(overpass_json(CENTRE)))
    with serving(known):
        monkeypatch.setenv("TWIN_NOMINATIM_URL", f"http://127.0.0.1:{known.port}")
        monkeypatch.setenv("TWIN_OVERPASS_URL", f"http://127.0.0.1:{known.port}/api")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(proxy, raising=False)
        yield known


@pytest.fixture(scope="module")
def from_file() -> Territory:
    return Territory.from_osm(CENTRE, bbox=BOX)


def test_a_place_is_the_same_territory_as_its_file(server, tmp_path, capfd, from_file):
    assert run_command(["fetch", PLACE, "--out", str(tmp_path / "out"), "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert report["digest"] == from_file.digest
    assert report["peak_memory_mb"] > 50
    built = Territory.load(tmp_path / "out")
    assert built.digest == from_file.digest
    assert built.meta["repairs"] == from_file.meta["repairs"]
    assert (built.meta["place"], built.meta["date"]) == (NAME, "2016-03-04")
    assert built.meta["bbox"] == list(BOX)
    assert built.meta["source"] == "OpenStreetMap extract by Overpass at 127.0.0.1"
    assert "OpenStreetMap contributors" in built.meta["attribution"]


def test_servers_are_asked_once_by_name(server, from_file):
    first = Territory.from_place(PLACE)
    assert first.name == "la_turbie"
    assert server.pages() == ["/search", "/api/interpreter"]  # its own machine is not asked for leave
    assert server.asked[0][1]["q"] == [PLACE]
    question = server.asked[1][1]["data"][0]
    for key in (
        "highway",
        "building",
        "amenity",
        "shop",
        "office",
        "power",
        "pipeline",
        "telecom",
        "admin_level",
    ):
        assert f"['{key}'" in question, key
    assert all("twin/" in agent for *_, agent in server.asked)
    assert Territory.from_place(PLACE).digest == first.digest == from_file.digest
    assert len(server.asked) == 2  # the second time the cache answered


def test_a_box_needs_no_name(server, tmp_path, capfd, from_file):
    assert run_command(["fetch", "--bbox", BOX_WORDS, "--out", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["digest"] == from_file.digest
    assert server.pages() == ["/api/interpreter"]


def test_a_box_may_narrow_a_place_but_must_meet_it(server):
    part = (7.398, 43.743, 7.403, 43.7475)
    assert Territory.from_place(PLACE, bbox=part).digest == Territory.from_osm(CENTRE, bbox=part).digest
    with pytest.raises(InputError, match="lies beside La Turbie"):
        Territory.from_place(PLACE, bbox=(8.0, 44.0, 8.01, 44.01))


def test_a_place_without_outline_is_found_too(server, from_file):
    server.search = as_json(place_json(BOX, NAME, outline=False))
    assert Territory.from_place("Monte-Carlo").digest == from_file.digest


def test_settings_of_osmnx_stay_as_they_were(server):
    import osmnx

    before = {name: repr(getattr(osmnx.settings, name)) for name in dir(osmnx.settings)}
    resolve = socket.getaddrinfo
    Territory.from_place(PLACE)
    assert {name: repr(getattr(osmnx.settings, name)) for name in dir(osmnx.settings)} == before
    assert socket.getaddrinfo is resolve


def only(element: str) -> tuple[int, str, bytes]:
    """A map of one element."""
    return 200, "application/json", f'{{"elements": [{element}]}}'.encode()


TROUBLES = {
    "unknown place": ("search", as_json([]), 2, "is not known to OpenStreetMap"),
    "a page of the hotel": ("search", HTML, 1, "text/html that are no JSON"),
    "another protocol": ("search", as_json({"error": "no"}), 1, "cannot be read"),
    "half a place": ("search", as_json([{"display_name": NAME}]), 1, "cannot be read"),
    "a place nowhere": ("search", as_json(place_json((7.0, 43.0, 7.0, 43.0), NAME)), 1, "a box that is none"),
    "a continent": ("search", as_json(place_json((-10.0, 35.0, 30.0, 60.0), NAME)), 2, "km2"),
    "patience": ("interpreter", (429, "text/html", b"<html/>"), 1, "asks for patience (429"),
    "busy": ("interpreter", (504, "text/html", b"<html/>"), 1, "is too busy (504"),
    "an error": ("interpreter", (500, "text/plain", b"oops"), 1, "refuses (500"),
    "a page": ("interpreter", HTML, 1, "text/html that are no JSON"),
    "cut off": ("interpreter", (200, "application/json", WHOLE[:-9]), 1, "that are no JSON"),
    "out of time": (
        "interpreter", as_json({"elements": [], "remark": "runtime error: Query timed out"}), 1, "timed out",
    ),
    "nothing there": ("interpreter", as_json({"elements": []}), 2, "has nothing there"),
    "no elements": ("interpreter", as_json({"version": 0.6}), 1, "cannot be read"),
    "a list": ("interpreter", as_json([1, 2]), 1, "cannot be read"),
    "no streets": ("interpreter", (200, "application/json", WHOLE), 2, "no drivable streets"),
    "no place": ("interpreter", only('{"type": "node", "id": 1}'), 1, "cannot be read"),
    "beyond the poles": (
        "interpreter", only('{"type": "node", "id": 1, "lat": 99, "lon": 7}'), 1, "out of range",
    ),
    "not finite": ("interpreter", only('{"type": "node", "id": 1, "lat": NaN, "lon": 7}'), 1, "finite"),
    "ids of texts": ("interpreter", only('{"type": "way", "id": "1", "nodes": []}'), 1, "no 64-bit id"),
}  # fmt: skip


@pytest.mark.parametrize("case", TROUBLES)
def test_every_trouble_is_one_line(server, tmp_path, capfd, case):
    page, answer, code, line = TROUBLES[case]
    setattr(server, page, answer)
    out = tmp_path / "out"
    words = [PLACE] if page == "search" else ["--bbox", BOX_WORDS]
    assert run_command(["fetch", *words, "--out", str(out), "--quiet"]) == code
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert line in said.err
    assert "file" in said.err or code == 2
    assert not out.exists()


def test_trouble_is_not_kept(server, from_file):
    whole, server.interpreter = server.interpreter, TROUBLES["no place"][1]
    with pytest.raises(WorkError):
        Territory.from_place(bbox=BOX)
    server.interpreter = whole
    assert Territory.from_place(bbox=BOX).digest == from_file.digest


def test_a_damaged_answer_of_the_cache_is_thrown_away(server, tmp_path, from_file):
    Territory.from_place(bbox=BOX)
    for file in (tmp_path / "cache" / "twin" / "osm" / "overpass").rglob("*.json"):
        file.write_text(file.read_text()[:1000])
    with pytest.raises(WorkError, match="try again"):
        Territory.from_place(bbox=BOX)
    assert Territory.from_place(bbox=BOX).digest == from_file.digest


@pytest.mark.parametrize("words", [[PLACE], ["--bbox", BOX_WORDS]])
def test_without_a_server_the_answer_comes_within_five_seconds(tmp_path, monkeypatch, capfd, words):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for variable in ("TWIN_NOMINATIM_URL", "TWIN_OVERPASS_URL"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{port}/")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    begun = time.monotonic()
    assert run_command(["fetch", *words, "--out", str(tmp_path / "out")]) == 1
    assert time.monotonic() - begun < 5.0
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "cannot be reached" in said
    assert "a local file needs no network: twin fetch town.osm.pbf --out DIR" in said
    assert not (tmp_path / "out").exists()


def test_a_name_that_never_resolves_is_left_behind(monkeypatch, tmp_path):
    """A resolver that hangs, as some do without network, holds nobody up."""
    from twin.readers import osm_reach

    hold = threading.Event()
    monkeypatch.setattr(osm_reach, "WAIT_S", 0.05)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: (hold.wait(20), socket.socket())[1])
    with pytest.raises(WorkError, match="no answer within"):
        osm_reach.reach("http://nowhere.invalid/", WorkError)
    hold.set()


@pytest.mark.parametrize("address", ["nominatim.example.org", "ftp://here", "http://"])
def test_an_address_that_is_none_is_refused(tmp_path, monkeypatch, address):
    monkeypatch.setenv("TWIN_NOMINATIM_URL", address)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(InputError, match="TWIN_NOMINATIM_URL"):
        Territory.from_place(PLACE)


@pytest.mark.parametrize("place", ["", " ", "x" * 300, "La\nTurbie", "\0"])
def test_a_name_that_is_none_is_refused(place):
    with pytest.raises(InputError, match="place"):
        Territory.from_place(place)


def test_one_must_say_what_to_fetch(tmp_path, capfd):
    assert run_command(["fetch", "--out", str(tmp_path / "out")]) == 2
    assert "a place, a file, a folder, or --bbox W,S,E,N" in capfd.readouterr().err
