"""The endpoints of the data API, and the files of the symbol master."""

import csv
import io
from typing import Any

from tests.simulators.fyers import refusals as no
from tests.simulators.fyers.instruments import Instrument, rows_of
from tests.simulators.fyers.refusals import messages, refused
from tests.simulators.fyers.replies import Handler, Reply, Request, ok
from tests.simulators.fyers.views import number
from tests.simulators.fyers.world import World

Row = dict[str, Any]

_MOST = 50
_LARGE = 1000
_SEGMENTS = ((10, 10), (10, 11), (12, 10), (12, 11))


class DataApi:
    """Answers what the data API is asked."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> dict[str, Handler]:
        """The handlers, each under its method and path."""
        return {
            "GET /data/quotes": self.quotes,
            "POST /data/quotes": self.quotes_by_post,
            "GET /data/depth": self.depth,
            "GET /data/marketStatus": self.status,
        }

    def quotes(self, request: Request) -> Reply:
        return self._quotes(request.query.get("symbols", ""))

    def quotes_by_post(self, request: Request) -> Reply:
        symbols: Any = request.body.get("symbols", "")
        return self._quotes(symbols if isinstance(symbols, str) else ",".join(symbols))

    def _quotes(self, symbols: str) -> Reply:
        names = [name for name in symbols.split(",") if name]
        if not 1 <= len(names) <= _MOST:
            raise refused(no.BAD_INPUT)
        return ok(d=[self._quote(name) for name in names])

    def _quote(self, name: str) -> Row:
        instrument = self._world.instrument(name)
        if instrument is None:
            told = {"s": "error", "code": no.BAD_SYMBOL, "errmsg": messages()[no.BAD_SYMBOL]}
            return {"n": name, "s": "error", "v": told}
        return {"n": name, "s": "ok", "v": self._prices(instrument)}

    def _prices(self, instrument: Instrument) -> Row:
        quote, last = self._world.quote(instrument), self._world.last(instrument)
        shown = number(last)
        return {
            "ch": 0.0,
            "chp": 0.0,
            "lp": shown,
            "spread": number(quote.ask - quote.bid),
            "ask": number(quote.ask),
            "bid": number(quote.bid),
            "open_price": shown,
            "high_price": shown,
            "low_price": shown,
            "prev_close_price": shown,
            "volume": 0,
            "atp": shown,
            "tt": str(quote.at // 10**9),
            "short_name": instrument.short_name,
            "exchange": instrument.symbol.partition(":")[0],
            "description": instrument.description,
            "original_name": instrument.symbol,
            "symbol": instrument.symbol,
            "fyToken": instrument.fytoken,
        }

    def depth(self, request: Request) -> Reply:
        name = request.query.get("symbol", "")
        instrument = self._world.instrument(name)
        if instrument is None:
            raise refused(no.BAD_SYMBOL)
        quote, last = self._world.quote(instrument), number(self._world.last(instrument))
        size = _LARGE if quote.size is None else int(quote.size)
        shown: Row = {
            "totalbuyqty": size,
            "totalsellqty": size,
            "ask": [{"price": number(quote.ask), "volume": size, "ord": 1}],
            "bids": [{"price": number(quote.bid), "volume": size, "ord": 1}],
            "o": last,
            "h": last,
            "l": last,
            "c": last,
            "ltp": last,
            "ltq": instrument.lot,
            "ltt": quote.at // 10**9,
            "v": 0,
            "atp": last,
            "lower_ckt": round(last * 0.8, 2),
            "upper_ckt": round(last * 1.2, 2),
            "tick_Size": number(instrument.tick),
            "oi": 0,
            "expiry": "",
        }
        return ok(d={name: shown})

    def status(self, request: Request) -> Reply:
        word = "OPEN" if self._world.hours.is_open(self._world.now()) else "CLOSED"
        shown = [
            {"exchange": exchange, "segment": segment, "market_type": "NORMAL", "status": word}
            for exchange, segment in _SEGMENTS
        ]
        return ok(marketStatus=shown)

    def file(self, name: str) -> Reply | None:
        """A file of the symbol master; None when there is none."""
        rows = rows_of(self._world.folder, self._world.dated).get(name)
        if rows is None:
            return None
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return Reply(text.getvalue(), media="text/csv")
