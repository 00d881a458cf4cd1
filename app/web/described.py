"""Descriptions: what a route does, takes and answers, told beside it for the OpenAPI document.

A view is not wrapped: being described costs a request nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])

NAME = "described_as"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A route, for its readers.

    `answers`: the form of each good status. `errors`: the statuses that it has beside those of
    every route (`app.web.openapi` knows them). `body`: the type of its JSON body, `text`: that the
    body may be text too. `texts`: media types in which 200 is answered beside JSON, or instead of
    it where 200 has no form. `headers`: the names of headers that it listens to. `waits`: it takes
    `?wait=S`.
    """

    summary: str
    answers: Mapping[int, Any] = field(default_factory=dict[int, Any])
    errors: Sequence[int] = ()
    query: type[BaseModel] | None = None
    body: Any = None
    needs_body: bool = True
    text: bool = False
    examples: Mapping[str, object] = field(default_factory=dict[str, object])
    texts: Sequence[str] = ()
    headers: Sequence[str] = ()
    waits: bool = False


def described(summary: str, answer: Any = None, **more: Any) -> Callable[[View], View]:
    """Describe a view. `answer` is the form of its 200."""
    answers = {200: answer} if answer is not None else {}
    description = Description(summary=summary, answers=answers | more.pop("answers", {}), **more)

    def mark(view: View) -> View:
        setattr(view, NAME, description)
        return view

    return mark


def description_of(view: Callable[..., Any]) -> Description | None:
    """The description of a view; None when it has none."""
    return getattr(view, NAME, None)
