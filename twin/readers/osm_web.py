"""The door to OpenStreetMap's servers: a place to its box (Nominatim), a box to its map (Overpass), by OSMnx.

Servers are asked politely: one question for one map, answers kept in the user's cache, OSMnx's own
pauses before public servers, a name to be reached by. They are looked for first, so that a machine
without network says so within seconds; whatever else goes wrong is one line too. Other servers than
the public ones are named by TWIN_NOMINATIM_URL and TWIN_OVERPASS_URL.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from twin.errors import InputError, WorkError
from twin.readers.osm_answers import AnswerFolder, gather_records, kept_answers
from twin.readers.osm_reach import host_of, is_loopback, reach
from twin.readers.osm_records import AREA_LEVELS, RESTRICTION, WAY_KEYS, Box, OsmExtract
from twin.units import M_PER_DEGREE, M_PER_KM
from twin.version import VERSION

USER_AGENT = f"twin/{VERSION} (agent-based digital twin of a town; through OSMnx)"
NOMINATIM = ("Nominatim", "TWIN_NOMINATIM_URL", "https://nominatim.openstreetmap.org")
OVERPASS = ("Overpass", "TWIN_OVERPASS_URL", "https://overpass-api.de/api")
ASKED_FOR = {
    **dict.fromkeys(WAY_KEYS, True), "admin_level": list(AREA_LEVELS), "type": [RESTRICTION],
}  # fmt: skip
MOST_KM2 = 2500.0  # a box that servers are asked for; OSMnx would ask in several parts beyond
BUSY = {429: "asks for patience", 504: "is too busy"}
LOCAL = "a local file needs no network: twin fetch town.osm.pbf --out DIR"


@dataclass(frozen=True)
class Server:
    """A server by what it is, and its address."""

    kind: str
    url: str

    def fail(self, what: str) -> WorkError:
        """What went wrong there, in one line."""
        return WorkError(f"{self.kind} at {host_of(self.url)} {what}; {LOCAL}")


def server(kind: str, variable: str, public: str) -> Server:
    """The server that the environment names, else the public one."""
    url = os.environ.get(variable, "").strip() or public
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(variable, f"{url!r} is no address", f"one such as {public}")
    for page in ("/", "/interpreter", "/search", "/"):
        url = url.removesuffix(page)
    return Server(kind, url)


def find_place(place: str) -> tuple[Box, str]:
    """Box of a place (west, south, east, north) and its full name."""
    asked = server(*NOMINATIM)
    answers = kept_answers("nominatim", asked.url, place)
    if not answers.complete:
        reach(asked.url, asked.fail)
        with _osmnx(asked, answers) as osmnx:
            try:
                found = osmnx.geocode_to_gdf(place)
            except TypeError:  # it has no outline: what is most important by that name
                found = osmnx.geocode_to_gdf(place, which_result=1)
            except ValueError as error:
                if "returned 0 results" not in str(error):
                    raise
                right = "a place such as 'La Turbie, France', a file, or --bbox"
                raise InputError(f"place {place!r}", "is not known to OpenStreetMap", right) from None
            row = found.iloc[0]
            box = tuple(float(row[f"bbox_{side}"]) for side in ("west", "south", "east", "north"))
            answers.finish({"box": box, "name": str(row.get("display_name", place))})
    note = answers.note()
    west, south, east, north = (float(each) for each in note["box"])
    box = (west, south, east, north)
    if not all(map(math.isfinite, box)) or not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise asked.fail(f"answers with a box that is none: {list(box)}")
    return box, str(note["name"])


def download(box: Box, where: str) -> OsmExtract:
    """The map of a box: all that a local extract is read for; `where` names the box in errors."""
    check_size(box, where)
    asked = server(*OVERPASS)
    answers = kept_answers("overpass", asked.url, json.dumps([box, ASKED_FOR]))
    if not answers.complete:
        reach(asked.url, asked.fail)
        with _osmnx(asked, answers) as osmnx:
            osmnx.settings.cache_only_mode = True
            try:
                osmnx.features_from_bbox(box, ASKED_FOR)
            except InterruptedError:  # the answer is in the cache, which is all that is wanted
                answers.finish({})
    return gather_records(answers, box, where, host_of(asked.url), asked.fail)


def check_size(box: Box, where: str) -> None:
    """Refuse a box that no public server should be asked for at once."""
    west, south, east, north = box
    across = math.cos(math.radians((south + north) / 2.0))
    km2 = (east - west) * across * (north - south) * (M_PER_DEGREE / M_PER_KM) ** 2
    if km2 > MOST_KM2:
        raise InputError(
            where, f"covers {km2:,.0f} km2", f"up to {MOST_KM2:,.0f} km2: a town, a --bbox, or a file"
        )


@contextmanager
def _osmnx(asked: Server, answers: AnswerFolder) -> Iterator[Any]:
    """OSMnx set to one server and one cache folder, all as before afterwards; its errors in one line."""
    import socket

    import osmnx

    resolve = socket.getaddrinfo  # OSMnx replaces it to stay with one of several servers
    names = (
        "cache_folder", "cache_only_mode", "doh_url_template", "http_referer", "http_user_agent",
        "log_console", "log_file", "nominatim_url", "overpass_rate_limit", "overpass_url",
        "requests_kwargs", "use_cache",
    )  # fmt: skip
    before = {name: getattr(osmnx.settings, name) for name in names}
    chosen = {
        "cache_folder": str(answers.folder), "doh_url_template": None, "http_referer": USER_AGENT,
        "http_user_agent": USER_AGENT, "log_console": False, "log_file": False, "use_cache": True,
        "nominatim_url": asked.url, "overpass_url": asked.url,
        "overpass_rate_limit": not is_loopback(asked.url),
        "requests_kwargs": {"hooks": {"response": _checked(asked)}},
    }  # fmt: skip
    try:
        for name, value in chosen.items():
            setattr(osmnx.settings, name, value)
        yield osmnx
    except OSError as error:
        raise asked.fail(f"broke off: {type(error).__name__}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise asked.fail(f"gives an answer that cannot be read: {str(error)[:120]}") from None
    finally:
        socket.getaddrinfo = resolve
        for name, value in before.items():
            setattr(osmnx.settings, name, value)


def _checked(asked: Server) -> Callable[..., None]:
    """A look at each answer before OSMnx has it, which would wait and ask again without an end."""

    def look(response: Any, *_: Any, **__: Any) -> None:
        if response.is_redirect:
            return
        code = response.status_code
        if code != 200:
            raise asked.fail(f"{BUSY.get(code, 'refuses')} ({code} {response.reason})")
        if response.url.partition("?")[0].endswith("/status"):
            return
        try:
            answer = response.json()
        except ValueError:
            kind = response.headers.get("Content-Type", "no type").partition(";")[0]
            raise asked.fail(f"gives {len(response.content)} bytes of {kind} that are no JSON") from None
        if isinstance(answer, dict) and "remark" in answer:
            raise asked.fail(f"says: {' '.join(str(answer['remark']).split())[:200]}")

    return look
