"""The Trade Router: an alert and what is held become a signal, or a reason why not.

Trading-rules 6 to 11, 14, 17 and 20 are decided here. Pure: it reads nothing and changes nothing.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.alert import Action, Alert, Amount, AmountUnit
from app.domain.decision import (
    Denial,
    Denied,
    Note,
    Noted,
    Refusal,
    Signal,
    Skip,
    Skipped,
    TradeType,
)
from app.domain.instrument import AssetClass
from app.domain.order import Side
from app.domain.position import Direction
from app.domain.strategy import AfterStop, Sides, Strategy, Sync
from app.domain.ticks import floor_to_step

ALL = Amount(Decimal(100), AmountUnit.PERCENT_OF_POSITION)
PERCENTS = (AmountUnit.PERCENT, AmountUnit.PERCENT_OF_POSITION)
ENTRY_UNITS = (AmountUnit.PERCENT_OF_EQUITY, AmountUnit.RISK_CASH)
"""What sizes entries only: beside a close it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the router judges an alert against. Quantities in units, negative when short.

    `held` is the strategy's own, `foreign` what else there is, `unexplained` the part of the
    position that no fill in the journal accounts for. `can_short`: it can be sold short there.
    `newcomer`: the strategy never traded it. `grid`: what its quantities are multiples of.
    `stopped`: which way the position looked that a leg closed, while its own exit may still come.
    """

    asset_class: AssetClass
    held: Decimal
    strategy: Strategy | None
    can_short: bool
    foreign: Decimal = Decimal(0)
    unexplained: Decimal = Decimal(0)
    newcomer: bool = False
    stopped: Direction | None = None
    grid: Decimal = Decimal(0)

    @property
    def sides(self) -> Sides:
        """Which positions may be opened: the row's word, else both where the broker can short."""
        if self.strategy is not None and self.strategy.sides is not None:
            return self.strategy.sides
        return Sides.BOTH if self.can_short else Sides.LONG

    @property
    def sync(self) -> Sync:
        """What is done about a position that the alert did not know."""
        return self.strategy.sync if self.strategy is not None else Sync.RESYNC

    @property
    def after_stop(self) -> AfterStop:
        """What an opposite alert means after a leg closed the position."""
        return self.strategy.after_stop if self.strategy is not None else AfterStop.SKIP

    @property
    def word(self) -> str:
        """What is held, in the alert's words."""
        return "flat" if not self.held else "long" if self.held > 0 else "short"

    def differs_from(self, alert: Alert) -> bool:
        """Whether the alert knew another position than the one that is held."""
        return alert.prev_market_position not in (None, self.word)


class TradeRouter:
    """Finds out what an alert means: asset class, trade type, side, how much goes and comes."""

    def route(self, alert: Alert, now: Situation) -> Signal | Refusal:
        """The signal of an alert in a situation."""
        strategy = now.strategy
        if strategy is not None and not strategy.active and not alert.only_reduces:
            return Skipped(Skip.INACTIVE, f"the row of {strategy.symbol} is not active")
        if alert.action is None:
            return Noted(Note.NO_ACTION, "the message names no side")
        if alert.action is Action.CANCEL:
            return Signal(asset_class=now.asset_class, trade_type=TradeType.CANCEL, side=None)
        meant = _move(alert, now)
        return _bar(meant, now) if isinstance(meant, Signal) else meant


def _bar(signal: Signal, now: Situation) -> Signal | Denied:
    """What is not the strategy's is never sold, not by an entry of the other side (rule 17)."""
    if not signal.enters or signal.side is None or now.foreign * signal.side.sign >= 0:
        return signal
    others = f"{now.foreign.normalize():f} held there"
    why = f"{others} is not this strategy's, and is not traded against"
    return _close_only(signal, Denied(Denial.FOREIGN_POSITION, why))


def _close_only(signal: Signal, why: Denied) -> Signal | Denied:
    """What forbids an entry does not hold back the close before it."""
    return replace(signal, barred=why) if signal.reduces else why


def _move(alert: Alert, now: Situation) -> Signal | Refusal:
    if alert.closes is not None and alert.closes != now.word:
        return _nothing_held(now)
    late = _late_exit_of(alert, now)
    if late is not None:
        word = late.value.lower()
        why = f"a protective order closed the {word} position; this is taken for its own exit"
        return Skipped(Skip.STOPPED_OUT, why)
    if now.differs_from(alert):
        return _out_of_sync(alert, now)
    return _as_meant(alert, now)


def _late_exit_of(alert: Alert, now: Situation) -> Direction | None:
    """The position that the alert is TradingView's own exit of, after our leg was faster (rule 7).

    It is no entry of the other side, unless it says so or the row wants that traded.
    """
    exits = {Action.SELL: Direction.LONG, Action.BUY: Direction.SHORT}
    if now.held or now.stopped is not exits.get(alert.action or Action.ADD):
        return None
    return None if alert.names_position or now.after_stop is not AfterStop.SKIP else now.stopped


