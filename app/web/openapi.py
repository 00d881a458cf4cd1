# pyright: reportUnknownMemberType=false
# apispec takes plain dicts, without saying of what.

"""The OpenAPI document, made of the routes that are served and of what is said beside them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from flask import Blueprint, Flask, Response, current_app

from app.web import answers
from app.web.described import Description, described
from app.web.instruments import LONGEST_SYMBOL, SYMBOL
from app.web.json_schemas import Schemas, query_parameters
from app.web.operations import Operation, operations_of

OPENAPI = "3.1.0"
JSON, TEXT = "application/json", "text/plain"
REQUEST_ID = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}

ABOUT = """\
Turns TradingView alerts into broker orders, exactly once.

Errors have one form and a stable `code`; docs/errors.md tells of each. Every answer carries the
header `X-Request-ID`. Lists are answered newest first, `next_cursor` leads to the next page.
"""
TAGS = {
    "webhook": "Alerts come in.",
    "alerts": "What came, what became of it, what it would lead to.",
    "orders": "What was sent to brokers.",
    "lists": "What was traded, and what happened.",
    "performance": "What it came to.",
    "strategies": "The playbook: the owner's rows.",
    "controls": "The kill switch, and quotes.",
    "notifications": "What its owner is told.",
    "flatten": "Everything that is ours goes.",
    "tokens": "Logins at brokers that want one each day. No answer holds a token.",
    "login": "Where a login ends.",
    "utility": "How things stand.",
    "health": "Is the server well.",
    "openapi": "The API itself.",
}
PARAMETERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "alert_id": ("An alert's id.", {"type": "string", "minLength": 1}),
    "client_order_id": ("Our id of an order.", {"type": "string", "minLength": 1}),
    "symbol": (
        "A symbol; `BTC/USD` is written `BTCUSD`.",
        {
            "type": "string",
            "pattern": f"^{SYMBOL.pattern}$",
            "maxLength": LONGEST_SYMBOL,
            "examples": ["AAPL"],
        },
    ),
    "timeframe": (
        "A timeframe such as `15m`, `4h`, `1d`; `any` is the row for every one.",
        {"type": "string", "pattern": "^([1-9][0-9]{0,2}[smhdw]|any)$", "examples": ["15m"]},
    ),
    "token": ("The webhook secret.", {"type": "string", "minLength": 1}),
}
WAIT = {
    "name": "wait",
    "in": "query",
    "description": "seconds to wait for the end, 2.5 at most; what is no number counts as 0",
    "schema": {"type": ["number", "string"], "examples": [2.5]},
}
HEADERS = {
    "Idempotency-Key": "Whatever comes again with this key is a repeat of the first, for 7 days.",
}
ERRORS = {
    HTTPStatus.BAD_REQUEST: "The body cannot be read, or not as an alert.",
    HTTPStatus.UNAUTHORIZED: "The secret or the key is missing or wrong.",
    HTTPStatus.NOT_FOUND: "There is no such thing.",
    HTTPStatus.CONFLICT: "It does not fit how things stand.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body has more than 64 KB.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Something that was given does not fit; the message names it.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many wrong secrets or keys from this address.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A fault of ours; it is logged under the request's id.",
    HTTPStatus.SERVICE_UNAVAILABLE: "It was not done: not written down, or no way to the broker.",
}


def openapi_blueprint(version: str) -> Blueprint:
    """`/openapi.json`, made when it is asked for first."""
    blueprint = Blueprint("openapi", __name__)
    made: list[bytes] = []

    @blueprint.get("/openapi.json")
    @described("This document", dict[str, Any])
    def document() -> Response:
        if not made:
            made.append(json.dumps(document_of(current_app, version)).encode())
        return Response(made[0], content_type=JSON)

    return blueprint


def document_of(app: Flask, version: str) -> dict[str, Any]:
    """The document of an application's routes."""
    operations = list(operations_of(app))
    schemas = Schemas(operations)
    spec = APISpec(
        title="NovAlgo",
        version=version,
        openapi_version=OPENAPI,
        info={"description": ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
        servers=[{"url": "/"}],
        tags=[{"name": name, "description": words} for name, words in TAGS.items()],
    )
    spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    for name, schema in schemas.components.items():
        spec.components.schema(name, schema)
    spec.components.header("RequestId", {"schema": {"type": "string"}})
    error = {JSON: {"schema": schemas.of(answers.Error)}}
    for status, words in ERRORS.items():
        answer = {"description": words, "headers": REQUEST_ID, "content": error}
        spec.components.response(_error_name(status), answer)
    for operation in operations:
        spec.path(operation.path, operations={operation.method.lower(): _shown(operation, schemas)})
    return spec.to_dict()


def _shown(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    description = operation.description
    shown: dict[str, Any] = {
        "operationId": operation.name,
        "summary": description.summary,
        "tags": [operation.tag],
        "security": [{"key": []}] if operation.has_key else [],
        "parameters": list(_parameters(operation)),
        "responses": {
            **{str(status): _answer(operation, status, schemas) for status in _good(description)},
            **{str(status): _error_name(status) for status in operation.errors},
        },
    }
    if description.body is not None:
        shown["requestBody"] = _body(description, schemas)
    return {name: part for name, part in shown.items() if part != [] or name == "security"}


def _good(description: Description) -> Sequence[int]:
    return sorted({*description.answers, *((HTTPStatus.OK,) if description.texts else ())})


def _answer(operation: Operation, status: int, schemas: Schemas) -> dict[str, Any]:
    description = operation.description
    content: dict[str, Any] = {}
    if status in description.answers:
        content[JSON] = {"schema": schemas.of(description.answers[status])}
    if status == HTTPStatus.OK:
        content |= {media: {"schema": {"type": "string"}} for media in description.texts}
    phrase = HTTPStatus(status).phrase
    return {"description": phrase, "headers": REQUEST_ID, "content": content}


def _body(description: Description, schemas: Schemas) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": schemas.of(description.body)}
    if description.examples:
        media["examples"] = {name: {"value": value} for name, value in description.examples.items()}
    content = {JSON: media}
    if description.text:
        content[TEXT] = {"schema": {"type": "string"}, "example": "buy AAPL"}
    return {"required": description.needs_body, "content": content}


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in operation.parameters:
        words, schema = PARAMETERS[name]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": words,
            "schema": schema,
        }
    if operation.description.query is not None:
        yield from query_parameters(operation.description.query)
    if operation.description.waits:
        yield WAIT
    for name in operation.description.headers:
        schema = {"type": "string"}
        yield {"name": name, "in": "header", "description": HEADERS[name], "schema": schema}


def _error_name(status: int) -> str:
    return HTTPStatus(status).name.title().replace("_", "")
