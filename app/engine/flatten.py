"""Flatten: what is ours goes, entries that rest or wait first. Foreign quantity is only listed.

It admits one close for each strategy and instrument, an alert like any other: the lane, the journal
and the flow do the rest, exactly once and through a crash (trading-rules 17, 22, 25).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.domain.alert import Action, Alert
from app.domain.contract import wish_named
from app.domain.errors import BrokerError
from app.domain.instrument import Ticker
from app.domain.position import Position
from app.domain.stake import Stake, Stakes
from app.engine.accounts import Account
from app.engine.closing import is_entry
from app.engine.contracts import place_of
from app.engine.intake import Intake, Receipt, Submission
from app.ports.journal import AlertRecord, Journal
from app.ports.records import Records

NOTE = "asked for by flatten"


@dataclass(slots=True, kw_only=True)
class Target:
    """What one strategy has in one instrument. `quantity` is what would be closed, signed.

    `entries`: the alerts of which an order rests or which still wait; they would be canceled.
    `instrument`: its key in the account; empty while that is not known.
    """

    account: str
    strategy: str
    alert: Alert
    symbol: str
    instrument: str = ""
    quantity: Decimal = Decimal(0)
    entries: set[str] = field(default_factory=set[str])


@dataclass(frozen=True, slots=True)
class Foreign:
    """What is in the account and no fill of ours: it is never touched."""

    account: str
    symbol: str
    quantity: Decimal


@dataclass(slots=True)
class Findings:
    """What a flatten would do. `unreadable`: accounts whose broker did not tell what it holds."""

    targets: list[Target] = field(default_factory=list[Target])
    foreign: list[Foreign] = field(default_factory=list[Foreign])
    unreadable: list[str] = field(default_factory=list[str])


class Flatten:
    """Finds what is ours, and has it closed."""

    def __init__(self, journal: Journal, records: Records, intake: Intake) -> None:
        self._journal = journal
        self._records = records
        self._intake = intake

    def look(self, accounts: Sequence[Account], symbol: Ticker | None = None) -> Findings:
        """What there is in some accounts, of one symbol or of all. Nothing is changed."""
        findings = Findings()
        for account in accounts:
            self._look(account, symbol, findings)
        return findings

    def close(
        self, findings: Findings, *, request_id: str, note: str = NOTE, once: str | None = None
    ) -> Sequence[tuple[Target, Receipt]]:
        """Admit a close for everything that was found; the alert of each.

        It asks for a state, so that nothing makes it a repeat: it acts on what is held now, and a
        second one beside the first finds nothing left.

        Args:
            findings: what `look` found.
            request_id: of whoever asks for it.
            note: why.
            once: what makes another one a repeat, after all.

        Raises:
            JournalError: nothing was admitted.
        """
        if not findings.targets:
            return ()
        wanted = [_submission(target, request_id, note, once) for target in findings.targets]
        return list(zip(findings.targets, self._intake.admit(wanted), strict=True))

    def _look(self, account: Account, symbol: Ticker | None, findings: Findings) -> None:
        # The stakes are read first: what a leg closes meanwhile is then shown too large, not left.
        stakes = self._journal.stakes(account.name)
        held = _positions(account, findings)
        found: dict[tuple[str, ...], Target] = {}
        for target in (*self._stakes(account, stakes, held), *self._entries(account)):
            alert, place = target.alert, place_of(target.alert)
            ticker = Ticker.parse(alert.symbol, alert.exchange)
            if symbol is not None and symbol.key not in (ticker.key, place.name):
                continue
            known = found.setdefault((ticker.key, place.part, target.strategy), target)
            if known is not target:
                known.entries |= target.entries
        findings.targets += sorted(found.values(), key=lambda one: (one.symbol, one.strategy))
        findings.foreign += _foreign(account, stakes, held, symbol)

    def _stakes(
        self, account: Account, stakes: Sequence[Stake], held: dict[str, Position] | None
    ) -> Iterator[Target]:
        """What strategies hold, as far as it is still there."""
        for stake in stakes:
            position = held.get(stake.instrument) if held is not None else None
            quantity = stake.quantity
            if held is not None:
                there = position.quantity if position is not None else Decimal(0)
                quantity = Stakes(there, [stake]).own(stake.strategy)
            if not quantity:
                continue
            symbol = position.symbol if position is not None else stake.instrument
            model = self._records.traded_by(account.name, stake.instrument, stake.strategy)
            yield Target(
                account=account.name,
                strategy=stake.strategy,
                alert=_close(
                    account, stake.strategy, model or Alert(symbol=symbol), stake.instrument
                ),
                symbol=symbol,
                instrument=stake.instrument,
                quantity=quantity,
            )

    def _entries(self, account: Account) -> Iterator[Target]:
        """Entries that rest at the broker, and alerts that have not come to an order."""
        for order in self._journal.unsettled_orders(account.name):
            record = self._journal.alert(order.alert_id) if is_entry(order) else None
            if record is not None:
                yield _entry(account, order.strategy, record, order.symbol, order.instrument)
        for record in self._journal.open_alerts(account.name):
            if not record.alert.only_reduces:
                yield _entry(account, record.alert.strategy or "", record, record.alert.symbol)


def _positions(account: Account, findings: Findings) -> dict[str, Position] | None:
    """What the broker holds; None when it cannot be read, and then the journal's word counts."""
    try:
        return {position.instrument: position for position in account.broker.positions()}
    except BrokerError:
        findings.unreadable.append(account.name)
        return None


