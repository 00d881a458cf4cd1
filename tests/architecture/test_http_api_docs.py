"""docs/http_api.md lists the routes that are served, as the OpenAPI document has them."""

from tools import docs_http_api


def test_the_page_says_what_the_document_says() -> None:
    page = docs_http_api.PAGE.read_text(encoding="utf-8")
    assert docs_http_api.expected(page) == page, "run `make docs`"
