"""Start the simulator by hand: `python -m tests.simulators.sheets --port 9050`."""

import argparse
import json
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.simulators.sheets.simulator import SHEET_ID, SheetsSimulator


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM; then the tabs are printed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators.sheets", description="Google Sheets on loopback."
    )
    parser.add_argument("--port", type=int, default=0, help="where it listens; 0 = a free port")
    parser.add_argument(
        "--key", type=Path, help="a file for a service account, which it then needs"
    )
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    with SheetsSimulator(given.port, strict=given.key is not None) as simulator:
        lines = [f"GOOGLE_SHEET_ID={SHEET_ID}", f"SHEETS_API_URL={simulator.url}"]
        if given.key is not None:
            given.key.write_text(json.dumps(simulator.tokens.file(simulator.url)))
            lines.append(f"GOOGLE_APPLICATION_CREDENTIALS={given.key}")
        print("PLAYBOOK=google_sheets", *lines, sep="\n", flush=True)  # noqa: T201 (to be copied)
        stop.wait()
        for title in simulator.book.tabs:
            print(title, *simulator.book.tab(title).lines, sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
