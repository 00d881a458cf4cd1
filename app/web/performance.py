"""Figures of closed trades: the short ones of the sheet, and all of them."""

from flask import Blueprint, Response, jsonify

from app.domain.tally import Tally
from app.engine.performance import Performance
from app.engine.services import Services
from app.web import answers
from app.web.described import described
from app.web.results import number
from app.web.schemas import PerformanceQuery, read_query, utc


def performance_blueprint(services: Services) -> Blueprint:
    """`/performance` and `/api/v1/performance`."""
    blueprint = Blueprint("performance", __name__)
    performance = services.performance

    @blueprint.get("/performance")
    @described("Figures of closed trades", answers.Performance, query=PerformanceQuery)
    def short() -> Response:
        figures = performance.figures(_wanted(services))
        symbols: list[answers.SymbolTally] = [
            {"symbol": name, **_tally(tally)} for name, tally in sorted(figures.symbols.items())
        ]
        return jsonify({"symbols": symbols, "total": _tally(figures.total)})

    @blueprint.get("/api/v1/performance")
    @described(
        "All figures of closed trades, by symbol and strategy, and ratios by account",
        answers.AllFigures,
        query=PerformanceQuery,
    )
    def full() -> Response:
        wanted = _wanted(services)
        figures = performance.figures(wanted)
        accounts = [wanted] if wanted is not None else services.accounts.names
        shown: answers.AllFigures = {
            "symbols": [
                {"symbol": name, **_figures(tally)}
                for name, tally in sorted(figures.symbols.items())
            ],
            "strategies": [
                {"strategy": name, **_figures(tally)}
                for name, tally in sorted(figures.strategies.items())
            ],
            "total": _figures(figures.total),
            "ratios": [_ratios(performance, account) for account in accounts],
        }
        return jsonify(shown)

    return blueprint


def _wanted(services: Services) -> str | None:
    """The account that is asked for; the ledger is counted anew before if that is asked for too."""
    query = read_query(PerformanceQuery, accounts=services.accounts)
    if query.refresh:
        services.performance.refresh()
    return query.account


def _tally(tally: Tally) -> answers.Tally:
    return {
        "total_trades": tally.total_trades,
        "winning_trades": tally.winning_trades,
        "losing_trades": tally.losing_trades,
        "win_rate": number(tally.win_rate),
        "total_pnl": number(tally.total_pnl),
        "avg_pnl_per_trade": number(tally.average_pnl),
        "best_trade": number(tally.best_trade),
        "worst_trade": number(tally.worst_trade),
        "last_updated": utc(tally.last_updated),
    }


def _figures(tally: Tally) -> answers.Figures:
    drawdown, factor, streaks = tally.max_drawdown, tally.profit_factor, tally.streaks
    streak, wins, losses = streaks or (None, None, None)
    return {
        **_tally(tally),
        "gross_profit": number(tally.gross_profit),
        "gross_loss": number(tally.gross_loss),
        "fees": number(tally.total_fees),
        "avg_win": number(tally.average_win),
        "avg_loss": number(tally.average_loss),
        "profit_factor": None if factor is None else number(factor),
        "max_drawdown": None if drawdown is None else number(drawdown),
        "streak": streak,
        "longest_winning_streak": wins,
        "longest_losing_streak": losses,
    }


def _ratios(performance: Performance, account: str) -> answers.AccountRatios:
    ratios = performance.ratios(account)
    return {
        "account": account,
        "days": ratios.days,
        "sharpe": ratios.sharpe,
        "sortino": ratios.sortino,
        "sharpe_tradingview": ratios.sharpe_tradingview,
        "sortino_tradingview": ratios.sortino_tradingview,
    }