def _out_of_sync(alert: Alert, now: Situation) -> Signal | Refusal:
    """The position is not the one that the alert knew: the row says what is done (rule 20)."""
    if now.sync is Sync.RESYNC:
        return _resync(alert, now)
    meant = _as_meant(alert, now)
    enters = isinstance(meant, Signal) and meant.enters
    if now.sync is Sync.FLATTEN and now.held:
        return _close(now, ALL)
    if now.sync is Sync.IGNORE or not (isinstance(meant, Signal) and enters):
        return meant
    return _close_only(meant, _lost(alert, now))


def _resync(alert: Alert, now: Situation) -> Signal | Refusal:
    """Toward the wanted position by reducing only, unless the alert itself goes there (rule 20)."""
    wanted = _wanted(alert)
    opposite = now.held != 0 and wanted in ("long", "short") and now.word != wanted
    if alert.only_reduces:
        return _close(now, ALL) if opposite else _as_meant(alert, now)
    if wanted == alert.prev_market_position:
        lost = _lost(alert, now)
        side = Side.BUY if wanted == "long" else Side.SELL
        return _close_only(_reversal(now, side), lost) if opposite else lost
    if wanted == now.word and alert.position_size is None:
        return _already(now.held)
    return _as_meant(alert, now)


def _wanted(alert: Alert) -> str:
    """The position that an alert leads to, in words."""
    if alert.position_word is not None:
        return alert.position_word
    before = alert.prev_market_position or "flat"
    if alert.position_size:
        return "long" if alert.position_size > 0 else "short"
    turned = {"long": "short", "short": "long"}
    by_action = {Action.BUY: "long", Action.SELL: "short", Action.ADD: before}
    return by_action.get(alert.action or Action.CLOSE, turned.get(before, "flat"))


def _lost(alert: Alert, now: Situation) -> Denied:
    knew = f"the alert knew a {alert.prev_market_position} position"
    return Denied(Denial.OUT_OF_SYNC, f"{knew}, and {now.word} is what this strategy is")


def _as_meant(alert: Alert, now: Situation) -> Signal | Refusal:
    if alert.position_size is not None:
        return _to_target(alert, now)
    if alert.action is Action.CLOSE or alert.position_word == "flat":
        return _close(now, _share(alert) if alert.action is Action.CLOSE else ALL)
    if alert.action is Action.REVERSE:
        return _turn(alert, now)
    if alert.action is Action.ADD:
        return _add(alert, now)
    return _by_side(alert, now)


def _by_side(alert: Alert, now: Situation) -> Signal | Refusal:
    """BUY goes long, SELL goes short, the opposite is closed first, within the position words."""
    side = Side.BUY if alert.action is Action.BUY else Side.SELL
    if alert.opposes_its_position:
        return _only_reduce(alert, now, side)
    if now.held * side.sign > 0:
        return _grow(alert, now, side)
    if now.held == 0:
        if alert.quantity is not None and alert.quantity.unit is AmountUnit.PERCENT_OF_POSITION:
            return _nothing_held(now)
        return _enter(now, side, _new_size(alert, now, side))
    return _against(alert, now, side)


def _only_reduce(alert: Alert, now: Situation, side: Side) -> Signal | Refusal:
    """The words name the other side: this order takes something off and never crosses (rule 6)."""
    if now.held * side.sign >= 0:
        return _nothing_held(now)
    if alert.quantity is None or alert.quantity.unit in ENTRY_UNITS:
        return Denied(
            Denial.AMBIGUOUS_QUANTITY,
            f"{side.value} while the position stays {alert.position_word}: how much is not said",
        )
    return _close(now, alert.quantity)


def _grow(alert: Alert, now: Situation, side: Side) -> Signal | Refusal:
    pyramiding = now.strategy is not None and now.strategy.pyramiding
    if alert.wants_state or not pyramiding:
        return _already(now.held)
    return _enter(now, side, _new_size(alert, now, side), TradeType.ADD)


def _against(alert: Alert, now: Situation, side: Side) -> Signal | Refusal:
    """An order against what is held: a percentage only reduces (rule 10), else it turns.

    An option is never turned: a sell is the exit of what was bought, a buy of what was written, and
    which side the chart's position has says nothing of the option's (rule 29).
    """
    if alert.quantity is not None and alert.quantity.unit in PERCENTS:
        return _close(now, alert.quantity)
    if now.asset_class is AssetClass.OPTION:
        return _close(now, _share(alert))
    if not now.sides.allow(side) and alert.position_word is None:
        return _close(now, _share(alert))
    signal = _reverse(now, side, _new_size(alert, now, side))
    if alert.position_is_unusable and isinstance(signal, Signal):
        # It may be an exit of a part: nothing is entered, and no more taken off than it says.
        return replace(signal, reduce=_share(alert))
    return signal


