"""A client that holds every answer against the OpenAPI document: nothing may be told beside it."""

import json
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from app import __version__
from app.web.openapi import document_of
from app.web.operations import path_of

ERROR = {"$ref": "#/components/schemas/Error"}
_BOOKS: dict[frozenset[str], "Book"] = {}
"""Each set of routes has one book, however many servers a test makes."""


class DocumentedClient(FlaskClient):
    """Asserts that each answer is a documented one: its status, its media type, its form."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        book_of(self.application).check(answer, self.application)
        return answer


class Book:
    """A document in which an object holds nothing but what it is said to hold."""

    def __init__(self, app: Flask) -> None:
        document = document_of(app, __version__)
        self._paths = document["paths"]
        self._components = _closed(document["components"])
        self._validators: dict[str, Draft202012Validator] = {}

    def check(self, answer: TestResponse, app: Flask) -> None:
        """Be sure that the document tells of an answer."""
        schema = self._schema_of(answer, _path_of(answer, app))
        if answer.mimetype == "application/json" and answer.data:
            self._validator(schema).validate(answer.get_json())

    def _schema_of(self, answer: TestResponse, path: str | None) -> dict[str, Any]:
        if path is None or answer.request.method in ("HEAD", "OPTIONS"):
            return ERROR
        told = self._paths[path][answer.request.method.lower()]["responses"]
        where = f"{answer.request.method} {path} answers {answer.status_code}"
        assert str(answer.status_code) in told, f"{where}, which is not documented"
        response = told[str(answer.status_code)]
        if "$ref" in response:
            return ERROR
        assert answer.mimetype in response["content"], f"{where} as {answer.mimetype}"
        return cast("dict[str, Any]", response["content"][answer.mimetype]["schema"])

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        key = json.dumps(schema)
        if key not in self._validators:
            whole = {**_closed(schema), "components": self._components}
            self._validators[key] = Draft202012Validator(whole)
        return self._validators[key]


def book_of(app: Flask) -> Book:
    """The book of an application's routes."""
    routes = frozenset(f"{rule} {rule.methods}" for rule in app.url_map.iter_rules())
    if routes not in _BOOKS:
        _BOOKS[routes] = Book(app)
    return _BOOKS[routes]


def documented(app: Flask) -> Flask:
    """An application whose test clients check what it answers."""
    app.test_client_class = DocumentedClient
    return app


def _path_of(answer: TestResponse, app: Flask) -> str | None:
    """The path as the document writes it; None when nothing is served there."""
    try:
        rule, _ = app.url_map.bind_to_environ(answer.request.environ).match(return_rule=True)
    except HTTPException:
        return None
    return path_of(rule)


def _closed(schema: Any) -> Any:
    """The schema, its objects with no other names than their own."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in cast("dict[str, Any]", schema).items()}
    return {"additionalProperties": False, **closed} if "properties" in closed else closed
