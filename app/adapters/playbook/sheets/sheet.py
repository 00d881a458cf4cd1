"""Opens a sheet: the rooms of this folder, put together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from functools import cache
from pathlib import Path

from app.adapters.playbook.sheets.background import Background
from app.adapters.playbook.sheets.copy import SheetCopy
from app.adapters.playbook.sheets.dashboard import Dashboard, Figures
from app.adapters.playbook.sheets.editor import Editor
from app.adapters.playbook.sheets.playbook import SheetPlaybook
from app.adapters.playbook.sheets.sync import Sync
from app.adapters.playbook.sheets.wire import Wire
from app.adapters.sql import Database
from app.engine.accounts import Accounts
from app.ports.budget import Budgets
from app.ports.clock import Clock
from app.ports.playbook import RefusedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetOptions:
    """Which sheet, where Google is and how it knows us; what is written into it, and how often."""

    sheet_id: str
    url: str
    credentials: Path | None
    zone: tzinfo
    figures_every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetResources:
    """What a sheet is lent.

    `figures` are those of closed trades by symbol. `leads`: whether this process looks after what
    one does for all. `tell_trouble` hears what is wrong with a tab or Google, None when it is over;
    `tell_refused` of rows that are newly refused.
    """

    database: Database
    clock: Clock
    budgets: Budgets
    accounts: Accounts
    figures: Figures
    leads: Callable[[], bool]
    tell_trouble: Callable[[str, str | None], None]
    tell_refused: Callable[[Sequence[RefusedRow]], None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open sheet: the port, what looks after it, and what `sheets init` asks."""

    playbook: SheetPlaybook
    background: Background
    editor: Editor


def open_sheet(options: SheetOptions, lent: SheetResources) -> Sheet:
    """A sheet; nothing is asked of Google yet."""
    wire = _wire(options, lent.budgets)
    copy = SheetCopy(lent.database, options.sheet_id)
    sync = Sync(wire, copy, lent.accounts, lent.clock, options.zone, lent.tell_refused)
    editor = Editor(wire, sync, copy)
    background = Background(
        sync,
        Dashboard(wire, lent.figures, lent.clock, options.zone),
        copy,
        lent.clock,
        leads=lent.leads,
        tell=lent.tell_trouble,
        figures_every=options.figures_every,
    )
    return Sheet(SheetPlaybook(copy, editor), background, editor)


def _wire(options: SheetOptions, budgets: Budgets) -> Callable[[], Wire]:
    """The way to Google, made when it is first needed: gspread takes its time to load."""

    @cache
    def wire() -> Wire:
        from app.adapters.playbook.sheets.google import GoogleWire

        return GoogleWire(options.sheet_id, options.credentials, options.url, budgets)

    return wire