def _new_size(alert: Alert, now: Situation, side: Side) -> Amount | Denied | None:
    """The new entry's size: TradingView's contracts are old + new on a reversal (rule 8)."""
    quantity = alert.quantity
    if quantity is None or quantity.unit is not AmountUnit.UNITS:
        return quantity
    if alert.prev_market_position != ("short" if side is Side.BUY else "long"):
        return quantity
    previous = alert.prev_position_size
    if previous is None:
        previous = now.held if now.held * side.sign < 0 else Decimal(0)
    old = abs(previous)
    if quantity.value <= old:
        return Denied(
            Denial.AMBIGUOUS_QUANTITY,
            f"quantity {quantity.value} does not exceed the {old} that the reversal closes",
        )
    return Amount(quantity.value - old)


def _to_target(alert: Alert, now: Situation) -> Signal | Refusal:
    """Trade the difference to the target position, crossing zero through flat (rule 9)."""
    target = _signed_target(alert)
    if isinstance(target, Denied):
        return target
    if target == 0:
        return _close(now, ALL)
    target = _on_grid(target, now.grid)
    if target == now.held:
        return _already(now.held)
    change = Amount(abs(target - now.held))
    if now.held * target > 0 and abs(target) < abs(now.held):
        return replace(_exit(now, change), target=target)
    if alert.only_reduces:
        return _toward(target, now)
    side = Side.BUY if target > now.held else Side.SELL
    if now.held * target < 0:
        return _reverse(now, side, Amount(abs(target)))
    return _enter(now, side, change, TradeType.ADD if now.held else TradeType.ENTRY)


def _on_grid(target: Decimal, grid: Decimal) -> Decimal:
    """A target that can be held, as an account's share of one may not be; never none at all."""
    floored = floor_to_step(abs(target), grid) if grid else abs(target)
    return floored.copy_sign(target) if floored else target


def _toward(target: Decimal, now: Situation) -> Signal | Refusal:
    """What an alert that only reduces can do for a target beyond what is held (rules 6 and 20)."""
    if now.held * target > 0:
        return Noted(Note.AT_TARGET, f"{now.held} held, {target} wanted: nothing to take off")
    return _close(now, ALL)


def _signed_target(alert: Alert) -> Decimal | Denied:
    target, word = alert.position_size or Decimal(0), alert.position_word
    opposite = (word == "long" and target < 0) or (word == "short" and target > 0)
    if opposite or (word == "flat" and target != 0):
        return Denied(Denial.CONFLICT, f"position_size {target} contradicts {word}")
    return target


def _turn(alert: Alert, now: Situation) -> Signal | Refusal:
    if now.held == 0:
        return Denied(Denial.NO_POSITION, "there is no position to reverse")
    if alert.position_word == now.word:
        return _already(now.held)
    side = Side.SELL if now.held > 0 else Side.BUY
    return _reverse(now, side, _new_size(alert, now, side) or Amount(abs(now.held)))


def _add(alert: Alert, now: Situation) -> Signal | Refusal:
    """`add` grows the position in its own direction (rule 11)."""
    if now.held == 0:
        return Denied(Denial.NO_POSITION, "there is no position to add to")
    if alert.position_word not in (None, now.word):
        detail = f"it adds to a {alert.position_word} position, and a {now.word} one is held"
        return Denied(Denial.CONFLICT, detail)
    side = Side.BUY if now.held > 0 else Side.SELL
    return _enter(now, side, alert.quantity, TradeType.ADD)


def _enter(
    now: Situation, side: Side, size: Amount | Denied | None, kind: TradeType = TradeType.ENTRY
) -> Signal | Denied:
    if isinstance(size, Denied):
        return size
    return Signal(asset_class=now.asset_class, trade_type=kind, side=side, size=size)


def _reverse(now: Situation, side: Side, size: Amount | Denied | None) -> Signal | Denied:
    return size if isinstance(size, Denied) else _reversal(now, side, size)


def _reversal(now: Situation, side: Side, size: Amount | None = None) -> Signal:
    return Signal(
        asset_class=now.asset_class,
        trade_type=TradeType.REVERSE,
        side=side,
        reduce=ALL,
        size=size,
    )


def _close(now: Situation, share: Amount) -> Signal | Refusal:
    return _exit(now, share) if now.held else _nothing_held(now)


def _exit(now: Situation, share: Amount) -> Signal:
    side = Side.SELL if now.held > 0 else Side.BUY
    return Signal(asset_class=now.asset_class, trade_type=TradeType.EXIT, side=side, reduce=share)


def _share(alert: Alert) -> Amount:
    """How much a close takes: all, unless it says less. An unusable quantity closes all."""
    quantity = alert.quantity
    return ALL if quantity is None or quantity.unit in ENTRY_UNITS else quantity


def _already(held: Decimal) -> Skipped:
    if held > 0:
        return Skipped(Skip.ALREADY_LONG, f"{held} held already")
    return Skipped(Skip.ALREADY_SHORT, f"{-held} sold short already")


def _nothing_held(now: Situation) -> Noted:
    if now.held == 0 and now.foreign:
        others = f"{now.foreign.normalize():f} is not its own"
        return Noted(Note.NO_POSITION, f"this strategy has nothing there to close ({others})")
    if now.held == 0:
        return Noted(Note.NO_POSITION, "there is nothing to close")
    return Noted(Note.NO_POSITION, f"nothing is held on the side to be reduced (held {now.held})")
