"""What can go wrong, asked as one question: "may I send it again?".

    TradingError                      `code` is stable text, documented in docs/errors.md
    ├ ConfigError                     start fails; a person acts
    ├ AlertError                      the alert cannot be taken as it is
    │ ├ MalformedAlert                400 malformed_alert
    │ ├ UnauthorizedAlert             401 unauthorized
    │ └ ConflictingAlert              409 conflicting_alert
    ├ BrokerError
    │ ├ BrokerRejected                the broker said no: final
    │ ├ BrokerUnavailable             it never arrived: safe to send again
    │ ├ BrokerLoginNeeded             token dead: it is being seen to; then as unavailable
    │ └ OutcomeUnknown                it may have arrived: look up, never resend blindly
    ├ JournalError                    503 not_journaled: not written down, so not done
    │ └ DiskFull                      the same, for want of room; exits have a reserve
    ├ LoginRefused                    a code, a refresh token or a PIN was not taken: a person acts
    ├ StoreError                      where tokens are kept
    │ ├ StoreConflict                 somebody else wrote meanwhile: read again
    │ └ StoreUnavailable              it cannot be reached: the copy on this machine counts
    ├ SymbolsError                    the lists of instruments were not refreshed; old ones count
    ├ NotSent                         a notification; it is tried again, and may arrive twice
    ├ PlaybookError                   503: where the rows are kept; trading goes on without it
    │ ├ PlaybookUnavailable           it cannot be reached now: safe to try again
    │ └ PlaybookRefused               it does not let us, or is not as it must be: a person acts
    ├ BackupError                     no whole copy was made or found; nothing was changed
    └ FencedOut                       another process owns this work now: stop, touch nothing

Refusals by our own rules are values (`app.domain.decision.Denied`), not exceptions.
"""

from typing import ClassVar


class TradingError(Exception):
    """Base of everything this product raises on purpose."""

    code: ClassVar[str] = "error"


class ConfigError(TradingError):
    """The settings cannot be used. The start fails and a person acts."""

    code = "config"


class AlertError(TradingError):
    """The alert cannot be taken as it is."""

    code = "invalid"


class MalformedAlert(AlertError):
    """The body cannot be understood as an alert. It never trades."""

    code = "malformed_alert"


class UnauthorizedAlert(AlertError):
    """The secret is missing or wrong. Nothing is stored, only counted."""

    code = "unauthorized"


class ConflictingAlert(AlertError):
    """The same explicit id came before with another body."""

    code = "conflicting_alert"

    def __init__(self, alert_id: str) -> None:
        super().__init__(f"this id was used before, with another body, by alert {alert_id}")
        self.alert_id = alert_id


class BrokerError(TradingError):
    """The broker, or the way to it, did not do as asked.

    `after`: seconds until it is worth trying again, where that is known.
    """

    code = "BROKER_ERROR"
    after: float | None = None

    @property
    def passing(self) -> bool:
        """Whether it is over in a known moment, by itself: nobody need be told."""
        return self.after is not None


class BrokerRejected(BrokerError):
    """The broker said no. Final: sending it again would be refused again."""

    code = "BROKER_REJECTED"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.reason = code or self.code


class BrokerUnavailable(BrokerError):
    """The request never arrived (refused, DNS, 429). Safe to send again."""

    code = "BROKER_UNAVAILABLE"

    def __init__(self, detail: str, *, after: float | None = None) -> None:
        super().__init__(detail)
        self.after = after


class BrokerLoginNeeded(BrokerError):
    """The token is dead, or there is none. Until there is one the broker is as unavailable."""

    code = "LOGIN_NEEDED"


class OutcomeUnknown(BrokerError):
    """The order may have reached the broker. Look it up; never resend it blindly."""

    code = "OUTCOME_UNKNOWN"


class JournalError(TradingError):
    """We could not write it down, so we did not do it."""

    code = "not_journaled"


class DiskFull(JournalError):
    """There is no room to write it down. What reduces a position still has a reserve."""


class LoginRefused(TradingError):
    """A code, a refresh token or a PIN was not taken. Trying it again would not help."""

    code = "login_refused"


class StoreError(TradingError):
    """The place where tokens are kept did not do as asked."""

    code = "token_store"


class StoreConflict(StoreError):
    """Somebody else wrote since it was read. Read it again: theirs may be as good."""

    code = "token_conflict"


class StoreUnavailable(StoreError):
    """It cannot be read or written now."""

    code = "token_store_unavailable"


class SymbolsError(TradingError):
    """The lists of instruments could not be refreshed. What was there counts as before."""

    code = "symbols"


class NotSent(TradingError):
    """A notification did not arrive, or nobody knows."""

    code = "not_sent"


class PlaybookError(TradingError):
    """The place where the playbook's rows are kept did not do as asked."""

    code = "playbook"


class PlaybookUnavailable(PlaybookError):
    """It cannot be reached now, or we have asked it too much. It is safe to try again."""

    code = "playbook_unavailable"


class PlaybookRefused(PlaybookError):
    """It does not let us, or is not as it must be. A person acts; the words say what to do."""

    code = "playbook_refused"


class BackupError(TradingError):
    """A backup could not be made, or is not fit to be restored. Nothing was changed."""

    code = "backup"


class FencedOut(TradingError):
    """Another process owns this work now. Stop at once and touch nothing."""

    code = "FENCED_OUT"
