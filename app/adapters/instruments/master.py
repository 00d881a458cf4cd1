"""The symbol master as brokers are lent it: always the newest generation, in any process."""

import os
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from app.adapters.instruments.age import CONTRACTS, stale
from app.adapters.instruments.chains import Generation
from app.adapters.instruments.choosing import choose
from app.adapters.instruments.generation import CURRENT, FOLDER, current
from app.adapters.instruments.rows import Kind
from app.domain.contract import Wish
from app.domain.decision import Denial, Denied
from app.domain.instrument import Instrument, Ticker
from app.domain.listing import NEAREST
from app.ports.symbols import PriceOf


class SymbolMaster:
    """The lists in a folder, whoever refreshes them. It holds nothing but what was asked lately."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER
        self._link = self._folder.joinpath(CURRENT).as_posix()
        self._lock = threading.Lock()
        self._open: Generation | None = None
        self._seen: str | None = None

    @property
    def loaded(self) -> bool:
        """Whether there is a generation that can be read."""
        return self.generation() is not None

    def named(self, ticker: Ticker) -> Instrument | None:
        """The instrument of a name; None when there is none."""
        lists = self.generation()
        return None if lists is None else lists.named(ticker)

    def contract(self, wish: Wish, at: datetime, price_of: PriceOf) -> Instrument | Denied:
        """The contract that a wish means at a moment, or why there is none."""
        lists = self.generation()
        if lists is None:
            return Denied(Denial.UNKNOWN_SYMBOL, f"{wish}: no list of contracts is loaded")
        kind = Kind.FUTURE if wish.option_type is None else Kind.OPTION
        chain = lists.chain(wish.underlying, kind)
        if chain is None:
            return _without_contracts(lists, wish, at)
        old = stale(lists.sources, chain.exchange, at)
        return old or choose(lists, chain, wish, at, price_of)

    def quoted(self, underlying: Ticker) -> str | None:
        """The symbol whose price is the underlying's."""
        lists = self.generation()
        return None if lists is None else lists.quoted(underlying)

    def near(self, ticker: Ticker) -> Sequence[str]:
        """Up to three names that are nearest to one that there is not."""
        generation = self.generation()
        return () if generation is None else generation.near(ticker, NEAREST)

    def trouble(self, at: datetime) -> str | None:
        """Why contracts are not traded at a moment; None when all that there are can be."""
        generation = self.generation()
        if generation is None:
            return "no list is loaded"
        known = [name for name, of in CONTRACTS.items() if of in generation.sources]
        found = (stale(generation.sources, exchange, at) for exchange in known or CONTRACTS)
        return next((denied.detail for denied in found if denied is not None), None)

    def generation(self) -> Generation | None:
        """The one that counts now; None when there is none that can be read."""
        try:
            link = os.readlink(self._link)  # noqa: PTH115  # a tenth of what a Path costs
        except OSError:
            link = None
        if link is None or link != self._seen:
            with self._lock:
                self._open, self._seen = self._newest(), link
        return self._open

    def _newest(self) -> Generation | None:
        path, held = current(self._folder), self._open
        if held is not None and held.path == path:
            return held
        return None if path is None else Generation(path)


def _without_contracts(lists: Generation, wish: Wish, at: datetime) -> Denied:
    name, kind = wish.underlying.name, wish.asset_class.value
    quoted = lists.quoted(wish.underlying)
    if quoted is None:
        near = ", ".join(lists.near(wish.underlying, NEAREST))
        told = f"; the nearest: {near}" if near else ""
        return Denied(Denial.UNKNOWN_SYMBOL, f"{name!r} is no underlying of {kind}s{told}")
    old = stale(lists.sources, quoted.partition(":")[0], at)
    return old or Denied(Denial.UNKNOWN_SYMBOL, f"{name} has no {kind}s")
