"""POST /webhook as interface.md has it: what is answered, what is kept, what trades."""

import json
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.bootstrap import Server
from app.domain.errors import ConfigError
from tests.fakes.clock import FakeClock
from tests.integration.api import SECRET, MakeServer, body_of, client_of

ALERT: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, "price": 190}


def post(
    client: FlaskClient, body: object, path: str = "/webhook", **headers: str
) -> tuple[int, dict[str, Any]]:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client.post(path, data=text, headers=headers)
    return answer.status_code, answer.get_json()


def signed(**fields: object) -> dict[str, object]:
    return {"secret": SECRET, **ALERT, **fields}


def orders(client: FlaskClient) -> list[dict[str, Any]]:
    return list(body_of(client, "/api/v1/orders")["orders"])


def test_an_alert_is_accepted_with_its_ids(client: FlaskClient) -> None:
    status, body = post(client, signed(), **{"X-Request-ID": "mine-1"})
    assert status == 202
    assert body == {
        "status": "accepted",
        "alert_id": body["alert_id"],
        "request_id": "mine-1",
        "duplicate": False,
    }
    assert len(body["alert_id"]) == 26


def test_a_repeat_is_answered_with_the_first_and_not_traded_again(client: FlaskClient) -> None:
    _, first = post(client, signed())
    status, again = post(client, signed())
    assert (status, again["duplicate"]) == (200, True)
    assert again["alert_id"] == first["alert_id"]
    assert len(orders(client)) == 1


def test_a_genuine_second_alert_trades_again(
    server: Server, client: FlaskClient, clock: FakeClock
) -> None:
    post(client, signed())
    post(client, signed(action="close"))
    clock.advance(31)
    server.services.ownership.beat()
    _, body = post(client, signed(), "/webhook?wait=1")
    assert (body["status"], body["duplicate"]) == ("success", False)
    assert len(orders(client)) == 3


def test_window_zero_tells_repeats_only_by_id(make_server: MakeServer) -> None:
    client = client_of(make_server(DEDUPE_WINDOW="0"))
    _, first = post(client, signed())
    _, second = post(client, signed())
    assert first["alert_id"] != second["alert_id"]


def test_wait_answers_the_final_result(client: FlaskClient) -> None:
    fields = signed(action="BUY", timeframe="15 Min", stop_loss="2%")
    status, body = post(client, fields, "/webhook?wait=2")
    assert status == 200
    assert body["status"] == "success"
    assert (body["action"], body["symbol"], body["timeframe"]) == ("BUY", "AAPL", "15 Min")
    assert (body["quantity"], body["amount"]) == (10, 1900)
    assert body["client_order_id"] in {order["client_order_id"] for order in orders(client)}


@pytest.mark.parametrize("wait", ["nan", "-1", "x", "", "0"])
def test_a_wait_that_means_nothing_does_not_wait(client: FlaskClient, wait: str) -> None:
    status, body = post(client, signed(), f"/webhook?wait={wait}")
    assert (status, body["status"]) == (202, "accepted")


def test_a_secret_in_the_url_is_as_good(client: FlaskClient) -> None:
    status, _ = post(client, ALERT, f"/webhook/{SECRET}")
    assert status == 202


def test_a_wrong_secret_in_the_url_is_not_saved_by_one_in_the_body(client: FlaskClient) -> None:
    assert post(client, signed(), "/webhook/wrong")[0] == 401


def test_both_secrets_work_during_a_rotation(make_server: MakeServer) -> None:
    client = client_of(make_server(WEBHOOK_SECRET_PREVIOUS="the-old-secret-0001"))
    assert post(client, {**ALERT, "secret": "the-old-secret-0001"})[0] == 202


@pytest.mark.parametrize("secret", [None, "", "wrong", 5, ["x"], "pässwörd"])
def test_a_missing_or_wrong_secret_leaves_no_row(client: FlaskClient, secret: object) -> None:
    status, body = post(client, {**ALERT, "secret": secret})
    assert (status, body["code"]) == (401, "unauthorized")
    assert body_of(client, "/api/v1/alerts")["alerts"] == []


