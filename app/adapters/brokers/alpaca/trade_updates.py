"""alpaca-py's TradingStream, and what it does not tell: that it is connected (again)."""

# pyright: reportUnknownMemberType=false
# The class that this one extends is typed in part only.

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from alpaca.trading.stream import TradingStream

from app.adapters.brokers.alpaca.options import AlpacaOptions

log = logging.getLogger(__name__)


GATHER = 0.02
"""Seconds: an entry, its fill and its legs are told of at once, and are one read."""


class TradeUpdates(TradingStream):
    """The SDK connects anew for ever, with a pause that grows to half a minute."""

    def __init__(
        self, options: AlpacaOptions, heard: Callable[[Sequence[Any] | None], None]
    ) -> None:
        super().__init__(
            options.api_key.get_secret_value(),
            options.secret_key.get_secret_value(),
            raw_data=True,
            url_override=options.stream,
        )
        self._heard = heard
        self._gathered: list[Any] = []
        self.subscribe_trade_updates(self._hear)

    async def listen(self) -> None:
        """Listen until the task is canceled."""
        await self._run_forever()  # type: ignore[no-untyped-call]  # the SDK's own

    async def _dispatch(self, msg: dict[str, Any]) -> None:
        """Tell of a subscription that is confirmed: from here on nothing is missed."""
        if msg.get("stream") == "listening":
            self._tell(None)
        await super()._dispatch(msg)

    async def _hear(self, message: dict[str, Any]) -> None:
        if not self._gathered:
            asyncio.get_running_loop().call_later(GATHER, self._tell_all)
        self._gathered.append(message.get("data"))

    def _tell_all(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._tell(gathered)

    def _tell(self, gathered: Sequence[Any] | None) -> None:
        try:
            self._heard(gathered)
        except Exception:
            # Whatever a listener makes of it, the stream goes on: it is only a hint.
            log.exception("a hint of the stream was lost")
