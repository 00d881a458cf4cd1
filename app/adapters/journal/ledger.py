"""The ledger's rows: open lots, closed trades and their figures, written with each fill."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from app.adapters.journal.rows import Row, decimal, text
from app.adapters.journal.statements import Q
from app.adapters.sql import Transaction, from_db, to_db
from app.domain.grains import from_grains, from_money_grains, grains, money_grains
from app.domain.ledger import Book, BookedFill, ClosedTrade, OpenLot, sorted_out
from app.domain.order import Side
from app.domain.tally import Day, Of, Sums, Tally, TallyKey
from app.ports.records import DayRecord, TradeRecord


def book_fill(tx: Transaction, fill: BookedFill) -> None:
    """Match a fill that was journaled in this transaction, and keep what came of it."""
    book = Book(_reached(tx, fill))
    trades = book.apply(fill)
    left = {lot.entry.number: lot for lot in book.lots}
    for trade in trades:
        tx.run(Q["add_trade"], trade_params(trade))
        lot = left.get(trade.entry.number)
        if lot is None:
            tx.run(Q["close_lot"], {"fill": trade.entry.number})
        else:
            tx.run(Q["change_lot"], lot_params(lot))
    if fill.number in left:
        tx.run(Q["add_lot"], lot_params(left[fill.number]))
    if trades:
        _count(tx, fill, trades)


def _reached(tx: Transaction, fill: BookedFill) -> list[OpenLot]:
    """The oldest lots, as far as the fill can reach: a long queue is not read for one exit."""
    lots: list[OpenLot] = []
    left = fill.units
    params = {"account": fill.account, "instrument": fill.instrument}
    with closing(tx.run(Q["open_lots"], params)) as rows:
        for row in rows:
            lots.append(open_lot(row))
            left += lots[-1].units
            if left * fill.units <= 0 or lots[-1].units * fill.units > 0:
                break
    return lots


def _count(tx: Transaction, fill: BookedFill, trades: Sequence[ClosedTrade]) -> None:
    shares, _ = sorted_out(trades)
    for key, share in shares.items():
        row = tx.one(Q["tally"], key._asdict())
        tally = Tally() if row is None else tally_of(row)
        tally.add(fill.at, share)
        tx.run(Q["set_tally"], tally_params(key, tally))
    today = fill.at.date()
    row = tx.one(Q["day"], {"account": fill.account, "day": day_stamp(today)})
    day = Day() if row is None else day_of(row)
    day.include(Sums.of(trades))
    tx.run(Q["set_day"], day_params(fill.account, today, day))


def booked_fill(row: Row) -> BookedFill:
    """The fill of a row, as the ledger sees it."""
    return BookedFill(
        number=row["id"],
        account=row["account"],
        instrument=row["instrument"],
        symbol=row["symbol"],
        strategy=row["strategy"],
        alert_id=row["alert_id"],
        units=grains(Decimal(row["quantity"])) * Side(row["side"]).sign,
        price=grains(Decimal(row["price"])),
        fee=money_grains(Decimal(row["fee"])),
        multiplier=grains(Decimal(row["multiplier"])),
        at=from_db(row["at"]),
    )


def open_lot(row: Row) -> OpenLot:
    """The lot of a row that is joined with its fill."""
    units, fee = grains(Decimal(row["open_quantity"])), money_grains(Decimal(row["open_fee"]))
    return OpenLot(booked_fill(row), units, fee, *seen_of(row))


def seen_of(row: Row) -> tuple[int | None, int | None]:
    """The lowest and the highest price that was seen of an open lot."""
    low, high = decimal(row["low"]), decimal(row["high"])
    return None if low is None else grains(low), None if high is None else grains(high)


def lot_params(lot: OpenLot) -> dict[str, Any]:
    """The columns of a lot."""
    return {
        "fill": lot.entry.number,
        "account": lot.entry.account,
        "instrument": lot.entry.instrument,
        "quantity": text(lot.quantity),
        "fee": text(lot.fee),
        "low": None if lot.low is None else text(from_grains(lot.low)),
        "high": None if lot.high is None else text(from_grains(lot.high)),
    }


def trade_params(trade: ClosedTrade) -> dict[str, Any]:
    """The columns of a closed trade."""
    way_in, way_out = trade.entry, trade.exit
    low, high = trade.extremes
    return {
        "exit_fill": way_out.number,
        "entry_fill": way_in.number,
        "account": way_out.account,
        "symbol": way_out.symbol,
        "instrument": way_out.instrument,
        "quantity": text(trade.quantity),
        "multiplier": text(trade.multiplier),
        "entry_price": text(trade.entry_price),
        "exit_price": text(trade.exit_price),
        "fees": text(trade.fees),
        "pnl": text(trade.pnl),
        "entry_strategy": way_in.strategy,
        "exit_strategy": way_out.strategy,
        "entry_alert_id": way_in.alert_id,
        "exit_alert_id": way_out.alert_id,
        "entered_at": to_db(way_in.at),
        "exited_at": to_db(way_out.at),
        "low": text(low),
        "high": text(high),
    }


def trade_record(row: Row) -> TradeRecord:
    """The trade of a row."""
    return TradeRecord(
        exit_fill=row["exit_fill"],
        entry_fill=row["entry_fill"],
        account=row["account"],
        symbol=row["symbol"],
        instrument=row["instrument"],
        quantity=Decimal(row["quantity"]),
        multiplier=Decimal(row["multiplier"]),
        entry_price=Decimal(row["entry_price"]),
        exit_price=Decimal(row["exit_price"]),
        fees=Decimal(row["fees"]),
        pnl=Decimal(row["pnl"]),
        entry_strategy=row["entry_strategy"],
        exit_strategy=row["exit_strategy"],
        entry_alert_id=row["entry_alert_id"],
        exit_alert_id=row["exit_alert_id"],
        entered_at=from_db(row["entered_at"]),
        exited_at=from_db(row["exited_at"]),
        low=Decimal(row["low"]),
        high=Decimal(row["high"]),
    )


def day_records(rows: Iterable[Row]) -> list[DayRecord]:
    """Days of accounts from their rows, oldest first; profit is added up on the way."""
    sums: defaultdict[str, int] = defaultdict(int)
    found: list[DayRecord] = []
    for row in rows:
        account, figures = row["account"], day_of(row)
        sums[account] += figures.realised
        found.append(
            DayRecord(
                account=account,
                day=from_db(row["day"]).date(),
                trades=figures.trades,
                realised=from_money_grains(figures.realised),
                fees=from_money_grains(figures.fees),
                cumulative=from_money_grains(sums[account]),
                equity=decimal(row["equity"]),
                equity_at=None if row["equity_at"] is None else from_db(row["equity_at"]),
            )
        )
    return found


def tally_key(row: Row) -> TallyKey:
    """What the figures of a row are of."""
    return TallyKey(row["account"], Of(row["of"]), row["name"])


def tally_of(row: Row) -> Tally:
    """The figures of a row."""
    return Tally(
        total_trades=row["total_trades"],
        winning_trades=row["winning_trades"],
        losing_trades=row["losing_trades"],
        pnl=money_grains(Decimal(row["total_pnl"])),
        gains=money_grains(Decimal(row["gross_profit"])),
        fees=money_grains(Decimal(row["fees"])),
        best=money_grains(Decimal(row["best_trade"])),
        worst=money_grains(Decimal(row["worst_trade"])),
        streak=row["streak"],
        longest_wins=row["longest_wins"],
        longest_losses=row["longest_losses"],
        peak=money_grains(Decimal(row["peak"])),
        drawdown=money_grains(Decimal(row["drawdown"])),
        last_updated=from_db(row["last_updated"]),
    )


def tally_params(key: TallyKey, tally: Tally) -> dict[str, Any]:
    """The columns of figures."""
    return {
        **key._asdict(),
        "total_trades": tally.total_trades,
        "winning_trades": tally.winning_trades,
        "losing_trades": tally.losing_trades,
        "total_pnl": text(tally.total_pnl),
        "gross_profit": text(tally.gross_profit),
        "fees": text(tally.total_fees),
        "best_trade": text(tally.best_trade),
        "worst_trade": text(tally.worst_trade),
        "streak": tally.streak,
        "longest_wins": tally.longest_wins,
        "longest_losses": tally.longest_losses,
        "peak": text(from_money_grains(tally.peak)),
        "drawdown": text(from_money_grains(tally.drawdown)),
        "last_updated": to_db(tally.last_updated) if tally.last_updated is not None else None,
    }


def day_of(row: Row) -> Day:
    """What a row tells of a day."""
    realised, fees = (money_grains(Decimal(row[name])) for name in ("realised", "fees"))
    return Day(trades=row["trades"], realised=realised, fees=fees)


def day_params(account: str, day: date, figures: Day) -> dict[str, Any]:
    """The columns of a day's figures."""
    return {
        "account": account,
        "day": day_stamp(day),
        "trades": figures.trades,
        "realised": text(from_money_grains(figures.realised)),
        "fees": text(from_money_grains(figures.fees)),
    }


def day_stamp(day: date) -> int:
    """Midnight (UTC), at which a day begins."""
    return to_db(datetime.combine(day, time(), UTC))
