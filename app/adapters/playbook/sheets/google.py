"""The wire on gspread. This module is imported when it is first needed: gspread takes its time."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import gspread
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.service_account import Credentials
from gspread.exceptions import APIError, GSpreadException, SpreadsheetNotFound, WorksheetNotFound
from gspread.utils import ValueInputOption, ValueRenderOption, rowcol_to_a1
from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter

from app.adapters.playbook.sheets.batch import batched
from app.adapters.playbook.sheets.heading import INIT
from app.adapters.playbook.sheets.wire import Cells, Patch
from app.domain.errors import (
    BrokerUnavailable,
    PlaybookError,
    PlaybookRefused,
    PlaybookUnavailable,
)
from app.domain.rates import Purpose, Rate
from app.ports.budget import Budgets

GOOGLE = "https://sheets.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/spreadsheets"
CONNECT_SECONDS, READ_SECONDS = 3.05, 10.0
QUOTA = Rate(55, 60.0)
"""Of the 60 reads, and as many writes, that Google gives a service account each minute."""
NOT_OURS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
SHARE = "Google does not show us the sheet: share it with the e-mail address of the service account"
LONGEST = 200

_ServiceAccount: Any = Credentials  # google-auth has no types here
_Authorized: Any = AuthorizedSession


class GoogleWire:
    """One spreadsheet at Google, or at a server that stands there for it.

    It is not for several threads at a time. `credentials` None: the server asks for none.
    """

    def __init__(self, sheet_id: str, credentials: Path | None, url: str, budgets: Budgets) -> None:
        self._sheet_id = sheet_id
        self._credentials = credentials
        self._url = url.rstrip("/").removesuffix("/v4")
        self._reads = budgets.of("sheets-reads", [QUOTA])
        self._writes = budgets.of("sheets-writes", [QUOTA])
        self._client: gspread.Client | None = None
        self._book: gspread.Spreadsheet | None = None
        self._tabs: dict[str, gspread.Worksheet] = {}

    def read(self, tab: str, *, as_shown: bool = False) -> Cells:
        """All cells of a tab."""
        shown = ValueRenderOption.formatted if as_shown else ValueRenderOption.unformatted
        with self._told():
            return cast("Cells", self._tab(tab).get(value_render_option=shown))

    def write(self, tab: str, patches: Sequence[Patch]) -> None:
        """Write cells, in one request; before it the tab grows, if it must."""
        with self._told():
            sheet = self._tab(tab)
            self._grow(sheet, patches)
            sheet.batch_update(
                [{"range": _range(patch), "values": patch.cells} for patch in batched(patches)],
                value_input_option=ValueInputOption.raw,
            )

    def delete_row(self, tab: str, number: int) -> None:
        """Take a row out."""
        with self._told():
            self._tab(tab).delete_rows(number)

    def make(self, tab: str) -> bool:
        """Add a tab when there is none of that title."""
        with self._told():
            book = self._opened()
            self._tabs = {sheet.title: sheet for sheet in book.worksheets()}
            if tab in self._tabs:
                return False
            self._tabs[tab] = book.add_worksheet(tab, rows=1000, cols=26)
            return True

    def _tab(self, title: str) -> gspread.Worksheet:
        """A tab; its object is kept, because to find it costs a request."""
        if title not in self._tabs:
            self._tabs = {sheet.title: sheet for sheet in self._opened().worksheets()}
        if title not in self._tabs:
            raise WorksheetNotFound(title)
        return self._tabs[title]

    def _opened(self) -> gspread.Spreadsheet:
        if self._client is None:
            self._client = self._connect()
        if self._book is None:
            self._book = self._client.open_by_key(self._sheet_id)
        return self._book

    def _connect(self) -> gspread.Client:
        session = _patient(Session())
        if self._credentials is not None:
            account = self._account(self._credentials)
            session = _patient(_Authorized(account, auth_request=Request(session)))
        session.mount(GOOGLE, _Door(self._url, self._spend))
        client = gspread.Client(cast("Any", None), session)
        client.set_timeout((CONNECT_SECONDS, READ_SECONDS))
        return client

    def _account(self, file: Path) -> Any:
        try:
            return _ServiceAccount.from_service_account_file(str(file), scopes=[SCOPE])
        except OSError as error:
            why = error.strerror
        except (ValueError, LookupError) as error:
            why = _short(error)
        raise self._refused(f"the file of the service account is no good: {why}")

    def _grow(self, sheet: gspread.Worksheet, patches: Sequence[Patch]) -> None:
        rows = max(patch.row + len(patch.cells) - 1 for patch in patches)
        columns = max(patch.column + len(patch.cells[0]) - 1 for patch in patches)
        try:
            height, width = sheet.row_count, sheet.col_count
        except KeyError:
            return  # of a server that does not tell
        if rows > height or columns > width:
            sheet.resize(max(rows, height), max(columns, width))

    def _spend(self, method: str | None) -> None:
        """Count a request, before it is made."""
        (self._reads if method == "GET" else self._writes).spend(Purpose.REDUCE)

    @contextmanager
    def _told(self) -> Generator[None, None, None]:
        """Errors of gspread, and of what is below it, become ours."""
        try:
            yield
        except BrokerUnavailable as error:
            raise PlaybookUnavailable(f"of the sheet: {error}") from error
        except APIError as error:
            raise self._of_answer(error) from error
        except (PermissionError, SpreadsheetNotFound) as error:
            raise self._refused(SHARE) from error
        except WorksheetNotFound as error:
            raise self._refused(f"the sheet has no tab {error}; {INIT}") from error
        except (GoogleAuthError, RequestException) as error:
            raise self._lost(error) from error
        except OSError as error:
            raise PlaybookUnavailable(f"{type(error).__name__}: {_short(error)}") from error
        except (GSpreadException, ValueError, LookupError, TypeError, AttributeError) as error:
            raise PlaybookUnavailable(f"an answer is not understood: {_short(error)}") from error

    def _of_answer(self, error: APIError) -> PlaybookError:
        """What an answer means that is no success."""
        status = error.response.status_code
        words = f"{status}: {_short(error.error.get('message', ''))}"
        if status in NOT_OURS:
            return self._refused(f"{SHARE} ({words})")
        if status == HTTPStatus.BAD_REQUEST:
            return self._refused(words)
        return PlaybookUnavailable(words)

    def _refused(self, words: str) -> PlaybookRefused:
        """A person acts, and then all may be otherwise: nothing that was found is kept."""
        self._client, self._book, self._tabs = None, None, {}
        return PlaybookRefused(words)

    def _lost(self, error: Exception) -> PlaybookError:
        """What it means that there is no answer, or no token to ask with."""
        words = f"{type(error).__name__}: {_short(error)}"
        if isinstance(error, RefreshError) and "invalid_" in words:
            return self._refused(f"Google takes no login of this service account: {words}")
        return PlaybookUnavailable(words)


class _Door(HTTPAdapter):
    """Where requests go that gspread sends to Google; each is counted on its way out."""

    def __init__(self, url: str, spend: Callable[[str | None], None]) -> None:
        super().__init__(max_retries=0)
        self._url = url
        self._spend = spend

    def send(self, request: PreparedRequest, *given: Any, **named: Any) -> Response:
        """Count, and send."""
        self._spend(request.method)
        request.url = self._url + (request.url or "").removeprefix(GOOGLE)
        return super().send(request, *given, **named)


def _patient(session: Session) -> Session:
    """A session that knows neither a proxy nor a .netrc of this machine, and never asks twice."""
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=0))
    return session


def _range(patch: Patch) -> str:
    first = rowcol_to_a1(patch.row, patch.column)
    bottom = patch.row + len(patch.cells) - 1
    return f"{first}:{rowcol_to_a1(bottom, patch.column + len(patch.cells[0]) - 1)}"


def _short(words: object) -> str:
    """The beginning of a message that may be a whole page."""
    return " ".join(str(words).split())[:LONGEST]
