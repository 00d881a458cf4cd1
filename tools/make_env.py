"""Write `.env` from `.env.example`, with random secrets, when there is none.

Standard library only: `make run` calls it, and a person may before anything is installed.
"""

import os
import re
import secrets
import sys
import tempfile
from pathlib import Path

SECRETS = ("WEBHOOK_SECRET", "API_KEY", "TOKEN_KEY")


def with_secrets(example: str) -> str:
    """The example with a random value for each secret that it leaves empty."""
    for name in SECRETS:
        line = f"{name}={secrets.token_urlsafe(32)}"
        example = re.sub(rf"^{name}=$", line, example, count=1, flags=re.MULTILINE)
    return example


def write_new(path: Path, text: str) -> bool:
    """Write a file that only its owner may read: all of it or nothing, and never over another.

    Returns:
        False when the file is there already.
    """
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(path).hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        Path(draft).unlink()
    return True


def main(root: Path) -> int:
    """Make `.env` in a folder that has `.env.example`."""
    example = (root / ".env.example").read_text(encoding="utf-8")
    if write_new(root / ".env", with_secrets(example)):
        print("wrote .env with new random secrets, readable by you only")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent.parent))
