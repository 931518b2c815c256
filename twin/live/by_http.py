"""Observations by HTTP: POST one, or a list, or lines; 201 once they are on disk, 503 where too many wait."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from twin.errors import InputError, needing
from twin.live.commits import Commits, Submission
from twin.readers.sensorthings import (
    MessageBatch,
    Refusal,
    UnreadableError,
    json_reader,
    message_of,
    read_lines,
    shown_line,
)

MOST_BODY_BYTES = 4_000_000
VERSION = "v1.1"
LINES = "application/x-ndjson"


def address_of(source: str) -> tuple[str, int]:
    """Host and port of ``http://host:port``; only this machine is listened on.

    >>> address_of("http://127.0.0.1:8080")
    ('127.0.0.1', 8080)
    """
    parts = urlsplit(source)
    right = "http://127.0.0.1:PORT"
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InputError(source, "no such port", right) from None
    if parts.scheme != "http" or host not in ("127.0.0.1", "localhost", "::1") or port is None:
        raise InputError(source, "is no address on this machine", right)
    return host, port


def ingest_app(commits: Commits, retry_after_s: float) -> Any:
    """The application that takes observations; part of the extra ``live``."""
    with needing("live"):
        from starlette.applications import Starlette
        from starlette.responses import JSONResponse
        from starlette.routing import Route
    headers = {"Retry-After": f"{retry_after_s:.0f}"}

    async def post(request: Any) -> Any:
        body = await _body(request)
        if body is None:
            return JSONResponse(_problem(f"over {MOST_BODY_BYTES:,} bytes", "less at once"), 413)
        block, one = _read(body, request.headers.get("content-type", ""), request.path_params.get("stream"))
        if one and block.refused:
            commits.offer(Submission([], lambda _: None, block.refused))
            refusal = block.refused[0]
            return JSONResponse(_problem(refusal.what, refusal.right), 400)
        answer: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        if not commits.offer(Submission(block.messages, _into(answer), block.refused)):
            why = str(commits.failure) if commits.failure else "too many observations wait for the disk"
            return JSONResponse(_problem(why, "try again later"), 503, headers=headers)
        failure = await answer
        if failure is not None:
            return JSONResponse(_problem(str(failure), "try again later"), 503, headers=headers)
        told = {"stored": len(block.messages), "refused": [each._asdict() for each in block.refused]}
        return JSONResponse(told, 201)

    routes = [
        Route(f"/{VERSION}/Observations", post, methods=["POST"]),
        Route(f"/{VERSION}/Datastreams({{stream}})/Observations", post, methods=["POST"]),
    ]
    return Starlette(routes=routes)


def check_port(host: str, port: int) -> None:
    """Refuse a port that another program has, before anything is read for it."""
    where = f"port {port} of {host}"
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputError(
            where, f"cannot be listened at ({why})", "a port that is free, or 0 for any"
        ) from None


def serve(app: Any, host: str, port: int, started: Callable[[int], None] | None = None) -> None:
    """Serve until told to stop; ``started`` is told the port once it is open. Port 0: any that is free."""
    with needing("live"):
        import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets=sockets)
            if started is not None and self.started:
                started(self.servers[0].sockets[0].getsockname()[1])

    config = uvicorn.Config(app, host=host, port=port, log_level="error", access_log=False, lifespan="off")
    Server(config).run()


async def _body(request: Any) -> bytes | None:
    """The body, None where it is longer than may be."""
    parts, n_bytes = [], 0
    async for part in request.stream():
        n_bytes += len(part)
        if n_bytes > MOST_BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _read(body: bytes, kind: str, stream: str | None) -> tuple[MessageBatch, bool]:
    """The observations of a body, and whether it is one alone."""
    if kind.startswith(LINES):
        return read_lines(body.split(b"\n")), False
    try:
        told = json_reader()(body)
    except ValueError as error:
        return MessageBatch(
            refused=[Refusal(1, f"no JSON: {error}", "an Observation", shown_line(body))]
        ), True
    many = told if isinstance(told, list) else [told]
    block = MessageBatch()
    for number, each in enumerate(many, start=1):
        try:
            block.messages.append(message_of(each, _stream_id(stream)))
        except UnreadableError as error:
            block.refused.append(Refusal(number, error.what, error.right, str(each)[:200]))
    return block, not isinstance(told, list)


def _stream_id(text: str | None) -> str | None:
    """An id from an address, the quotes of a text taken off."""
    return text[1:-1].replace("''", "'") if text and text.startswith("'") else text


def _into(answer: asyncio.Future[BaseException | None]) -> Callable[[BaseException | None], None]:
    """Called from the thread that writes; the answer is given in that of the server."""
    loop = answer.get_loop()

    def settle(failure: BaseException | None) -> None:
        if not answer.done():
            answer.set_result(failure)

    return lambda failure: _call(loop, settle, failure)


def _call(loop: Any, settle: Callable[[BaseException | None], None], failure: BaseException | None) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(settle, failure)


def _problem(what: str, right: str) -> dict[str, str]:
    return {"what": what, "right": right}