def test_wrong_secrets_are_limited_and_right_ones_are_not(make_server: MakeServer) -> None:
    client = client_of(make_server(SECRET_RATE_LIMIT="3 per minute"))
    answers = [post(client, {**ALERT, "secret": "wrong"})[0] for _ in range(5)]
    assert answers == [401, 401, 401, 429, 429]
    assert post(client, signed())[0] == 202


@pytest.mark.parametrize(
    "body",
    [
        '{"secret": "%s", "action": "buy", "symbol": "A", "quantity": true}',
        '{"secret": "%s", "action": "buy", "symbol": "A", "quantity": "1_0"}',
        '{"secret": "%s", "action": "buy", "symbol": "A", "quantity": Infinity}',
        '{"secret": "%s", "action": "buy", "action": "sell", "symbol": "A"}',
        '{"secret": "%s", "action": "jump", "symbol": "A"}',
        '{"secret": "%s", "action": null, "symbol": "A"}',
        '{"secret": "%s", "x": ' + "[" * 500 + "]" * 500 + "}",
    ],
)
def test_what_is_not_understood_is_kept_as_denied_and_never_trades(
    client: FlaskClient, body: str
) -> None:
    status, answer = post(client, body.replace("%s", SECRET))
    assert (status, answer["code"]) == (400, "malformed_alert")
    kept = body_of(client, f"/api/v1/alerts/{answer['alert_id']}")
    assert (kept["status"], kept["reason"]) == ("denied", "malformed_alert")
    assert SECRET not in json.dumps(kept)
    assert orders(client) == []


@pytest.mark.parametrize("action", ["", "{{strategy.order.action}}"])
def test_a_message_without_a_side_is_information(client: FlaskClient, action: str) -> None:
    status, body = post(client, signed(action=action), "/webhook?wait=1")
    assert (status, body["status"]) == (200, "info")
    assert orders(client) == []


def test_an_idempotency_key_counts_for_all_symbols(client: FlaskClient) -> None:
    key = str(uuid.uuid4())
    post(client, signed(), **{"Idempotency-Key": key})
    status, body = post(client, signed(symbol="MSFT"), **{"Idempotency-Key": key})
    assert (status, body["code"]) == (409, "conflicting_alert")
    assert len(orders(client)) == 1


def test_an_id_counts_within_its_symbol_and_action(client: FlaskClient) -> None:
    post(client, signed(id="order-123456"))
    assert post(client, signed(id="order-123456", symbol="MSFT"))[0] == 202
    assert post(client, signed(id="order-123456", quantity=11))[0] == 409


def test_a_constant_id_is_no_id(client: FlaskClient) -> None:
    post(client, signed(id="mystrategy"))
    assert post(client, signed(id="mystrategy", symbol="MSFT"))[0] == 202
    assert post(client, signed(id="mystrategy", quantity=11))[0] == 202


def test_a_secret_with_a_slash_works_in_the_url(make_server: MakeServer) -> None:
    client = client_of(make_server(WEBHOOK_SECRET="a/b/c-0123456789"))
    assert post(client, ALERT, "/webhook/a/b/c-0123456789")[0] == 202


@pytest.mark.parametrize("field", ["comment", "strategy", "action", "symbol", "quantity", "id"])
def test_a_secret_where_none_belongs_is_not_kept(
    server: Server, client: FlaskClient, field: str
) -> None:
    _, answer = post(client, signed(**{field: f"x {SECRET}"}))
    assert SECRET not in json.dumps(answer)
    kept = body_of(client, f"/api/v1/alerts/{answer['alert_id']}")
    assert SECRET not in json.dumps(kept)
    assert SECRET.encode() not in server.database.path.read_bytes()


