"""schemathesis tries every route with what its document allows, and with what it does not."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Its types are generic, and most of them are left open.

from typing import Any, cast

import pytest
import schemathesis
from flask.testing import FlaskClient
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.schemas import BaseSchema

from app.bootstrap import Server
from app.web.alert_body import EXAMPLES
from tests.integration.api import KEY, MakeServer, client_of

SECRET = str(EXAMPLES["close"]["secret"])
"""That of the document's examples."""
HEADERS = {"Authorization": f"Bearer {KEY}"}
SETTINGS: dict[str, Any] = {
    "seed": 1,
    "max-time": 30,
    "headers": HEADERS,
    "generation": {"deterministic": True, "max-examples": 10, "no-shrink": True},
    "phases": {"stateful": {"enabled": False}},
    "checks": {
        # A symbol may be one that no account trades, an account one that there is not.
        "positive_data_acceptance": {"enabled": False},
        # Over WSGI it cannot ask again; test_api_auth asks every route without a key.
        "ignored_auth": {"enabled": False},
    },
    # Alerts are read leniently: their document is advice (docs/adr/0007).
    "operations": [
        {
            "include-path-regex": "^/(webhook|api/v1/preview|api/v1/alerts/.+/replay)",
            "checks": {"negative_data_rejection": {"enabled": False}},
        }
    ],
}


@pytest.fixture
def quiet(make_server: MakeServer) -> Server:
    """A server that is patient with wrong secrets."""
    return make_server(SECRET_RATE_LIMIT="1000000 per second", WEBHOOK_SECRET=SECRET)


@pytest.fixture
def api(quiet: Server) -> BaseSchema:
    """What a server with a position and a resting order says of itself."""
    client: FlaskClient = client_of(quiet)
    told = bought(client, stop_loss="2%", take_profit="4%")
    resting = bought(client, symbol="MSFT", limit_price=100)
    ids = {
        "path.token": SECRET,
        "path.alert_id": told["alert_id"],
        "path.client_order_id": resting["client_order_id"],
    }
    config = SchemathesisConfig.from_dict({**SETTINGS, "parameters": ids})
    app = client.application
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=config, headers=HEADERS)

    @schema.hook
    def map_body(context: schemathesis.HookContext, body: object) -> object:
        operation = context.operation
        return signed(body) if operation and "webhook" in operation.path else body

    @schema.hook
    def filter_query(_: schemathesis.HookContext, query: dict[str, Any] | None) -> bool:
        """An empty parameter counts as none, whatever it might have been."""
        return "" not in (query or {}).values()

    return schema


def test_every_route_does_as_the_document_says(api: BaseSchema) -> None:
    recorders: list[ScenarioRecorder] = []
    faults: list[str] = []
    for event in from_schema(api).execute():
        if isinstance(event, NonFatalError):
            faults.append(f"{event.label}: {event.info.message}")
        if isinstance(event, ScenarioFinished):
            recorders.append(event.recorder)
    faults += [fault for recorder in recorders for fault in failures(recorder)]
    assert not faults, "\n\n".join(faults)
    tried = {label for recorder in recorders for label in successes(recorder)}
    paths = api.raw_schema["paths"]
    told = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    # The document itself is not tried; and the kill switch cancels the order before DELETE can.
    assert told - tried <= {"GET /openapi.json", "DELETE /api/v1/orders/{client_order_id}"}


def bought(client: FlaskClient, **fields: object) -> dict[str, Any]:
    order = {"secret": SECRET, "action": "buy", "symbol": "AAPL", "quantity": 10, "price": 190}
    answer = client.post("/webhook?wait=0.01", json={**order, **fields})
    return cast("dict[str, Any]", answer.get_json())


def failures(recorder: ScenarioRecorder) -> list[str]:
    found = [check.failure_info for checks in recorder.checks.values() for check in checks]
    return [
        f"{recorder.label}: {info.failure.title}: {info.failure.message}\n{info.code_sample}"
        for info in found
        if info is not None
    ]


def successes(recorder: ScenarioRecorder) -> set[str]:
    """The operations that answered something good."""
    return {
        recorder.cases[case_id].value.operation.label
        for case_id, interaction in recorder.interactions.items()
        if interaction.response is not None and interaction.response.status_code < 300
    }


def signed(body: object) -> object:
    """An alert, or several, with the secret in it."""
    if isinstance(body, dict):
        return {**cast("dict[str, object]", body), "secret": SECRET}
    if isinstance(body, list):
        return [signed(item) for item in cast("list[object]", body)]
    return body
