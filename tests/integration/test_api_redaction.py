"""No secret comes out of the server: not in an answer, a log line, a metric or the database."""

import json
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.integration.api import KEY, SECRET, MakeServer, body_of, buy, client_of, server_of

PREVIOUS = "canary-previous-secret ü d00d"
PLUGIN = "canary-option-of-an-account"
CANARY = "canary"

every_place = pytest.mark.parametrize(
    "alert",
    [
        {"secret": SECRET, "action": "buy", "symbol": "AAPL", "quantity": 1},
        {"passphrase": PREVIOUS, "action": "buy", "symbol": "AAPL", "quantity": 1},
        {"secret": SECRET, "action": "buy", "symbol": "AAPL", "comment": 7, "token": [SECRET]},
        {"alert": {"key": SECRET}, "action": "hold", "symbol": "AAPL"},
        [{"secret": SECRET, "action": "buy"}, {"secret": SECRET, "action": "?"}],
    ],
    ids=["taken", "previous", "odd", "nested", "array"],
)


@pytest.fixture
def client(make_server: MakeServer) -> FlaskClient:
    settings = {"LOG_LEVEL": "DEBUG", "WEBHOOK_SECRET_PREVIOUS": PREVIOUS, "PAPER_TOKEN": PLUGIN}
    return client_of(make_server(**settings))


def everything_told(client: FlaskClient) -> str:
    """What every route that can be asked answers."""
    paths = ["/health", "/ready", "/positions", "/config", "/performance", "/metrics"]
    paths += ["/api/v1/alerts", "/api/v1/orders", "/api/v1/strategies", "/api/v1/kill-switch"]
    paths += [f"/api/v1/{name}" for name in ("fills", "trades", "order-log", "logs")]
    paths += ["/api/v1/trades?format=csv"]
    alerts = body_of(client, "/api/v1/alerts")["alerts"]
    paths += [f"/api/v1/alerts/{alert['alert_id']}" for alert in alerts]
    return "".join(client.get(path).text for path in paths)


def everything_kept(client: FlaskClient) -> str:
    """The bytes of the database."""
    folder = server_of(client).database.path.parent
    return "".join(file.read_bytes().decode("latin-1") for file in folder.glob("novalgo.db*"))


@every_place
def test_an_alert_leaves_no_secret_behind(
    alert: object, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.post("/webhook?wait=0.01", data=json.dumps(alert))
    assert answer.status_code in (200, 202, 400)
    assert CANARY not in answer.text
    assert CANARY not in everything_told(client)
    assert CANARY not in everything_kept(client)
    shown = capsys.readouterr()
    assert "request" in shown.out
    assert CANARY not in shown.out + shown.err


@pytest.mark.parametrize("secret", [SECRET, PREVIOUS])
def test_a_secret_in_the_url_leaves_no_trace(
    secret: str, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"/webhook/{quote(secret, safe='')}"
    client.post(path, data=json.dumps({"action": "buy", "symbol": "AAPL", "quantity": 1}))
    client.post(path, data=f'{{"action": "buy", "key": "{secret}"')
    client.get(path)
    assert CANARY not in everything_told(client) + everything_kept(client)
    assert CANARY not in capsys.readouterr().out


@pytest.mark.parametrize("body", ['{"secret": "%s", ', "secret=%s;action=buy", '["%s"]', "%s"])
def test_a_body_that_cannot_be_read_is_kept_without_its_secret(
    body: str, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.post("/webhook", data=body % SECRET)
    assert CANARY not in answer.text
    assert CANARY not in everything_told(client)
    assert CANARY not in capsys.readouterr().out


def test_a_wrong_key_is_not_repeated(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.get("/config", headers={"Authorization": f"Bearer {KEY}x"})
    assert answer.status_code == 401
    assert CANARY not in answer.text + capsys.readouterr().out


def test_a_fault_that_holds_a_secret_is_logged_without_it(
    client: FlaskClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError(f"calling https://broker/?key={KEY} with {PREVIOUS} failed")

    monkeypatch.setattr(type(server_of(client).services.kill_switch), "state", fail)
    answer = client.get("/api/v1/kill-switch")
    assert answer.status_code == 500
    logged = capsys.readouterr().out
    assert "calling https://broker/?key=*** with *** failed" in logged
    assert CANARY not in answer.text + logged


def test_what_a_body_of_the_api_holds_is_not_repeated_in_its_error(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    for columns in ({"position_size": SECRET}, {"account": SECRET}, {"sides": KEY}):
        answer = client.put("/api/v1/strategies/AAPL/15m", json=columns)
        assert answer.status_code == 422
        assert CANARY not in answer.text
    assert CANARY not in capsys.readouterr().out


def test_an_order_is_told_without_the_secret_of_its_alert(client: FlaskClient) -> None:
    told = buy(client, stop_loss="2%")
    answer = client.get(f"/api/v1/orders/{told['client_order_id']}")
    assert CANARY not in answer.text