def test_an_array_is_several_alerts_and_a_bad_one_holds_none_back(client: FlaskClient) -> None:
    elements = [signed(), signed(symbol="MSFT", quantity="x"), signed(symbol="IBM")]
    status, body = post(client, elements)
    assert (status, body["status"]) == (202, "accepted")
    assert [element["status"] for element in body["alerts"]] == ["accepted", "error", "accepted"]
    assert {order["symbol"] for order in orders(client)} == {"AAPL", "IBM"}


def test_an_array_of_one_is_answered_as_an_array(client: FlaskClient) -> None:
    status, body = post(client, [signed()])
    assert (status, body["status"]) == (202, "accepted")
    assert [element["duplicate"] for element in body["alerts"]] == [False]


def test_equal_elements_of_an_array_are_alerts_of_their_own(client: FlaskClient) -> None:
    elements = [signed(action="add"), signed(action="add")]
    post(client, signed())
    _, body = post(client, elements)
    assert len({element["alert_id"] for element in body["alerts"]}) == 2
    _, again = post(client, elements)
    assert [element["duplicate"] for element in again["alerts"]] == [True, True]


def test_an_array_that_was_here_before_is_a_repeat_unless_something_in_it_is_new(
    client: FlaskClient,
) -> None:
    first, second = signed(), signed(symbol="IBM")
    assert post(client, [first, second])[0] == 202
    status, body = post(client, [first, second])
    assert (status, [element["duplicate"] for element in body["alerts"]]) == (200, [True, True])
    assert post(client, [first, second, signed(symbol="MSFT")])[0] == 202


def test_an_array_of_which_no_id_is_free_is_a_conflict(client: FlaskClient) -> None:
    ids = [signed(id="order-123456"), signed(id="order-234567", symbol="IBM")]
    assert post(client, ids)[0] == 202
    status, body = post(client, [element | {"quantity": 7} for element in ids])
    assert (status, body["code"]) == (409, "conflicting_alert")
    status, body = post(client, [ids[0], ids[1] | {"quantity": 7}])
    assert (status, [each["status"] for each in body["alerts"]]) == (200, ["accepted", "error"])


def test_several_accounts_keep_their_own_books(make_server: MakeServer) -> None:
    client = client_of(make_server(ACCOUNTS="paper,second=paper"))
    post(client, signed())
    post(client, signed(account="second", quantity=3))
    held = {p["account"]: p["qty"] for p in body_of(client, "/positions")["positions"]}
    assert held == {"paper": 10, "second": 3}


def test_rule_15_an_unknown_account_is_denied_and_never_the_default(client: FlaskClient) -> None:
    _, body = post(client, signed(account="sim101"), "/webhook?wait=1")
    assert (body["status"], body["reason"]) == ("denied", "UNKNOWN_ACCOUNT")
    assert orders(client) == []


def test_an_alert_without_a_symbol_is_denied(client: FlaskClient) -> None:
    body = {"secret": SECRET, "action": "buy", "quantity": 1, "price": 1}
    _, answer = post(client, body, "/webhook?wait=1")
    assert (answer["status"], answer["reason"]) == ("denied", "UNKNOWN_SYMBOL")


def test_delayed_data_is_not_traded_on(client: FlaskClient) -> None:
    _, body = post(client, signed(symbol="NSE_DLY:SBIN"), "/webhook?wait=1")
    assert (body["status"], body["reason"]) == ("denied", "DELAYED_DATA")


def test_a_database_that_cannot_be_written_is_a_503_and_nothing_else(
    server: Server, client: FlaskClient
) -> None:
    server.database.close()
    status, body = post(client, signed())
    assert (status, body["code"]) == (503, "not_journaled")


