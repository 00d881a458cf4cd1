"""Settings that cannot be used end the start, with one line that names all of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.live import REPOSITORY, SECRET

pytestmark = pytest.mark.e2e


def test_bad_settings_end_the_start_with_one_line_for_a_person(tmp_path: Path) -> None:
    bad = {"PORT": "abc", "MAX_OPEN_POSITIONS": "-1", "WEBHOOK_SECRET": SECRET}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", REPOSITORY / "gunicorn.conf.py", "main:app"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)} | bad,
        capture_output=True,
        timeout=60,
        text=True,
        check=False,
    )
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert line.startswith("config: ")
    assert all(name in line for name in ("PORT", "MAX_OPEN_POSITIONS", "API_KEY"))
    assert SECRET not in line
