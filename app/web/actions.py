"""What an alert asks for: its action, under any name and in any of the services' words."""

from collections.abc import Mapping

from app.domain.errors import MalformedAlert
from app.web.names import fold, shown
from app.web.readers import Reading, is_absent, word_of
from app.web.synonyms import Candidate
from app.web.words import ACTIONS, COMMANDS, TRANSACTIONS, Asked

NOTHING_ASKED = Asked()


def read_action(reading: Reading) -> tuple[Asked, str]:
    """The action, and its word as sent.

    Nothing when it is absent, empty or unrendered: such an alert never trades.

    Raises:
        MalformedAlert: it is null, or a word that is not understood, or it stands beside a command
            for something else than placing an order.
    """
    asked = _read_action(reading)
    if asked[0].action is not None and reading.given.has("command"):
        _check_command(reading)
    return asked


def _read_action(reading: Reading) -> tuple[Asked, str]:
    for candidate in reading.given.of("action"):
        if candidate.folded == "type" and not _is_action(candidate.value):
            continue
        if candidate.value is None:
            raise MalformedAlert(f"{shown(candidate.name)} is null: no action")
        if not is_absent(candidate.value):
            return _asked(candidate), str(candidate.value).strip()
        reading.remark_unrendered(candidate)
    return NOTHING_ASKED, ""


def words_for(folded: str) -> Mapping[str, Asked]:
    """The words that a name of the action may hold."""
    return TRANSACTIONS if folded == "transactiontype" else ACTIONS


def _asked(candidate: Candidate) -> Asked:
    return word_of(candidate, words_for(candidate.folded))


def _check_command(reading: Reading) -> None:
    candidate = reading.first("command")
    if candidate is not None:
        word_of(candidate, COMMANDS)


def _is_action(value: object) -> bool:
    return isinstance(value, str) and fold(value) in ACTIONS
