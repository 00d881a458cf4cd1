"""The address that we call out from: brokers in India take orders from a registered one only."""

import logging
from collections.abc import Callable
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.request import ProxyHandler, build_opener

log = logging.getLogger(__name__)

SECONDS, LONGEST = 10.0, 64
"""How long an answer may take, and how many bytes of it are read: it is an address."""


class Egress:
    """Looks whether the world sees us where we are expected.

    `url`: answers with the address that asked. `tell` hears of another address, once for each.
    """

    def __init__(self, expected: str, url: str, tell: Callable[[str], None]) -> None:
        self._expected = ip_address(expected)
        self._url = url
        self._tell = tell
        self._told = self._expected

    def look(self) -> None:
        """Ask for our address, and tell when it is another one than before."""
        try:
            found = address_by(self._url)
        except (OSError, ValueError) as error:
            log.warning("our address cannot be asked for", extra={"why": str(error)})
            return
        if found not in (self._told, self._expected):
            self._tell(str(found))
        self._told = found


def address_by(url: str) -> IPv4Address | IPv6Address:
    """Our address, as whoever answers there sees it. No proxy is asked: brokers are not either.

    Raises:
        OSError: nobody answers, or not in HTTP.
        ValueError: it is no address.
    """
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=SECONDS) as answer:
            return ip_address(answer.read(LONGEST).decode("ascii").strip())
    except HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
