"""A read-only endpoint of the SensorThings API 1.1 on this machine, of a run or of what came in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twin.errors import InputError, needing
from twin.live.entities import KeptColumns, KeptStore, ServedEntities, catalogue_of_store, with_attribution
from twin.live.queries import VERSION, Answers, NotThereError
from twin.live.store import ObservationStore
from twin.study.ground import ground_of
from twin.study.results import Result
from twin.study.store import MANIFEST
from twin.study.things import ZONE, observation_columns, sensor_catalogue_of
from twin.territory.territory import Territory


def served_entities_of(folder: Path, zone: str = ZONE) -> ServedEntities:
    """What a folder holds: of a run that was finished, or of observations that came in."""
    if (folder / MANIFEST).is_file():
        result = Result.load(folder)
        return world_of_run(result, ground_of(result.scenario, result.manifest, folder).edited, zone)
    if (folder / "segments").is_dir():
        store = ObservationStore(folder, read_only=True)
        return ServedEntities(catalogue_of_store(store), KeptStore(store))
    right = "a folder that `twin run` or `twin ingest` wrote"
    raise InputError(str(folder), "holds neither a run nor observations", right)


def world_of_run(result: Result, territory: Territory, zone: str = ZONE) -> ServedEntities:
    """What the sensors of a run told, personal datasets left out, with whose map it is shown on."""
    made = with_attribution(sensor_catalogue_of(result, territory, zone), territory)
    return ServedEntities(made, KeptColumns(observation_columns(result, made)))


def reading_app(world: ServedEntities) -> Any:
    """The application that answers GET; part of the extra ``live``."""
    with needing("live"):
        from starlette.applications import Starlette
        from starlette.responses import JSONResponse, PlainTextResponse
        from starlette.routing import Route

    def get(request: Any) -> Any:
        root = f"{request.url.scheme}://{request.url.netloc}/{VERSION}"
        try:
            found = Answers(world, root).answer(request.path_params["path"], dict(request.query_params))
        except NotThereError as error:
            return JSONResponse({"code": 404, "type": "error", "message": str(error)}, 404)
        except InputError as error:
            return JSONResponse({"code": 400, "type": "error", "message": str(error)}, 400)
        return PlainTextResponse(found) if isinstance(found, str) else JSONResponse(found)

    paths = (f"/{VERSION}", f"/{VERSION}/{{path:path}}")
    routes = [Route(paths[1], get, methods=["GET"]), Route(paths[0], _start(get), methods=["GET"])]
    return Starlette(routes=routes)


def _start(get: Any) -> Any:
    def start(request: Any) -> Any:
        request.path_params["path"] = ""
        return get(request)

    return start
