"""The endpoints of the market-data API for the latest quotes and trades."""

from collections.abc import Callable
from typing import Any

from tests.simulators.alpaca.assets import CRYPTO, EQUITY, OPTION, Asset
from tests.simulators.alpaca.moments import text_of
from tests.simulators.alpaca.refusals import Refusal
from tests.simulators.alpaca.routes import Handler, Reply, Request
from tests.simulators.alpaca.world import World
from tests.simulators.market import Quote

Row = dict[str, Any]
_LARGE = 1000


class DataApi:
    """Answers what the market-data API is asked."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> dict[str, Handler]:
        """The handlers, each under its method and path."""
        found: dict[str, Handler] = {}
        for path, kind in (
            ("/v2/stocks/{what}/latest", EQUITY),
            ("/v1beta3/crypto/{loc}/latest/{what}", CRYPTO),
            ("/v1beta1/options/{what}/latest", OPTION),
        ):
            for what, row in (("quotes", _quote), ("trades", _trade)):
                found[f"GET {path.replace('{what}', what)}"] = self._many(kind, what, row)
        found["GET /v2/stocks/{symbol}/quotes/latest"] = self._one("quote", _quote)
        found["GET /v2/stocks/{symbol}/trades/latest"] = self._one("trade", _trade)
        return found

    def _many(self, kind: str, what: str, row: Callable[[Asset, Quote], Row]) -> Handler:
        def handler(request: Request) -> Reply:
            names = [name for name in request.query.get("symbols", "").split(",") if name]
            if not names:
                raise Refusal(400, None, "symbols is required")
            shown: dict[str, Row] = {}
            for name in names:
                asset, quote = self._world.assets.get(name), self._world.quotes.get(name)
                if asset and quote and asset.asset_class == kind:
                    shown[name] = row(asset, quote)
            return Reply({what: shown})

        return handler

    def _one(self, what: str, row: Callable[[Asset, Quote], Row]) -> Handler:
        def handler(request: Request) -> Reply:
            name = request.params["symbol"]
            asset, quote = self._world.assets.get(name), self._world.quotes.get(name)
            if asset is None or quote is None or asset.asset_class != EQUITY:
                raise Refusal(404, None, f"no {what} found for {name}")
            return Reply({"symbol": name, what: row(asset, quote)})

        return handler


def _quote(asset: Asset, quote: Quote) -> Row:
    size = _LARGE if quote.size is None else quote.size
    shown: Row = {
        "t": text_of(quote.at),
        "bp": float(quote.bid),
        "bs": float(size) if asset.is_crypto else int(size),
        "ap": float(quote.ask),
        "as": float(size) if asset.is_crypto else int(size),
    }
    if asset.is_crypto:
        return shown
    shown |= {"bx": "V", "ax": "V", "c": " " if asset.is_option else ["R"]}
    return shown if asset.is_option else {**shown, "z": "C"}


def _trade(asset: Asset, quote: Quote) -> Row:
    shown: Row = {"t": text_of(quote.at), "p": float(quote.middle)}
    number = quote.at % 2**48
    if asset.is_crypto:
        return {**shown, "s": 1.0, "i": number, "tks": "B"}
    if asset.is_option:
        return {**shown, "s": 1, "x": "V", "c": "a"}
    return {**shown, "s": 100, "i": number, "x": "V", "c": ["@"], "z": "C"}
