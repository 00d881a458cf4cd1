"""Start the simulator by hand: `python -m tests.simulators.alpaca --port 9041`."""

import argparse
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from secrets import randbits

from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.simulator import KEY, SECRET, AlpacaSimulator, an_account
from tests.simulators.by_hand import HOURS, serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    given = _parser().parse_args(arguments)
    simulator = AlpacaSimulator(
        accounts=list(_accounts(given)),
        port=given.port,
        strict=given.strict,
        seed=given.seed,
        state=given.state,
        rate_limit=given.rate_limit or None,
    )
    simulator.market(is_open=HOURS[given.market])
    serve(simulator, lambda: settings_of(simulator))


def _accounts(given: argparse.Namespace) -> Iterator[Account]:
    for text in given.account or [f"{KEY}:{SECRET}"]:
        key, _, secret = text.partition(":")
        yield an_account(key, secret, start=given.cash, multiplier=given.multiplier)


def settings_of(simulator: AlpacaSimulator) -> str:
    """The lines for `.env`; further accounts have the same addresses."""
    return "\n".join(
        (
            f"ALPACA_API_KEY={simulator.key}",
            f"ALPACA_SECRET_KEY={simulator.secret}",
            f"ALPACA_BASE_URL={simulator.trading_url}",
            f"ALPACA_DATA_URL={simulator.data_url}",
            f"ALPACA_STREAM_URL={simulator.stream_url}",
        )
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators.alpaca",
        description="Alpaca on loopback: trading API, market data and the stream of orders.",
        epilog="Run it with the calls of tests/simulators/alpaca/controls.py, over HTTP: "
        'curl localhost:9041/_sim/quote -d \'{"symbol": "AAPL", "bid": "190", "ask": "190.02"}\'',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="where it listens; 0 = a free port")
    add("--state", type=Path, help="a file in which its state is kept, over restarts")
    add("--market", choices=sorted(HOURS), default="open", help="when stocks trade")
    add("--cash", type=Decimal, default=Decimal(100_000), help="what an account begins with")
    add("--multiplier", type=int, choices=(1, 2, 4), default=2, help="1 = no margin, no shorts")
    keys = "the keys of an account; may stand there several times, for several accounts"
    add("--account", action="append", metavar="KEY:SECRET", help=keys)
    add("--rate-limit", type=int, default=200, help="requests a minute; 0 = no limit")
    add("--strict", action="store_true", help="hold requests against Alpaca's OpenAPI documents")
    add("--seed", type=int, default=randbits(64), help="of ids and of chance; any, without")
    return parser


if __name__ == "__main__":
    main()
