"""Which account an alert names, under every name and in a list."""

from typing import Any

import pytest

from app.domain.alert import Alert
from app.domain.errors import MalformedAlert
from app.web.alert_fields import parse_alert
from tests.unit.web.forms import NOW


def parsed(**fields: Any) -> Alert:
    return parse_alert({"action": "buy", "symbol": "AAPL", **fields}, now=NOW)


TWICE = {"quantity_multiplier": 2}


@pytest.mark.parametrize(
    ("fields", "account"),
    [
        ({}, None),
        ({"sub-account": "Main"}, "Main"),
        ({"account_id": 7}, "7"),
        ({"stub": "a", "account": "b"}, "b"),
        ({"multiple_accounts": [{"account_id": "a"}]}, "a"),
        ({"multiple_accounts": [{"account_id": "a"}, {"Account Name": "b"}]}, "a,b"),
        ({"account": "a", "multiple_accounts": [{"account": "b"}, {"account": "a"}]}, "a,b"),
        ({"account": "a", "multiple_accounts": []}, "a"),
        ({"account": "a", "multiple_accounts": None}, "a"),
        ({"multiple_accounts": [{"account": "a", "quantity_multiplier": "1.0"}]}, "a"),
        ({"multiple_accounts": [{"account": "a", "quantity_multiplier": 0}]}, "a"),
        ({"multiple_accounts": [{"account": "a", "quantity_multiplier": "0.50"}]}, "a*0.50"),
        ({"account": "a", "multiple_accounts": [{"account": "a", **TWICE}]}, "a,a*2"),
        ({"account": "a, b*0.5"}, "a, b*0.5"),
        ({"account": ["a", "B"]}, "a,B"),
        ({"account": ["a"], "multiple_accounts": [{"account": "b"}]}, "a,b"),
    ],
)
def test_rule_15_every_account_that_is_named_counts(
    fields: dict[str, object], account: str | None
) -> None:
    assert parsed(**fields).account == account


UNCLEAR: list[tuple[object, str]] = [
    ("main", "must be an array"),
    ([{}], "names no account"),
    (["main"], "names no account"),
    ([{"account": None}], "must be a text"),
    ([{"account": "a", "quantity_multiplier": -2}], "must not be negative"),
    ([{"account": "a", **TWICE}, {"account": "A*3"}], "the account a is given two sizes"),
    ([{"account": "a", "quantity_multiplier": "x"}], "is not a number"),
    ([{"account": f"account-{n}"} for n in range(60)], "more than 500 characters"),
]


@pytest.mark.parametrize(("listed", "words"), UNCLEAR)
def test_a_list_of_accounts_that_is_unclear_is_refused(listed: object, words: str) -> None:
    with pytest.raises(MalformedAlert, match=words):
        parsed(multiple_accounts=listed)


@pytest.mark.parametrize("names", [[], [""], ["a", None], ["a", "{{account}}"], ["a", 1.5]])
def test_rule_15_an_array_with_an_account_that_is_not_named_is_refused(names: object) -> None:
    with pytest.raises(MalformedAlert):
        parsed(account=names)
