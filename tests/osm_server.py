"""A loopback server that speaks as Nominatim and Overpass do, about the content of one OSM XML file."""

from __future__ import annotations

import bz2
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

Answer = tuple[int, str, bytes]  # status, content type, body


def overpass_json(file: Path) -> dict[str, Any]:
    """An OSM XML file as Overpass answers it in JSON."""
    packed = file.read_bytes()
    root = ET.fromstring(bz2.decompress(packed) if file.suffix == ".bz2" else packed)
    elements = []
    for item in root:
        if item.tag not in ("node", "way", "relation"):
            continue
        element: dict[str, Any] = {"type": item.tag, "id": int(item.attrib["id"])}
        if item.tag == "node":
            element |= {"lat": float(item.attrib["lat"]), "lon": float(item.attrib["lon"])}
        elif item.tag == "way":
            element["nodes"] = [int(nd.attrib["ref"]) for nd in item.iter("nd")]
        else:
            names = {"n": "node", "w": "way", "r": "relation"}
            element["members"] = [
                {"type": names[m.attrib["type"][0]], "ref": int(m.attrib["ref"]), "role": m.attrib["role"]}
                for m in item.iter("member")
            ]
        tags = {tag.attrib["k"]: tag.attrib["v"] for tag in item.iter("tag")}
        elements.append(element | ({"tags": tags} if tags else {}))
    return {"version": 0.6, "osm3s": {"timestamp_osm_base": "2016-03-04T20:55:02Z"}, "elements": elements}


def place_json(
    box: tuple[float, float, float, float], name: str, outline: bool = True
) -> list[dict[str, Any]]:
    """What Nominatim finds: one place with an outline, or a point."""
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    point = {"type": "Point", "coordinates": [(west + east) / 2, (south + north) / 2]}
    return [
        {
            "place_id": 1,
            "osm_type": "relation",
            "osm_id": 174958,
            "lat": str((south + north) / 2),
            "lon": str((west + east) / 2),
            "class": "boundary",
            "type": "administrative",
            "importance": 0.4,
            "display_name": name,
            "boundingbox": [str(south), str(north), str(west), str(east)],
            "geojson": {"type": "Polygon", "coordinates": [ring]} if outline else point,
        }
    ]


@dataclass
class OsmServer:
    """Answers by page; what was asked is kept."""

    search: Answer
    interpreter: Answer
    status: Answer = (
        200,
        "text/plain",
        b"Connected as: 1\nCurrent time\nRate limit: 2\n\n2 slots available now.\n",
    )
    asked: list[tuple[str, dict[str, list[str]], str]] = field(default_factory=list)
    port: int = 0

    def pages(self) -> list[str]:
        """Pages in the order in which they were asked for."""
        return [page for page, *_ in self.asked]


def as_json(value: Any) -> Answer:
    return 200, "application/json", json.dumps(value).encode()


@contextmanager
def serving(server: OsmServer) -> Iterator[OsmServer]:
    """The server at work on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._answer(parts.path, parse_qs(parts.query))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(urlsplit(self.path).path, parse_qs(body))

        def _answer(self, page: str, words: dict[str, list[str]]) -> None:
            server.asked.append((page, words, self.headers["User-Agent"]))
            known = {
                "/search": server.search,
                "/api/interpreter": server.interpreter,
                "/api/status": server.status,
            }
            status, kind, body = known.get(page, (404, "text/plain", b"no such page"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
