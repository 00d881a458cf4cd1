"""Names are derived, the same every time, and a repeat is told from a new alert (rule 4)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alert import Action
from app.domain.errors import ConflictingAlert
from app.domain.identity import (
    TRUSTED_FOR,
    DedupeKey,
    alert_id_of,
    alert_number_at,
    client_order_id,
    dedupe_key,
    digest,
    lane_of,
    looks_generated,
    tells_seconds,
)
from tests.builders import ALERT_ID, an_alert
from tests.fakes.clock import START

WINDOW = timedelta(seconds=20)
UUID = "7f1c9a52-3d4e-4b8a-9c0d-1612345678ab"  # its last group looks like seconds since 1970
TEXTS = st.lists(st.text(alphabet="ab0\x1f:\ud800", max_size=3), max_size=4)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis adds the zone
NOISE = st.integers(0, 2**90)


def a_key(header: str | None = None, body: str = "body", **given_fields: Any) -> DedupeKey | None:
    """Derive the key of an alert."""
    options: dict[str, Any] = {"scope": "token", "window": WINDOW, "part": ""}
    options |= {name: given_fields.pop(name) for name in options if name in given_fields}
    return dedupe_key(an_alert(**given_fields), body=body, header=header, **options)


def verdict(first: DedupeKey | None, second: DedupeKey | None) -> str:
    """Tell what the second alert is after the first, as the journal does."""
    if first is None or second is None or first.value != second.value:
        return "new"
    return "conflict" if first.explicit and first.body != second.body else "repeat"


# --- order ids -----------------------------------------------------------------------------------


@given(st.text(max_size=30), st.sampled_from(["paper", "alpaca-2", "fyers"]), st.text(max_size=9))
def test_an_order_id_is_26_capitals_and_digits_and_always_the_same(
    alert_id: str, account: str, leg: str
) -> None:
    derived = client_order_id(alert_id, account, leg)
    assert re.fullmatch(r"[A-Z0-9]{26}", derived)
    assert derived == client_order_id(alert_id, account, leg)


def test_an_order_id_does_not_change_between_versions_or_resumed_orders_would_be_lost() -> None:
    assert client_order_id(ALERT_ID, "paper", "entry") == "BJDBGWWR3UTEFXEZ6NSTTWDCCT"


def test_alert_account_and_leg_each_make_another_order() -> None:
    alerts, accounts, legs = (ALERT_ID, "B"), ("paper", "fyers"), ("entry", "exit", "stop")
    ids = {client_order_id(a, b, c) for a in alerts for b in accounts for c in legs}
    assert len(ids) == 12


def test_a_hundred_thousand_order_ids_do_not_collide() -> None:
    ids = {client_order_id(str(n), "paper", "entry") for n in range(100_000)}
    assert len(ids) == 100_000


def test_a_lane_is_one_instrument_of_one_account() -> None:
    assert lane_of("paper", "BTCUSD") == "paper:BTCUSD"


# --- alert ids -----------------------------------------------------------------------------------


@given(MOMENTS, MOMENTS, NOISE, NOISE)
def test_alert_ids_sort_by_time(one: datetime, other: datetime, noise: int, more: int) -> None:
    earlier, later = sorted([one, other])
    after = later + timedelta(milliseconds=2)
    ids = [alert_id_of(alert_number_at(*drawn)) for drawn in ((earlier, noise), (after, more))]
    assert ids == sorted(ids)
    assert [len(alert_id) for alert_id in ids] == [26, 26]


def test_alert_ids_of_one_moment_differ_by_their_noise() -> None:
    assert len({alert_id_of(alert_number_at(START, noise)) for noise in range(1000)}) == 1000


# --- the digest ----------------------------------------------------------------------------------


@given(TEXTS, TEXTS)
def test_a_digest_tells_any_two_lists_of_texts_apart(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


# --- what an id looks like -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "generated", "seconds"),
    [
        ("mystrategy", False, False),
        ("rsi-14-v2", False, False),
        ("order12345", False, False),
        ("order123456", True, False),
        (UUID, True, False),
        (UUID.replace("-", "").upper(), True, False),
        ("AAPL-2026-11-20T15:30:00Z", False, True),
        ("AAPL 2026-11-20 15:30:00", False, True),
        ("TP12026-11-20T15:30:00Z", False, True),
        ("AAPL-20261120153000", True, True),
        ("AAPL-20261120T153000Z", True, True),
        ("AAPL-1795188600", True, True),
        ("AAPL-1795188600123", True, False),
        ("AAPL-2026-11-20T15:30:00.123Z", False, False),
        ("AAPL-2026-11-20T15:30:00.123456Z", True, False),
        ("AAPL-2026-11-20", False, False),
    ],
)
def test_rule_4_an_id_tells_whether_it_was_drawn_or_built_from_seconds(
    text: str, *, generated: bool, seconds: bool
) -> None:
    assert looks_generated(text) is generated
    assert tells_seconds(text) is seconds


# --- repeats -------------------------------------------------------------------------------------

KEYS: Mapping[str, tuple[dict[str, Any], timedelta, str]] = {
    # what is given: (fields, how long it counts, what the same with another body is)
    "nothing": ({}, WINDOW, "new"),
    "a fire time only": ({"fired_at": START}, WINDOW, "new"),
    "a constant id": ({"id": "mystrategy"}, WINDOW, "new"),
    "a generated id": ({"id": "trade-482913"}, TRUSTED_FOR, "conflict"),
    "a UUID": ({"id": UUID}, TRUSTED_FOR, "conflict"),
    "a constant id and a fire time": (
        {"id": "mystrategy", "fired_at": START},
        TRUSTED_FOR,
        "new",
    ),
    "a generated id and a fire time": (
        {"id": "482913", "fired_at": START},
        TRUSTED_FOR,
        "conflict",
    ),
    "ticker and timenow": ({"id": "AAPL-2026-11-20T15:30:00Z"}, TRUSTED_FOR, "new"),
    "order id and time": ({"id": "Long@2026-11-20T15:30:00+00:00"}, TRUSTED_FOR, "new"),
    "seconds since 1970": ({"id": "AAPL-1795188600"}, TRUSTED_FOR, "new"),
    "milliseconds": ({"id": "AAPL-1795188600123"}, TRUSTED_FOR, "conflict"),
    "a generated key": ({"idempotency_key": "k-482913"}, TRUSTED_FOR, "conflict"),
    "a constant key": ({"idempotency_key": "key"}, WINDOW, "new"),
    "a constant key and a generated id": (
        {"idempotency_key": "key", "id": "482913"},
        TRUSTED_FOR,
        "conflict",
    ),
    "any header": ({"header": "x"}, TRUSTED_FOR, "conflict"),
    "a header and a constant id": ({"header": "x", "id": "mystrategy"}, TRUSTED_FOR, "conflict"),
}


@pytest.mark.parametrize("name", KEYS)
def test_rule_4_the_same_body_is_a_repeat_for_as_long_as_its_key_is_trusted(name: str) -> None:
    fields, kept, _ = KEYS[name]
    key = a_key(**fields)
    assert key is not None
    assert verdict(key, a_key(**fields)) == "repeat"
    assert key.window == kept


@pytest.mark.parametrize("name", KEYS)
def test_rule_4_another_body_conflicts_with_a_drawn_id_and_is_new_otherwise(name: str) -> None:
    fields, _, other = KEYS[name]
    assert verdict(a_key(**fields), a_key(body="another", **fields)) == other


@pytest.mark.parametrize(
    ("fields", "anonymous"),
    [
        ({}, True),
        ({"id": "mystrategy"}, True),
        ({"idempotency_key": "key"}, True),
        ({"fired_at": START}, False),
        ({"id": "482913"}, False),
        ({"header": "x"}, False),
    ],
)
def test_rule_4_a_body_without_a_real_id_and_fire_time_is_anonymous(
    fields: dict[str, Any], *, anonymous: bool
) -> None:
    key = a_key(**fields)
    assert key is not None
    assert key.anonymous is anonymous


@pytest.mark.parametrize(("window", "longest"), [(1, 30), (20, 30), (90, 90)])
def test_rule_4_a_body_counts_at_most_30_seconds_from_the_first_or_the_window_if_longer(
    window: int, longest: int
) -> None:
    key = a_key(window=timedelta(seconds=window))
    assert key is not None
    assert (key.window.total_seconds(), key.longest.total_seconds()) == (window, longest)


def test_without_a_window_only_ids_tell_repeats() -> None:
    assert a_key(window=timedelta(0)) is None
    assert a_key(window=timedelta(0), id="mystrategy") is None
    assert a_key(window=timedelta(0), id="482913") is not None


def test_rule_4_bodies_from_different_sources_are_not_repeats_of_each_other() -> None:
    assert verdict(a_key(scope="one"), a_key(scope="other")) == "new"


@pytest.mark.parametrize(
    "other",
    [{"symbol": "MSFT"}, {"strategy": "b"}, {"account": "fyers"}, {"action": Action.SELL}],
)
def test_one_trade_id_may_serve_several_symbols_accounts_and_the_exit(
    other: dict[str, Any],
) -> None:
    assert verdict(a_key(id="482913"), a_key(**({"id": "482913"} | other))) == "new"


@pytest.mark.parametrize(
    "fields", [{}, {"id": "482913"}, {"idempotency_key": "482913"}, {"header": "x"}]
)
def test_the_elements_of_one_delivery_are_not_repeats_of_each_other(
    fields: dict[str, Any],
) -> None:
    assert verdict(a_key(part="#0", **fields), a_key(part="#1", **fields)) == "new"
    assert verdict(a_key(part="#0", **fields), a_key(part="#0", **fields)) == "repeat"


def test_a_symbol_in_other_letters_is_the_same_symbol() -> None:
    assert verdict(a_key(id="482913"), a_key(id="482913", symbol="aapl")) == "repeat"


def test_an_id_and_a_key_and_a_header_of_one_text_are_three_keys() -> None:
    keys = (a_key(id="482913"), a_key(idempotency_key="482913"), a_key(header="482913"))
    assert len({key.value for key in keys if key is not None}) == 3


def test_a_conflict_names_the_alert_that_came_first() -> None:
    error = ConflictingAlert(ALERT_ID)
    assert error.alert_id in str(error)
    assert error.code == "conflicting_alert"
