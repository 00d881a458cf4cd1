"""What sends one letter with apprise: it is on standard input, its address with it.

Exit code 0 when the service took it; else why not, on standard output. The address never is.
"""

import json
import logging
import os
import sys
from contextlib import suppress

POLITE = 10
"""How much an order goes before a notification."""


class Heard(logging.Handler):
    """Keeps the last complaint: apprise tells why in its log only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.last = record.getMessage()


def main() -> int:
    """Send what was asked for."""
    with suppress(OSError):  # a service manager may forbid it
        os.nice(POLITE)
    order = json.load(sys.stdin)
    heard = Heard()
    log = logging.getLogger("apprise")
    log.addHandler(heard)
    log.propagate = False
    from apprise import Apprise, AppriseAsset, NotifyFormat  # noqa: PLC0415  # it takes its time

    # With storage it would write into the home folder; threads of its own it needs none.
    asset = AppriseAsset(app_id="NovAlgo", async_mode=False, storage_mode="memory")
    service = Apprise.instantiate(  # pyright: ignore[reportUnknownMemberType]  # it takes dicts too
        order["address"], asset=asset
    )
    if service is None:
        sys.stdout.write("apprise does not know such an address, or something in it is missing")
        return 1
    if service.notify(body=order["text"], title=order["title"], body_format=NotifyFormat.TEXT):
        return 0
    sys.stdout.write(heard.last or "the service did not take it")
    return 1


if __name__ == "__main__":
    sys.exit(main())
