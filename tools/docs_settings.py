"""Write `.env.example` and the table in docs/configuration.md from `app.config.Settings`.

With `--check` nothing is written: the names of files that do not match are printed, exit 1.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # run as a script, from anywhere

from app.config import FIELDS, as_text  # noqa: E402  the path comes first

ENV_EXAMPLE = ROOT / ".env.example"
CONFIGURATION = ROOT / "docs" / "configuration.md"

HEAD = """\
# Every setting of NovAlgo with its default. `make run` copies this file to .env and fills in
# random secrets. The environment wins over .env; a setting that is empty has its default.
# docs/configuration.md says more. This file is made by `make docs`, from app/config.py.
"""
TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- end of settings -->)", re.DOTALL)
ACCOUNTS = "`paper`, and `alpaca` and `fyers` when their keys are set"
DERIVED = {"accounts": ACCOUNTS, "database_url": "`novalgo.db` in `DATA_DIR`"}
"""Defaults that are worked out when the settings are read: left empty in `.env.example`."""


def default_text(name: str) -> str:
    """What `.env.example` sets a setting to."""
    field = FIELDS[name]
    return "" if name in DERIVED or field.is_required() else as_text(field.default)


def env_example() -> str:
    """The whole of `.env.example`."""
    lines = [HEAD]
    for name, field in FIELDS.items():
        required = " (required)" if field.is_required() and name not in DERIVED else ""
        meaning = (field.description or "").replace("`", "")
        lines.append(f"# {meaning}{required}\n{name.upper()}={default_text(name)}\n")
    return "\n".join(lines)


def table() -> str:
    """The table of settings, in Markdown."""
    lines = ["| name | default | meaning |\n|---|---|---|\n"]
    for name, field in FIELDS.items():
        default = f"`{text}`" if (text := default_text(name)) else "empty"
        if name in DERIVED:
            default = DERIVED[name]
        elif field.is_required():
            default = "required"
        lines.append(f"| `{name.upper()}` | {default} | {field.description} |\n")
    return "".join(lines)


def expected() -> dict[Path, str]:
    """Each file that is made from the settings, as it should be."""
    configuration = CONFIGURATION.read_text(encoding="utf-8")
    return {
        ENV_EXAMPLE: env_example(),
        CONFIGURATION: TABLE.sub(lambda _: table(), configuration, count=1),
    }


def outdated() -> list[Path]:
    """The files that do not say what the settings say."""
    return [
        path
        for path, text in expected().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the files, or only check them."""
    wrong = outdated()
    if "--check" in sys.argv[1:]:
        for path in wrong:
            print(f"{path.relative_to(ROOT)} does not match app/config.py: run `make docs`")
        return 1 if wrong else 0
    for path, text in expected().items():
        path.write_text(text, encoding="utf-8")
    for path in wrong:
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
