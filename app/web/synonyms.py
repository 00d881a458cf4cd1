"""The fields of an alert and every name they are known by: one table, and the look-up in it."""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple, cast

from app.domain.errors import MalformedAlert
from app.web.names import fold, shown

# field -> its names, best first; names that fold alike (stopLoss, stoploss) stand once.
# A dotted row is a kind of the field before the dot: a percentage, an offset, one side's level.
FIELDS: dict[str, tuple[str, ...]] = {
    "action": (
        "action",
        "side",
        "data",
        "direction",
        "order_action",
        "signal",
        "type",
        "transactionType",
        "positionDirection",
    ),
    "symbol": ("symbol", "ticker", "pair", "instrument", "tv_instrument", "underlying", "index"),
    "exchange": ("exchange", "tv_exchange"),
    "timeframe": ("timeframe", "interval"),
    "quantity": ("quantity", "qty", "contracts", "size", "volume", "order_contracts", "amount"),
    "quantity_type": ("quantity_type",),
    "order_type": ("order_type", "pricetype", "type"),
    "limit_price": ("limit_price",),
    "stop_price": ("stop_price", "trigger_price"),
    "entry_price": ("entry_price",),
    "order_price": ("order_price",),
    "price": ("price", "close", "signalPrice", "marketPrice"),
    "stop_loss": ("stop_loss", "sl", "sl_price"),
    "stop_loss.percent": ("stop_loss_percent", "percentage_sl"),
    "stop_loss.offset": ("sl_offset",),
    "stop_loss.long": ("long SL",),
    "stop_loss.short": ("short SL",),
    "take_profit": ("take_profit", "tp", "tp_price", "target", "target_price"),
    "take_profit.percent": ("take_profit_percent", "percentage_tp"),
    "take_profit.offset": ("tp_offset",),
    "take_profit.long": ("long TP",),
    "take_profit.short": ("short TP",),
    "trail": ("trail", "trailing"),
    "trail.percent": ("trail_percent",),
    "trail.offset": ("trail_amount",),
    "product_type": ("product_type", "product"),
    "strike": ("strike", "strike_price"),
    "strike.offset": ("offset",),
    "option_type": ("option_type",),
    "expiry": ("expiry", "expiration", "expiry_date"),
    "sentiment": ("sentiment",),
    "market_position": ("market_position",),
    "prev_market_position": ("prev_market_position",),
    "position_size": ("position_size",),
    "market_position_size": ("market_position_size",),
    "prev_position_size": ("prev_position_size", "prev_market_position_size"),
    "account": ("account", "accounts", "subaccount", "stub", "account_name", "account_id"),
    "multiple_accounts": ("multiple_accounts",),
    "strategy": ("strategy", "strategy_name", "recorder", "bot"),
    "id": ("id", "alert_id", "alertTimestamp"),
    "idempotency_key": ("idempotency_key",),
    "order_id": ("order_id",),
    "command": ("command",),
    "timenow": ("timenow",),
    "timestamp": ("timestamp",),
    "time": ("time",),
    "date": ("date",),
    "time_in_force": ("time_in_force", "tif", "validity"),
    "extended_hours": ("extended_hours",),
    "expires_at": ("expires_at",),
    "comment": ("comment",),
    "tags": ("tags",),
}
CONTAINERS = frozenset({"strategy", "data", "signal", "bar", "strategyinfo", "alert"})
# Rule 14: what is present but unusable here denies an entry instead of counting as absent. A
# trailing distance is a stop loss too.
NEVER_DEFAULTED = frozenset({"stop_loss", "take_profit", "trail", "quantity", "price"})

Rows = tuple[tuple[str, int], ...]


def _rows_by_name() -> dict[str, Rows]:
    rows: dict[str, Rows] = {}
    for field, names in FIELDS.items():
        for rank, name in enumerate(names):
            rows[fold(name)] = (*rows.get(fold(name), ()), (field, rank))
    return rows


# folded name -> the rows that it serves, each with its rank there
INDEX = _rows_by_name()


def fields_named(name: str) -> frozenset[str]:
    """The fields that a name serves; the folded name itself when it serves none."""
    folded = fold(name)
    return frozenset(field for field, _ in INDEX.get(folded, ((folded, 0),)))


def never_defaulted(name: str) -> bool:
    """Whether the name is one of a field of rule 14."""
    return any(field.partition(".")[0] in NEVER_DEFAULTED for field in fields_named(name))


class Candidate(NamedTuple):
    """One value that an element gives for a field; `container` is empty at the top level.

    `rank` 0 is the first name at the top level.
    """

    name: str
    folded: str
    value: object
    container: str = ""
    rank: int = 0


class Given:
    """What an element gives, by field.

    Of several names of a field the first column comes first, then the order of the table, the top
    level before what is nested.
    """

    def __init__(self, element: Mapping[str, object]) -> None:
        self._found: dict[str, list[Candidate]] = {}
        self._names: dict[str, Mapping[str, object]] = {}
        self.unmapped: list[tuple[str, object]] = []
        for container, fields in self._take("", element):
            self._take(container, fields)

    def of(self, field: str) -> Sequence[Candidate]:
        """The values given for a field, best name first."""
        return self._found.get(field, ())

    def has(self, field: str) -> bool:
        """Whether any name of a field occurs, whatever it holds."""
        return field in self._found

    def names_beside(self, candidate: Candidate) -> Collection[str]:
        """The folded names in the object that a value stands in."""
        return self._names[candidate.container]

    def _take(
        self, container: str, fields: Mapping[str, object]
    ) -> list[tuple[str, Mapping[str, object]]]:
        """Sort an object's values by field; the objects in it that are looked into."""
        seen: dict[str, object] = {}
        nested: list[tuple[str, Mapping[str, object]]] = []
        for name, value in fields.items():
            folded = fold(name)
            rows = INDEX.get(folded)
            if folded in CONTAINERS and not container and isinstance(value, Mapping):
                nested.append((folded, cast("Mapping[str, object]", value)))
            elif rows is None:
                self.unmapped.append((name, value))
            elif folded not in seen:
                self._add(rows, Candidate(name, folded, value, container))
            elif seen[folded] != value:
                raise MalformedAlert(f"{shown(name)} is given twice, with different values")
            seen[folded] = value
        self._names[container] = seen
        return nested

    def _add(self, rows: Rows, candidate: Candidate) -> None:
        for field, rank in rows:
            place = 2 * rank + bool(candidate.container)
            found = self._found.setdefault(field, [])
            found.append(candidate._replace(rank=place) if place else candidate)
            if len(found) > 1:
                found.sort(key=attrgetter("rank"))
