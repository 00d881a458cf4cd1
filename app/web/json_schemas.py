"""JSON schemas, made by pydantic from the types of bodies, answers and query parameters."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from app.web import answers
from app.web.operations import Operation

REFERENCE = "#/components/schemas/{model}"

Schema = dict[str, Any]

SAID: Mapping[str, str] = {
    "limit": "items on a page; the nearest of 1 to 200 is taken",
    "cursor": "`next_cursor` of the page before",
    "since": "not before this time, ISO 8601 or seconds since 1970",
    "until": "before this time",
    "symbol": "of this symbol only",
    "account": "of this account only",
    "strategy": "of this strategy only",
    "status": "in this state only",
    "side": "of this side only",
    "alert_id": "of this alert only",
    "client_order_id": "of this order only",
    "event": "events of this kind only",
    "problem": "only what is a problem, or only what is none",
    "level": "of this level or worse",
    "logger": "of this logger and those below it",
    "text": "lines that hold this text",
    "format": "`csv` for a file; else the header `Accept` decides",
    "dry_run": "only say what it would lead to",
    "force": "although it protects an open position",
    "refresh": "count anew from the first fill, and write the figures into the sheet",
}
"""What a query parameter means, wherever it stands; its own description wins."""


def query_parameters(model: type[BaseModel]) -> Iterator[Schema]:
    """The parameters of a query. None of them is null: one that is left out is not sent."""
    whole = model.model_json_schema(schema_generator=_Untitled)
    definitions: dict[str, Schema] = whole.get("$defs", {})
    for name, shape in whole["properties"].items():
        words = shape.pop("description", SAID.get(name, ""))
        schema = _plain(shape, definitions)
        yield {"name": name, "in": "query", "description": words, "schema": schema}


def _plain(shape: Schema, definitions: Mapping[str, Schema]) -> Schema:
    options = shape.pop("anyOf", [shape])
    kind: Schema = next(option for option in options if option != {"type": "null"})
    if "$ref" in kind:
        named = definitions[kind["$ref"].rpartition("/")[2]]
        kind = {name: named[name] for name in ("type", "enum")}
    default = shape.get("default")
    return kind if default is None else {**kind, "default": default}


class _Untitled(GenerateJsonSchema):
    """A field's name says what its title would."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


class Schemas:
    """The JSON schemas of all types, by pydantic, and the components that they refer to."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        told = [operation.description for operation in operations]
        kinds: dict[str, tuple[Any, JsonSchemaMode]] = {
            repr(kind): (kind, "serialization")
            for kind in (answers.Error, *(kind for one in told for kind in one.answers.values()))
        }
        kinds |= {repr(one.body): (one.body, "validation") for one in told if one.body is not None}
        inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
            (name, mode, TypeAdapter(kind)) for name, (kind, mode) in kinds.items()
        ]
        made, rest = TypeAdapter.json_schemas(
            inputs, ref_template=REFERENCE, schema_generator=_Untitled
        )
        self._made = {name: schema for (name, _), schema in made.items()}
        definitions: dict[str, Any] = rest.get("$defs", {})
        self.components = _reached(list(self._made.values()), definitions)

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type that was asked for."""
        return self._made[repr(kind)]


def _reached(schemas: Any, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions that schemas refer to, however far away."""
    reached: dict[str, Any] = {}
    left = [schemas]
    while left:
        for name in re.findall(r"#/components/schemas/(\w+)", json.dumps(left.pop())):
            if name not in reached:
                reached[name] = definitions[name]
                left.append(definitions[name])
    return dict(sorted(reached.items()))