FORMS = {
    "loose JSON": "{secret: '%s', action: buy, symbol: AAPL, qty: 10, price: 190,} // loosely",
    "pairs": "secret=%s; action=buy; symbol=AAPL; qty=10; price=190",
    "pairs on lines": "secret=%s\naction=buy\nsymbol=AAPL\nqty=10\nprice=190",
    "words": "secret=%s; BUY 10 AAPL @ 190",
    "words, the secret behind": "buy AAPL 10 at 190; key=%s",
    "a template": "%s: buy 10 of AAPL for 190",
}
TEMPLATE = "{secret}: {action} {quantity} of {symbol} for {price}"


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_an_alert_trades_in_every_form_and_its_secret_is_kept_in_none(
    make_server: MakeServer, text: str
) -> None:
    client = client_of(make_server(TEXT_TEMPLATES=TEMPLATE))
    status, body = post(client, text.replace("%s", SECRET), "/webhook?wait=1")
    assert (status, body["status"]) == (200, "success")
    (order,) = orders(client)
    assert (order["side"], order["symbol"], order["quantity"]) == ("buy", "AAPL", "10")
    kept = body_of(client, f"/api/v1/alerts/{body['alert_id']}")
    assert SECRET not in json.dumps(kept)
    assert "***" in kept["raw"]
    assert kept["fields"] == {
        "action": "buy",
        "symbol": "AAPL",
        "quantity": "10",
        "quantity_type": "fixed_quantity",
        "price": "190",
    }


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_a_wrong_secret_in_any_form_leaves_no_row(make_server: MakeServer, text: str) -> None:
    client = client_of(make_server(TEXT_TEMPLATES=TEMPLATE))
    status, body = post(client, text.replace("%s", "wrong"))
    assert (status, body["code"]) == (401, "unauthorized")
    assert body_of(client, "/api/v1/alerts")["alerts"] == []


@pytest.mark.parametrize("text", ["AAPL looks like a buy", "do not buy AAPL", "x", "{action: buy"])
def test_a_text_that_is_not_understood_is_kept_as_denied(client: FlaskClient, text: str) -> None:
    status, answer = post(client, text, f"/webhook/{SECRET}")
    assert (status, answer["code"]) == (400, "malformed_alert")
    kept = body_of(client, f"/api/v1/alerts/{answer['alert_id']}")
    assert (kept["status"], kept["reason"], kept["raw"]) == ("denied", "malformed_alert", text)
    assert orders(client) == []


def test_lines_are_several_alerts_of_one_delivery(client: FlaskClient) -> None:
    text = f"key={SECRET}\nBUY 10 AAPL @ 190\nsell 3 MSFT @ 433.02\n"
    status, body = post(client, text)
    assert (status, body["status"]) == (202, "accepted")
    assert [alert["status"] for alert in body["alerts"]] == ["accepted", "accepted"]
    assert {(order["symbol"], order["side"]) for order in orders(client)} == {
        ("AAPL", "buy"),
        ("MSFT", "sell"),
    }
    _, again = post(client, text)
    assert [alert["duplicate"] for alert in again["alerts"]] == [True, True]


def test_a_template_that_cannot_be_used_stops_the_start(make_server: MakeServer) -> None:
    server = make_server(TEXT_TEMPLATES="{action} {symbol};;{action} {moon}")
    with pytest.raises(ConfigError, match=r"TEXT_TEMPLATES: 'moon' is no field in '\{action\}"):
        client_of(server)


def test_who_waits_for_an_array_is_told_what_became_of_each(client: FlaskClient) -> None:
    elements = [signed(), signed(symbol="MSFT", quantity="x"), signed(symbol="IBM", action="close")]
    status, body = post(client, elements, "/webhook?wait=1")
    assert (status, body["status"]) == (200, "accepted")
    told = [(each["status"], each.get("reason")) for each in body["alerts"]]
    assert told == [("success", ""), ("error", None), ("info", "NO_POSITION")]
    assert body["alerts"][0]["quantity"] == 10


def test_an_array_of_which_one_still_waits_is_accepted(client: FlaskClient) -> None:
    late = signed(symbol="IBM", prev_market_position="long", action="sell")
    status, body = post(client, [signed(), late], "/webhook?wait=0.01")
    assert status == 202
    assert [each["status"] for each in body["alerts"]] == ["success", "accepted"]
