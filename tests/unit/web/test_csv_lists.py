"""No text of a CSV is taken for a formula by a spreadsheet, and no number for a text."""

import pytest

from app.web.csv_lists import cell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\n",
        "\uff1d1",
        "--1",
        "-1e5",
        "-",
    ],
)
def test_a_text_that_could_be_a_formula_gets_a_quote(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-20", "-0.5", "12", "AAPL", "BTC/USD", "a=b", "2-1", ""])
def test_other_texts_and_numbers_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


def test_what_is_not_known_is_empty() -> None:
    assert cell(None) == ""
