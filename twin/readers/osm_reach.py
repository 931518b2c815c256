"""Whether a server can be reached at all, known within seconds."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

WAIT_S = 3.0
PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """Host of an address.

    >>> host_of("https://overpass-api.de/api")
    'overpass-api.de'
    """
    return urlsplit(url).hostname or url


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own.

    >>> is_loopback("http://127.0.0.1:8080/api"), is_loopback("https://overpass-api.de/api")
    (True, False)
    """
    host = host_of(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reach(url: str, fail: Callable[[str], Exception]) -> None:
    """Raise what `fail` makes of the reason, unless something listens there, or at the proxy before it.

    A name that is not resolved can hang for long, so the attempt is left behind after a few seconds.
    """
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(host_of(url)):
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    answer: list[str] = []

    def attempt() -> None:
        try:
            port = parts.port or PORTS.get(parts.scheme, 80)
            socket.create_connection((parts.hostname or "", port), timeout=WAIT_S).close()
            answer.append("")
        except OSError as error:
            answer.append(str(error.strerror or error))

    trial = Thread(target=attempt, daemon=True)
    trial.start()
    trial.join(WAIT_S)
    reason = answer[0] if answer else f"no answer within {WAIT_S:.0f} s"
    if reason:
        raise fail(f"cannot be reached ({reason})")
