"""Who may ask what."""

import re

import pytest
from flask.testing import FlaskClient

from tests.integration.api import KEY, SECRET, MakeServer, client_of

OPEN = {"/auth/callback", "/health", "/ready", "/webhook", "/webhook/<path:token>"}


def routes_with_a_door(client: FlaskClient) -> list[tuple[str, str]]:
    rules = client.application.url_map.iter_rules()
    return [
        (method, re.sub("<.+?>", "x", rule.rule))
        for rule in rules
        if rule.rule not in OPEN
        for method in rule.methods or ()
    ]


@pytest.fixture
def patient(make_server: MakeServer) -> FlaskClient:
    """A client without a key whose patience is not tried."""
    server = make_server(SECRET_RATE_LIMIT="1000 per second")
    client = client_of(server)
    del client.environ_base["HTTP_AUTHORIZATION"]
    return client


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", KEY, f"Basic {KEY}", f"Bearer {SECRET}"],
)
def test_every_route_but_the_open_ones_wants_the_key(
    header: str | None, patient: FlaskClient
) -> None:
    headers = {} if header is None else {"Authorization": header}
    routes = routes_with_a_door(patient)
    assert len(routes) > 20
    for method, path in routes:
        answer = patient.open(path, method=method, headers=headers)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert method == "HEAD" or answer.get_json()["code"] == "unauthorized"


def test_the_open_routes_want_no_key(stranger: FlaskClient) -> None:
    assert stranger.get("/health").status_code == 200
    assert stranger.get("/ready").status_code == 200
    assert stranger.post(f"/webhook/{SECRET}", json={}).status_code == 202


def test_the_key_opens_no_webhook(stranger: FlaskClient) -> None:
    answer = stranger.post("/webhook", json={"secret": KEY, "action": "buy", "symbol": "AAPL"})
    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER   {}  "])
def test_the_scheme_is_written_in_any_case(header: str, stranger: FlaskClient) -> None:
    answer = stranger.get("/positions", headers={"Authorization": header.format(KEY)})
    assert answer.status_code == 200


@pytest.mark.parametrize("key", ["a=b==", "with spaces within", "ключ-от-двери"])
def test_a_key_may_be_any_text(key: str, make_server: MakeServer) -> None:
    client = client_of(make_server(API_KEY=key))
    as_wsgi_has_it = key.encode().decode("latin-1")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {as_wsgi_has_it}"
    assert client.get("/positions").status_code == 200


def test_wrong_keys_and_wrong_secrets_are_counted_together(make_server: MakeServer) -> None:
    client = client_of(make_server(SECRET_RATE_LIMIT="3 per minute"))
    wrong = {"Authorization": "Bearer wrong"}
    assert client.get("/positions", headers=wrong).status_code == 401
    assert client.post("/webhook", json={"secret": "wrong"}).status_code == 401
    assert client.get("/config", headers=wrong).status_code == 401
    answer = client.get("/positions", headers=wrong)
    assert answer.status_code == 429
    assert answer.get_json()["code"] == "too_many_requests"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert client.get("/positions").status_code == 200, "a right key is never held back"
