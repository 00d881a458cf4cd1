"""Which accounts an alert names, and what each takes of it."""

from app.domain.errors import MalformedAlert
from app.domain.share import SEPARATOR, shares_of
from app.web.names import fold, shown
from app.web.readers import Reading, is_absent, list_of, mapping_of, number_of, text_of
from app.web.synonyms import Candidate, fields_named

LONGEST_LIST = 500


def read_account(reading: Reading) -> str | None:
    """The accounts as they are written in a list: `paper, alpaca*0.5`; one name as sent."""
    named, listed = reading.first("account"), reading.first("multiple_accounts")
    names = [] if named is None else _named(named)
    names += [_listed(place) for place in _places(listed)] if listed else []
    together = SEPARATOR.join(dict.fromkeys(names))
    if len(together) > LONGEST_LIST:
        raise MalformedAlert(f"the names of the accounts have more than {LONGEST_LIST} characters")
    try:
        shares_of(together)
    except ValueError as error:
        raise MalformedAlert(str(error)) from None
    return together or None


def _named(candidate: Candidate) -> list[str]:
    """A name, or several in an array."""
    names = list_of(candidate.value)
    if names is None:
        return [text_of(candidate, LONGEST_LIST)]
    if not names or any(map(is_absent, names)):
        raise MalformedAlert(f"{shown(candidate.name)} is an array without a name in every place")
    return [text_of(candidate._replace(value=name)) for name in names]


def _places(candidate: Candidate) -> list[object]:
    places = list_of(candidate.value)
    if places is None:
        raise MalformedAlert(f"{shown(candidate.name)} must be an array of objects")
    return places


def _listed(place: object) -> str:
    """An element of `multiple_accounts`: a name, and a multiplier, of which 0 means none."""
    given = {fold(name): (name, value) for name, value in (mapping_of(place) or {}).items()}
    name = next((pair for pair in given.values() if "account" in fields_named(pair[0])), None)
    if name is None:
        raise MalformedAlert("an element of multiple_accounts names no account")
    account = text_of(Candidate(name[0], fold(name[0]), name[1]))
    multiplier = given.get("quantitymultiplier")
    number = number_of(*multiplier) if multiplier is not None else None
    if not number or number == 1:
        return account
    if number < 0:
        raise MalformedAlert("a quantity_multiplier must not be negative")
    return f"{account}*{number:f}"
