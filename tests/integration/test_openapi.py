"""The OpenAPI document tells of every route, and of nothing else; the server does as it says."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from app.web.described import description_of
from app.web.operations import path_of
from tests.integration.api import MakeServer, body_of, client_of

UNASKED = {"HEAD", "OPTIONS"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    return body_of(client, "/openapi.json")


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_it_is_a_valid_document(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_it_tells_of_every_route_and_method_and_of_no_other(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    served = {
        (path_of(rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - UNASKED
    }
    assert {(path, method) for path, method, _ in operations(document)} == served


def test_every_view_is_described_beside_it(client: FlaskClient) -> None:
    views = client.application.view_functions
    assert [name for name, view in views.items() if description_of(view) is None] == []


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag(
    document: dict[str, Any],
) -> None:
    told = [operation for _, _, operation in operations(document)]
    names = [operation["operationId"] for operation in told]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for operation in told)
    tags = {tag["name"] for tag in document["tags"]}
    assert all(set(operation["tags"]) <= tags for operation in told)


def test_it_says_which_routes_want_the_key(
    make_server: MakeServer, document: dict[str, Any]
) -> None:
    stranger = client_of(make_server(SECRET_RATE_LIMIT="1000 per second"))
    del stranger.environ_base["HTTP_AUTHORIZATION"]
    for path, method, operation in operations(document):
        if "webhook" in path:
            continue
        answer = stranger.open(path, method=method)
        assert (answer.status_code == 401) == bool(operation["security"]), path


def test_every_parameter_says_what_it_is(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (path, method, parameter["name"])


def test_every_component_is_referred_to(document: dict[str, Any]) -> None:
    text = str(document)
    for kind, named in document["components"].items():
        for name in named if kind != "securitySchemes" else ():
            assert f"#/components/{kind}/{name}'" in text, name
