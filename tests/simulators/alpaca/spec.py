"""Requests and answers held against Alpaca's own OpenAPI documents.

The documents are those of `tests/data/alpaca`. An object holds nothing but what it is said to hold.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from jsonschema_rs import Draft202012Validator

Schema = dict[str, Any]

DOCUMENTS = Path(__file__).parents[2] / "data/alpaca"
_TRUTHS = {"true": True, "false": False}
_UNDOCUMENTED = (400, 401, 403, 404, 422, 429)
"""Statuses that the documents leave out here and there; their bodies are errors."""


class Spec:
    """The documents of both APIs."""

    def __init__(self) -> None:
        self._books = [
            Book(DOCUMENTS / name) for name in ("trading-api.json", "market-data-api.json")
        ]

    def endpoints(self) -> Iterator[tuple[str, str]]:
        """Every method and path."""
        for book in self._books:
            for path, operations in book.paths.items():
                for method in operations.keys() & {"get", "post", "patch", "delete"}:
                    yield method.upper(), path

    def complaints(
        self, method: str, path: str, query: Mapping[str, str], body: Any = None
    ) -> list[str]:
        """What of a request does not conform. `path` as the document writes it."""
        where = f"{method} {path}"
        book = self._book(path)
        if book is None:
            return [f"{where}: is not documented"]
        return [f"{where}: {complaint}" for complaint in book.of_request(method, path, query, body)]

    def complaints_of_answer(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What of an answer does not conform."""
        book = self._book(path)
        if book is None:
            return [f"{method} {path}: is not documented"]
        return [
            f"{method} {path} -> {status}: {complaint}"
            for complaint in book.of_answer(method, path, status, body)
        ]

    def _book(self, path: str) -> "Book | None":
        return next((book for book in self._books if path in book.paths), None)


class Book:
    """One document."""

    def __init__(self, file: Path) -> None:
        document: Schema = json.loads(file.read_text(encoding="utf-8"))
        self.paths: dict[str, Schema] = document["paths"]
        self._components: Schema = _completed(document["components"])
        self._strict = _strict(self._components)
        self._validators: dict[str, Draft202012Validator] = {}

    def of_request(
        self, method: str, path: str, query: Mapping[str, str], body: Any
    ) -> Iterator[str]:
        """What of a request does not conform."""
        operation: Schema = self.paths[path].get(method.lower(), {})
        told = {each["name"]: each for each in self._parameters(path, operation)}
        for name in query.keys() - told.keys():
            yield f"query {name} is unknown"
        for name, parameter in told.items():
            if name in query:
                value = _read(self._resolved(parameter["schema"]), query[name])
                yield from self._errors(f"query {name}", parameter["schema"], value)
            elif parameter.get("required"):
                yield f"query {name} is missing"
        content: Schema = operation.get("requestBody", {}).get("content", {})
        if content:
            yield from self._errors("body", content["application/json"]["schema"], body)
        elif body is not None:
            yield "it has no body"

    def of_answer(self, method: str, path: str, status: int, body: Any) -> Iterator[str]:
        """What of an answer does not conform."""
        told: Schema = self.paths[path][method.lower()]["responses"]
        answer = self._resolved(told.get(str(status), {}))
        if "content" in answer:
            yield from self._errors("body", answer["content"]["application/json"]["schema"], body)
        elif status in _UNDOCUMENTED:
            if not isinstance(body, dict) or "message" not in body:
                yield "an error has a message"
        elif body is not None or str(status) not in told:
            yield "is not documented"

    def _parameters(self, path: str, operation: Schema) -> Iterator[Schema]:
        for each in (*self.paths[path].get("parameters", ()), *operation.get("parameters", ())):
            parameter = self._resolved(each)
            if parameter["in"] == "query":
                yield parameter

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            _, _, kind, name = schema["$ref"].split("/")
            schema = self._components[kind][name]
        return schema

    def _errors(self, where: str, schema: Schema, value: Any) -> Iterator[str]:
        key = json.dumps(schema)
        if key not in self._validators:
            whole = {**_strict(schema), "components": self._strict}
            self._validators[key] = Draft202012Validator(whole, validate_formats=True)
        for error in self._validators[key].iter_errors(value):
            place = "".join(f"/{part}" for part in error.instance_path)
            yield f"{where}{place}: {error.message}"


def _completed(components: Schema) -> Schema:
    """The components, with what the servers say and the documents leave out."""
    schemas: Schema = components["schemas"]
    for name in ("Exchange", "ExchangeForPosition"):
        if name in schemas:
            schemas[name]["enum"].append("CRYPTO")
    if "PositionClosedReponse" in schemas:
        closed: Schema = schemas["PositionClosedReponse"]["properties"]
        refused = {"type": "object", "required": ["code", "message"]}
        closed["body"] = {"anyOf": [closed["body"], refused]}
    return components


def _strict(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema, its objects closed."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(schema, dict):
        return schema
    known = cast("Schema", schema)
    strict = {name: _strict(part) for name, part in known.items() if name != "nullable"}
    if "properties" in known and isinstance(known.get("type"), str):
        strict = {"additionalProperties": False, **strict}
    return {"anyOf": [strict, {"type": "null"}]} if known.get("nullable") is True else strict


def _read(schema: Schema, text: str) -> Any:
    """The value that a text of a query stands for; the text itself when it is none of its type."""
    kind = schema.get("type")
    if kind == "boolean":
        return _TRUTHS.get(text.lower(), text)
    if kind == "array":
        return text.split(",")
    if kind in ("integer", "number"):
        try:
            return int(text) if kind == "integer" else float(text)
        except ValueError:
            return text
    return text
