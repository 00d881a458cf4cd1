"""What looks after the sheet in the background, in one process of many. No order waits for it."""

import logging
from collections.abc import Callable
from datetime import timedelta

from app.adapters.playbook.sheets.copy import SheetCopy
from app.adapters.playbook.sheets.dashboard import Dashboard
from app.adapters.playbook.sheets.heading import CONFIG, PERFORMANCE
from app.adapters.playbook.sheets.pace import Pace
from app.adapters.playbook.sheets.sync import Sync
from app.domain.errors import JournalError, PlaybookError, PlaybookRefused
from app.ports.clock import Clock

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds between two looks for words that the sheet does not show, and so between two writes."""
FIRST_FIGURES = 60.0
PATIENCE = 300.0
"""Seconds of trouble that may pass by itself, until the owner is told."""

Tell = Callable[[str, str | None], None]


class Trouble:
    """Trouble with one tab. `tell` hears its name and why, once, and None when it is over."""

    def __init__(self, tab: str, tell: Tell) -> None:
        self._tab = tab
        self._tell = tell
        self._since: float | None = None
        self._is_told = False

    def note(self, error: PlaybookError, now: float) -> None:
        """It failed again."""
        log.warning("the sheet failed", extra={"tab": self._tab, "why": str(error)})
        self._since = now if self._since is None else self._since
        lasting = isinstance(error, PlaybookRefused) or now - self._since >= PATIENCE
        if lasting and not self._is_told:
            self._tell(self._tab, str(error))
            self._is_told = True

    def over(self) -> None:
        """All is well."""
        if self._is_told:
            self._tell(self._tab, None)
        self._since, self._is_told = None, False


class Background:
    """Runs the sync and the dashboard when they are due. `leads`: whether that is ours to do."""

    def __init__(  # noqa: PLR0913  # two tabs, one pace for each, and who does it
        self,
        sync: Sync,
        dashboard: Dashboard,
        copy: SheetCopy,
        clock: Clock,
        *,
        leads: Callable[[], bool],
        tell: Tell,
        figures_every: timedelta,
    ) -> None:
        self._sync = sync
        self._dashboard = dashboard
        self._copy = copy
        self._clock = clock
        self._leads = leads
        self._figures_every = figures_every.total_seconds()
        self._config_pace = Pace()
        self._figures_pace = Pace(clock.monotonic() + FIRST_FIGURES)
        self._config_trouble = Trouble(CONFIG, tell)
        self._figures_trouble = Trouble(PERFORMANCE, tell)

    def turn(self) -> None:
        """Do what is due."""
        now = self._clock.monotonic()
        if now < min(self._config_pace.due, self._figures_pace.due):
            return
        if not self._leads():
            self._sync.forget()
            self._config_pace.done(now, LOOK_EVERY)
            return
        if now >= self._config_pace.due:
            self._look()
        if now >= self._figures_pace.due:
            self._show()

    def _look(self) -> None:
        try:
            if self._sync.behind():
                self._sync.run()
                self._config_trouble.over()
        except JournalError:
            self._config_pace.failed(self._clock.monotonic())
            raise
        except PlaybookError as error:
            now = self._clock.monotonic()
            self._config_pace.failed(now)
            self._copy.note_trouble(str(error))
            self._config_trouble.note(error, now)
        else:
            self._config_pace.done(self._clock.monotonic(), LOOK_EVERY)

    def _show(self) -> None:
        try:
            with self._sync.lock:
                self._dashboard.write()
        except JournalError:
            self._figures_pace.failed(self._clock.monotonic())
            raise
        except PlaybookError as error:
            now = self._clock.monotonic()
            self._figures_pace.failed(now)
            self._figures_trouble.note(error, now)
        else:
            self._figures_pace.done(self._clock.monotonic(), self._figures_every)
            self._figures_trouble.over()
