"""Operations: every method of every route that is served, and what is said of it."""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import NamedTuple

from flask import Flask
from werkzeug.routing import Rule

from app.web.described import Description, description_of

UNASKED = {"HEAD", "OPTIONS"}


class Operation(NamedTuple):
    """A method of a route, and what is said of it."""

    rule: Rule
    method: str
    description: Description

    @property
    def path(self) -> str:
        """The path as OpenAPI writes it."""
        return path_of(self.rule)

    @property
    def name(self) -> str:
        """Its own name: that of its view, and of its parameters where two routes share a view."""
        *_, blueprint, view = self.rule.endpoint.split(".")
        with_token = ["by", "token"] if "token" in self.parameters else []
        return "_".join([blueprint, view, *with_token])

    @property
    def parameters(self) -> Sequence[str]:
        """The names of its path's parameters, in their order."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def tag(self) -> str:
        """The name of its blueprint."""
        return str(self.rule.endpoint).split(".")[-2]

    @property
    def has_key(self) -> bool:
        """Whether it wants the API key."""
        return str(self.rule.endpoint).startswith("api.")

    @property
    def errors(self) -> Sequence[int]:
        """The statuses of its errors."""
        own = set(self.description.errors)
        if self.has_key or self.tag == "webhook":
            own |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}
        if self.description.body is not None:
            own |= {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
        if self.description.query is not None:
            own.add(HTTPStatus.UNPROCESSABLE_ENTITY)
        own |= {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE}
        return sorted(own - set(self.description.answers))


def path_of(rule: Rule) -> str:
    """A route's path as OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def operations_of(app: Flask) -> Iterator[Operation]:
    """Every method of every route, by path."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        description = description_of(app.view_functions[rule.endpoint])
        for method in sorted((rule.methods or set()) - UNASKED):
            yield Operation(rule, method, description or Description(summary=rule.endpoint))
