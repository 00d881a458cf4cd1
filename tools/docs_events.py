"""Write the tables of docs/events.md from `app.domain.events` and `app.domain.facts`.

With `--check` nothing is written: exit 1 when the page does not match.
"""

import re
import sys
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # run as a script, from anywhere

from app.domain.events import ABOUT, EventKind  # noqa: E402  the path comes first
from app.domain.facts import FACTS  # noqa: E402

PAGE = ROOT / "docs" / "events.md"
TABLE = re.compile(r"(?<=<!-- events -->\n).*?(?=<!-- end of events -->)", re.DOTALL)
GLOSSARY = re.compile(r"(?<=<!-- facts -->\n).*?(?=<!-- end of facts -->)", re.DOTALL)
KINDS = {str: "text", Decimal: "decimal", int: "number", list: "list", dict: "object"}


def table() -> str:
    """The table of events, in Markdown."""
    lines = ["| event | what happened | facts | told |\n|---|---|---|---|\n"]
    for kind in EventKind:
        about = ABOUT[kind]
        facts = ", ".join(f"`{name}`" for name in about.facts)
        told = "urgent" if about.urgent else "with problems" if about.told else ""
        meaning = f"{about.meaning}. {about.todo}" if about.todo else about.meaning
        lines.append(f"| `{kind.value}` | {meaning} | {facts} | {told} |\n")
    return "".join(lines)


def glossary() -> str:
    """The table of facts, in Markdown."""
    lines = ["| fact | type | what it is |\n|---|---|---|\n"]
    for name, fact in sorted(FACTS.items()):
        lines.append(f"| `{name}` | {KINDS[fact.kind]} | {fact.meaning} |\n")
    return "".join(lines)


def expected(page: str) -> str:
    """The page as it should be."""
    page = TABLE.sub(lambda _: table(), page, count=1)
    return GLOSSARY.sub(lambda _: glossary(), page, count=1)


def main() -> int:
    """Write the page, or only check it."""
    page = PAGE.read_text(encoding="utf-8")
    right = expected(page)
    if "--check" in sys.argv[1:]:
        if right != page:
            print("docs/events.md does not match app/domain/events.py: run `make docs`")
        return int(right != page)
    if right != page:
        PAGE.write_text(right, encoding="utf-8")
        print("wrote docs/events.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
