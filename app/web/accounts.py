"""Which account an alert names."""

from decimal import Decimal

from app.domain.errors import MalformedAlert
from app.web.names import fold, shown
from app.web.readers import LONGEST_TEXT, Reading, list_of, mapping_of, number_of, text_of
from app.web.synonyms import Candidate, fields_named

SEPARATOR = ","


def read_account(reading: Reading) -> str | None:
    """The account's name as sent; all names, parted by commas, when it names several.

    No account has a name with a comma in it: such an alert is denied, not traded in part.
    """
    named = reading.text("account")
    names = dict.fromkeys([named] if named else [])
    listed = reading.first("multiple_accounts")
    for place in _places(listed) if listed else ():
        names[_listed(place)] = None
    together = SEPARATOR.join(names)
    if len(together) > LONGEST_TEXT:
        raise MalformedAlert(f"the names of the accounts have more than {LONGEST_TEXT} characters")
    return together or None


def _places(candidate: Candidate) -> list[object]:
    places = list_of(candidate.value)
    if places is None:
        raise MalformedAlert(f"{shown(candidate.name)} must be an array of objects")
    return places


def _listed(place: object) -> str:
    """The account of an element of `multiple_accounts`, which must not change the quantity."""
    given = {fold(name): (name, value) for name, value in (mapping_of(place) or {}).items()}
    name = next((pair for pair in given.values() if "account" in fields_named(pair[0])), None)
    if name is None:
        raise MalformedAlert("an element of multiple_accounts names no account")
    multiplier = given.get("quantitymultiplier")
    if multiplier is not None and number_of(*multiplier) not in (Decimal(0), Decimal(1)):
        raise MalformedAlert("a quantity_multiplier other than 1 is not understood")
    return text_of(Candidate(name[0], fold(name[0]), name[1]))