def _foreign(
    account: Account,
    stakes: Sequence[Stake],
    held: dict[str, Position] | None,
    symbol: Ticker | None,
) -> Iterator[Foreign]:
    for instrument, position in (held or {}).items():
        if symbol is not None and Ticker.parse(position.symbol).key != symbol.key:
            continue
        mine = [stake for stake in stakes if stake.instrument == instrument]
        whole = Stakes(position.quantity, mine)
        ours = sum((whole.own(stake.strategy) for stake in mine), Decimal(0))
        rest = position.quantity - ours
        if rest * position.quantity > 0:
            yield Foreign(account.name, position.symbol, rest)


def _entry(
    account: Account, strategy: str, record: AlertRecord, symbol: str, instrument: str = ""
) -> Target:
    return Target(
        account=account.name,
        strategy=strategy,
        alert=_close(account, strategy, record.alert, instrument),
        symbol=symbol,
        instrument=instrument,
        entries={record.alert_id},
    )


def _close(account: Account, strategy: str, model: Alert, instrument: str) -> Alert:
    """The close of what an alert traded: the same instrument, and nothing else of it.

    An option or a future is named by itself: its alert would be about another one by now.
    """
    if wish_named(Ticker.parse(instrument)) is not None:
        model = replace(
            model, symbol=instrument, exchange=None, strike=None, option_type=None, expiry=None
        )
    return Alert(
        action=Action.CLOSE,
        symbol=model.symbol,
        exchange=model.exchange,
        timeframe=model.timeframe,
        product_type=model.product_type,
        strike=model.strike,
        option_type=model.option_type,
        expiry=model.expiry,
        account=account.name,
        strategy=strategy or None,
        sent={"action": Action.CLOSE.value, "symbol": model.symbol},
    )


def _submission(target: Target, request_id: str, note: str, once: str | None) -> Submission:
    body = {
        "action": Action.CLOSE.value,
        "symbol": target.alert.symbol,
        "account": target.account,
        "strategy": target.strategy,
        "comment": note,
    }
    part = f"#{target.account}:{target.alert.symbol}:{target.strategy}"
    return Submission(
        alert=replace(target.alert, notes=(note,)),
        raw=json.dumps(body),
        canonical=json.dumps(body),
        scope="",
        request_id=request_id,
        header=once,
        part=part,
        by_owner=True,
    )
