"""Write the list of routes in docs/http_api.md from the OpenAPI document of the application.

With `--check` nothing is written: a page that does not match is named, exit 1.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # run as a script, from anywhere

from app import __version__, create_app  # noqa: E402  the path comes first
from app.bootstrap import Server  # noqa: E402
from app.config import Settings  # noqa: E402
from app.web.openapi import document_of  # noqa: E402

PAGE = ROOT / "docs" / "http_api.md"
LISTED = re.compile(r"(?<=<!-- routes -->\n).*?(?=<!-- end of routes -->)", re.DOTALL)
ANYWHERE = {401, 429, 500, 503}
"""Errors that every route behind the key has: told once, at the top of the page."""

Schema = dict[str, Any]


def document() -> Schema:
    """The document of an application that is made for this, and of which nothing is left."""
    with tempfile.TemporaryDirectory() as folder:
        secrets = {"WEBHOOK_SECRET": "of-the-documents", "API_KEY": "key-of-the-documents"}
        settings = {**secrets, "DATA_DIR": folder, "LOG_LEVEL": "WARNING"}
        app = create_app(Settings.from_env(settings, None))
        try:
            return document_of(app, __version__)
        finally:
            cast("Server", app.extensions["novalgo"]).stop()


def expected(page: str) -> str:
    """The page as it should be."""
    return LISTED.sub(lambda _: "".join(_lines(document())), page, count=1)


def _lines(told: Schema) -> Iterator[str]:
    for tag in told["tags"]:
        yield f"### {tag['description'].rstrip('.')}\n\n"
        for path, methods in told["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation["tags"]:
                    yield from _operation(f"{method.upper()} {path}", operation)
    yield "## Forms\n\nWhat is marked with `?` may be left out; `|` is between alternatives.\n\n"
    for name, schema in told["components"]["schemas"].items():
        yield from _form(name, schema)


def _operation(title: str, operation: Schema) -> Iterator[str]:
    method, _, path = title.partition(" ")
    route = re.sub("{(.+?)}", r"<\1>", path)
    yield f"#### `{method} {route}`\n\n{operation['summary']}.\n\n"
    for parameter in operation.get("parameters", ()):
        kind = _type(parameter["schema"])
        yield f"- `{parameter['name']}` ({parameter['in']}, {kind}): {parameter['description']}\n"
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]
        yield f"- body: {_type(media['application/json']['schema'])}\n"
    for status, answer in operation["responses"].items():
        if "$ref" not in answer:
            yield f"- {status}: {' | '.join(_content(answer['content']))}\n"
    errors = [
        status
        for status, answer in operation["responses"].items()
        if "$ref" in answer and int(status) not in ANYWHERE
    ]
    if errors:
        yield f"- errors: {', '.join(errors)}\n"
    yield "\n"


def _content(content: Schema) -> Iterator[str]:
    for media, shape in content.items():
        yield _type(shape["schema"]) if media == "application/json" else f"`{media}`"


def _form(name: str, schema: Schema) -> Iterator[str]:
    yield f"### {name}\n\n{schema.get('description', '')}\n\n".replace("\n\n\n\n", "\n\n")
    if "enum" in schema:
        yield f"{', '.join(f'`{word}`' for word in schema['enum'])}\n\n"
        return
    for field, shape in schema["properties"].items():
        optional = "" if field in schema.get("required", ()) else "?"
        words = shape.get("description", "")
        yield f"- `{field}`{optional}: {_type(shape)}{f'; {words}' if words else ''}\n"
    yield "\n"


def _type(shape: Schema) -> str:
    """A schema in a few words."""
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in shape:
        return " | ".join(dict.fromkeys(_type(option) for option in shape["anyOf"]))
    if "enum" in shape:
        return " | ".join(f"`{word}`" for word in shape["enum"])
    if "const" in shape:
        return f"`{shape['const']}`"
    if isinstance(shape.get("type"), list):
        return " | ".join(shape["type"])
    if shape.get("type") == "array":
        return f"list of {_type(shape['items'])}"
    if shape.get("type") == "null":
        return "`null`"
    return str(shape.get("format") or shape.get("type") or "anything")


def main() -> int:
    """Write the page, or only check it."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = expected(page)
    if wanted == page:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{PAGE.relative_to(ROOT)} does not match the routes: run `make docs`")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
