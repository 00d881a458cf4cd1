"""Start the simulator by hand: `python -m tests.simulators.fyers --port 9042`."""

import argparse
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from secrets import randbits

from tests.simulators.by_hand import HOURS, serve
from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.instruments import MASTER
from tests.simulators.fyers.simulator import APP_ID, SECRET, FyersSimulator, an_account


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    given = _parser().parse_args(arguments)
    simulator = FyersSimulator(
        accounts=list(_accounts(given)),
        port=given.port,
        seed=given.seed,
        state=given.state,
        symbols=given.symbols,
        redates=not given.as_written,
        lag=given.lag,
        rate_limits=given.rate_limits,
        market_protection=given.market_protection,
    )
    simulator.market(is_open=HOURS[given.market])
    serve(simulator, lambda: settings_of(simulator))


def _accounts(given: argparse.Namespace) -> Iterator[Account]:
    for place, text in enumerate(given.account or [f"{APP_ID}:{SECRET}"], 1):
        app_id, _, secret = text.partition(":")
        yield an_account(app_id, secret, fy_id=f"XS{place:05}", start=given.cash)


def settings_of(simulator: FyersSimulator) -> str:
    """The lines for `.env`, and below them an access token."""
    return "\n".join(
        (
            f"FYERS_APP_ID={simulator.app_id}",
            f"FYERS_SECRET_ID={simulator.secret}",
            "FYERS_REDIRECT_URI=http://127.0.0.1:8080/auth/callback",
            f"FYERS_PIN={simulator.pin}",
            f"FYERS_USER_ID={simulator.fy_id}",
            f"FYERS_TOTP_SECRET={simulator.totp}",
            f"FYERS_API_URL={simulator.api_url}",
            f"FYERS_DATA_URL={simulator.data_url}",
            f"FYERS_LOGIN_URL={simulator.login_url}",
            f"FYERS_STREAM_URL={simulator.stream_url}",
            f"FYERS_SYMBOLS_URL={simulator.symbols_url}",
            f"# token: {simulator.token}",
        )
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators.fyers",
        description="Fyers on loopback: trading and data API, login, order socket, symbol master.",
        epilog="Run it with the calls of tests/simulators/fyers/controls.py, over HTTP: "
        'curl localhost:9042/_sim/quote -d \'{"symbol": "NSE:SBIN-EQ", "bid": "830"}\'',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="where it listens; 0 = a free port")
    add("--state", type=Path, help="a file in which its state is kept, over restarts")
    add("--market", choices=sorted(HOURS), default="open", help="when there is trade")
    add("--cash", type=Decimal, default=Decimal(1_000_000), help="what an account begins with")
    ids = "the app of an account; may stand there several times, for several accounts"
    add("--account", action="append", metavar="APP_ID:SECRET", help=ids)
    add("--symbols", type=Path, default=MASTER, help="a folder of symbol-master files")
    add("--as-written", action="store_true", help="serve them with the expiries that they have")
    add("--lag", type=float, default=0.0, help="for how many seconds readers see nothing new")
    switch = argparse.BooleanOptionalAction
    add("--rate-limits", action=switch, default=True, help="refuse what is asked too often")
    add("--market-protection", action=switch, default=True, help="refuse market orders")
    add("--seed", type=int, default=randbits(64), help="of ids and of chance; any, without")
    return parser


if __name__ == "__main__":
    main()
