"""docs/errors.md tells of every code and every reason, and of no other."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from app.domain.decision import Denial, Lapse, Note, Skip
from app.domain.errors import (
    AlertError,
    BackupError,
    BrokerError,
    ConfigError,
    StoreConflict,
    StoreUnavailable,
    SymbolsError,
)
from app.domain.matching import Reason
from app.domain.rejection import Rejection
from app.engine.adoption import Hindrance
from app.engine.order_desk import Obstacle
from app.web.errors import CODE_OF, STATUS_OF

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)
CONSTANT = re.compile(r'^([A-Z_]+) = "([a-z_]+)"$', re.MULTILINE)
MAKERS = ("ApiError", "error_answer")
STATUS_BY_CODE = {
    kind.code.lower(): status.value
    for kind, status in STATUS_OF.items()
    if kind is not AlertError  # only its kinds are raised
}
SECTIONS = {
    "Reasons of denied alerts": Denial,
    "Reasons of skipped alerts": Skip,
    "Reasons of informational alerts": Note,
    "Reasons of expired alerts": Lapse,
}

OTHER_SECTIONS = [
    "Codes of commands",
    "Reasons of rejected, failed and waiting alerts",
    "Reasons of orders",
    "Reasons of events",
]


def section(heading: str) -> dict[str, list[str]]:
    """The rows of a section: the word, and the cells beside it."""
    document = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    body = document.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {word: cells.split(" | ") for word, cells in ROW.findall(body)}


def broker_errors(kind: type[BrokerError] = BrokerError) -> Iterator[type[BrokerError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from broker_errors(narrower)


def literals_in(folder: str) -> Iterator[str]:
    """Codes that are written where an error is made: `ApiError(status, "code", ...)`."""
    for file in (ROOT / folder).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield from second_text(node) if node.func.id in MAKERS else ()
            if isinstance(node, ast.Dict):
                yield from codes_of(node)


def second_text(call: ast.Call) -> Iterator[str]:
    code = call.args[1] if len(call.args) > 1 else None
    if isinstance(code, ast.Constant) and isinstance(code.value, str):
        yield code.value


def codes_of(node: ast.Dict) -> Iterator[str]:
    for name, value in zip(node.keys, node.values, strict=True):
        if isinstance(name, ast.Constant) and name.value == "code":
            yield from [str(value.value)] if isinstance(value, ast.Constant) else []


def reasons_in(path: str) -> set[str]:
    """Constants that a broker gives as reasons of orders."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return {value for name, value in CONSTANT.findall(text) if name.lower() == value}


def test_every_code_is_documented_and_no_other() -> None:
    codes = {*CODE_OF.values(), *literals_in("app/web"), *(item.value for item in Obstacle)}
    codes |= set(STATUS_BY_CODE)
    assert section("Codes").keys() == codes


def test_every_code_that_only_a_command_ends_with_is_documented() -> None:
    hindrances = {hindrance.name.lower() for hindrance in Hindrance}
    kinds = (ConfigError, BackupError, SymbolsError, StoreConflict, StoreUnavailable)
    documented = section("Codes of commands").keys()
    assert documented == {kind.code for kind in kinds} | hindrances


@pytest.mark.parametrize(("heading", "reasons"), SECTIONS.items(), ids=str)
def test_every_reason_of_a_decision_is_documented(heading: str, reasons: type[StrEnum]) -> None:
    assert list(section(heading)) == [reason.value for reason in reasons]


def test_every_reason_that_a_broker_can_give_is_documented() -> None:
    documented = section("Reasons of rejected, failed and waiting alerts").keys()
    refusals = {reason.value for reason in Rejection}
    assert documented == {kind.code for kind in broker_errors()} | refusals | {"INTERNAL_ERROR"}


def test_every_reason_of_an_order_is_documented() -> None:
    given = {reason.value for reason in Reason} | reasons_in("app/adapters/brokers/paper/book.py")
    given |= reasons_in("app/adapters/brokers/alpaca/naming.py")
    assert given <= section("Reasons of orders").keys()


@pytest.mark.parametrize("heading", ["Codes", *SECTIONS, *OTHER_SECTIONS])
def test_every_row_says_what_it_means_and_what_to_do(heading: str) -> None:
    columns = 3 if heading == "Codes" else 2
    for word, cells in section(heading).items():
        assert len(cells) == columns, word
        assert all(cell.strip().endswith((".", "?")) or cell.isdigit() for cell in cells), word


def test_a_code_has_the_status_that_it_is_answered_with() -> None:
    documented = {word: int(cells[0]) for word, cells in section("Codes").items()}
    answered = {code: status.value for status, code in CODE_OF.items()} | STATUS_BY_CODE
    assert {code: documented[code] for code in answered} == answered
