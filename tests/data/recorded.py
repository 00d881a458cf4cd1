"""The messages that people published (payloads.jsonl), as TradingView would send them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).with_name("payloads.jsonl")
RENDERED = {
    "{{ticker}}": "AAPL",
    "{{exchange}}": "NASDAQ",
    "{{interval}}": "15",
    "{{open}}": "142",
    "{{high}}": "144",
    "{{low}}": "141",
    "{{close}}": "143.12",
    "{{volume}}": "125000",
    "{{time}}": "2026-11-20T14:30:00Z",
    "{{timenow}}": "2026-11-20T14:30:05Z",
    "{{strategy.order.action}}": "buy",
    "{{strategy.order.contracts}}": "3",
    "{{strategy.order.price}}": "143.1",
    "{{strategy.order.id}}": "Long",
    "{{strategy.position_size}}": "3",
    "{{strategy.market_position}}": "long",
    "{{strategy.prev_market_position_size}}": "0",
    '{{plot("Long SL")}}': "140",
    '{{plot("Long TP")}}': "150",
    '{{plot("tylemargin")}}': "3",
    '{{plot("giatrivaolenh")}}': "50",
    '{{plot("giavaoentrylong")}}': "3000",
    '{{plot("giastoplosslong")}}': "2900",
}


def recorded() -> dict[int, str]:
    """Every message by its number, as its text."""
    rows = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    return {row["id"]: as_text(row["payload"]) for row in rows}


def as_text(payload: object) -> str:
    """A message as it stands in TradingView's box."""
    return payload if isinstance(payload, str) else json.dumps(payload)


def message_of(number: int, values: Mapping[str, str] = RENDERED) -> bytes:
    """A message as TradingView sends it, every placeholder filled in."""
    text = recorded()[number]
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    assert not re.search(r"\{\{.*?\}\}", text), text
    return text.encode()
