"""What looks after the sheet in the background, in one process of many. No order waits for it."""

import logging
from collections.abc import Callable
from datetime import timedelta

from app.adapters.playbook.sheets.copy import SheetCopy
from app.adapters.playbook.sheets.dashboard import Dashboard
from app.adapters.playbook.sheets.heading import CONFIG, PERFORMANCE
from app.adapters.playbook.sheets.pace import Pace
from app.adapters.playbook.sheets.sync import Sync
from app.domain.errors import PlaybookError, PlaybookRefused
from app.ports.clock import Clock

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds between two looks for words that the sheet does not show, and so between two writes."""
FIRST_FIGURES = 60.0
GOOGLE = "Google"
"""What trouble is of that is of no tab."""
PATIENCE = 300.0
"""Seconds of trouble that may pass by itself, until the owner is told."""

Tell = Callable[[str, str | None], None]


class Trouble:
    """Trouble with one tab, or with all of it. `tell` hears why, once, and None when it is over."""

    def __init__(self, of: str, tell: Tell, patience: float) -> None:
        self._of = of
        self._tell = tell
        self._patience = patience
        self._since: float | None = None
        self._is_told = False

    def note(self, error: PlaybookError, now: float) -> None:
        """It failed again."""
        log.warning("the sheet failed", extra={"of": self._of, "why": str(error)})
        self._since = now if self._since is None else self._since
        if not self._is_told and now - self._since >= self._patience:
            self._tell(self._of, str(error))
            self._is_told = True

    def over(self) -> None:
        """All is well."""
        if self._is_told:
            self._tell(self._of, None)
        self._since, self._is_told = None, False


class Tab:
    """A tab: when it is looked after next, and what is wrong with it that a person has to mend."""

    def __init__(self, title: str, tell: Tell, first: float = float("-inf")) -> None:
        self.pace = Pace(first)
        self.trouble = Trouble(title, tell, patience=0)


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
        self._config = Tab(CONFIG, tell)
        self._figures = Tab(PERFORMANCE, tell, clock.monotonic() + FIRST_FIGURES)
        self._trouble = Trouble(GOOGLE, tell, PATIENCE)
        self._asked_at = float("-inf")

    def show_now(self) -> None:
        """Write the figures because somebody asks for it; who asks soon again, hears it later.

        Raises:
            PlaybookError: it could not be done.
        """
        pace, now = self._figures.pace, self._clock.monotonic()
        if now - self._asked_at < LOOK_EVERY:
            pace.due = min(pace.due, self._asked_at + LOOK_EVERY)
            return
        self._asked_at = now
        with self._sync.alone():
            self._dashboard.write()

    def turn(self) -> None:
        """Do what is due."""
        now = self._clock.monotonic()
        if now < min(self._config.pace.due, self._figures.pace.due):
            return
        if not self._leads():
            self._sync.forget()
            self._config.pace.done(now, LOOK_EVERY)
        else:
            self._try(self._config, self._look, LOOK_EVERY)
            self._try(self._figures, self._show, self._figures_every)

    def _look(self) -> bool:
        """Whether Google was asked."""
        if not self._sync.behind():
            return False
        try:
            self._sync.run()
        except PlaybookError as error:
            self._copy.note_trouble(str(error))
            raise
        return True

    def _show(self) -> bool:
        with self._sync.lock:
            self._dashboard.write()
        return True

    def _try(self, tab: Tab, work: Callable[[], bool], every: float) -> None:
        """Do the work of a tab, if it is due, and again after a while if it fails."""
        if self._clock.monotonic() < tab.pace.due:
            return
        tab.pace.failed(self._clock.monotonic())
        try:
            asked = work()
        except PlaybookRefused as error:
            self._trouble.over()
            tab.trouble.note(error, self._clock.monotonic())
        except PlaybookError as error:
            self._trouble.note(error, self._clock.monotonic())
        else:
            if asked:
                self._trouble.over()
                tab.trouble.over()
            tab.pace.done(self._clock.monotonic(), every)
