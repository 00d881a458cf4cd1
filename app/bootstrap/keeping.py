"""What keeps things: the playbook and its sheet, backups, lists of instruments."""

from functools import partial
from pathlib import Path

from app.adapters.brokers.registry import Resources
from app.adapters.clock import zone
from app.adapters.instruments.master import SymbolMaster
from app.adapters.instruments.refresh import Refresher
from app.adapters.journal.backup import Backups, Rules
from app.adapters.playbook.local import LocalPlaybook
from app.adapters.playbook.sheets.sheet import Sheet, SheetOptions, SheetResources, open_sheet
from app.adapters.sql import Database
from app.bootstrap.server import Lists
from app.bootstrap.telling import tell_of_backup, tell_of_lists, tell_of_rows, tell_of_sheet
from app.config import Settings
from app.engine.accounts import Accounts
from app.engine.ownership import Ownership
from app.engine.performance import Performance
from app.ports.clock import Clock
from app.ports.journal import Journal
from app.ports.playbook import Playbook


def sheet_of(
    settings: Settings,
    resources: Resources,
    accounts: Accounts,
    performance: Performance,
    journal: Journal,
    ownership: Ownership,
) -> Sheet | None:
    """The sheet of the settings; also where only `sheets init` will need it."""
    if settings.google_sheet_id is None:
        return None
    sheet = open_sheet(
        SheetOptions(
            sheet_id=settings.google_sheet_id,
            url=settings.sheets_api_url,
            credentials=settings.google_application_credentials,
            zone=zone(settings.sheet_timezone),
            figures_every=settings.performance_interval,
        ),
        SheetResources(
            database=resources.database,
            clock=resources.clock,
            budgets=resources.budgets,
            accounts=accounts,
            figures=lambda: performance.figures().symbols,
            leads=ownership.leads,
            tell_trouble=partial(tell_of_sheet, journal, resources.clock),
            tell_refused=partial(tell_of_rows, journal, resources.clock),
        ),
    )
    if settings.playbook == "google_sheets":
        performance.write_back = sheet.background.show_now
    return sheet


def playbook_of(settings: Settings, sheet: Sheet | None, database: Database) -> Playbook:
    """The rows: in the sheet, or in the database."""
    if sheet is None or settings.playbook != "google_sheets":
        return LocalPlaybook(database)
    return sheet.playbook


def backups_of(settings: Settings, database: Path, journal: Journal, clock: Clock) -> Backups:
    """Backups as the settings want them."""
    rules = Rules(
        every=settings.backup_interval or None,
        keep=settings.backup_keep,
        days=settings.backup_days,
    )
    return Backups(database, rules, clock, lambda why: tell_of_backup(journal, clock, why))


def lists_of(settings: Settings, database: Path, journal: Journal, clock: Clock) -> Lists:
    """The lists of instruments; kept new where an account needs them."""
    master, url = SymbolMaster(database.parent), settings.symbols_url
    if url is None:
        return Lists(master, None)
    tell = partial(tell_of_lists, journal, clock)
    return Lists(master, Refresher(database.parent, url, clock, tell))
