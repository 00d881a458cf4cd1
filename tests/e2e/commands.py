"""Our commands, run as their owner would: each a process of its own."""

import os
import subprocess
import sys

from tests.e2e.live import API_KEY, REPOSITORY, SECRET, LiveServer


def command(
    server: LiveServer, *words: str, typed: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run one of our commands with the settings of a server, as its owner would."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "DATA_DIR": str(server.data_dir),
        "WEBHOOK_SECRET": SECRET,
        "API_KEY": API_KEY,
        **server.settings,
        **settings,
    }
    told = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "main", *words],
        cwd=server.folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        input=typed,
        timeout=60,
    )
    assert SECRET not in told.stdout + told.stderr
    assert API_KEY not in told.stdout + told.stderr
    return told
