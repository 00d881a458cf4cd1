"""The real nginx with the configuration of deploy/nginx, in front of a server under test."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.live import REPOSITORY, free_port
from tests.e2e.wire import Reply, dial, exchange, http

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
TRADINGVIEW = "52.89.214.238"
"""One of the addresses that it sends from."""
SENDER = "X-Test-Sender"
"""The header that says from which address a request of a test comes."""

WRAPPER = """
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    set_real_ip_from 127.0.0.1;
    real_ip_header {sender};
    include novalgo/http.conf;
    upstream novalgo {{ server 127.0.0.1:{upstream}; }}
    server {{
        listen 127.0.0.1:{port} {tls};
        access_log {folder}/access.log novalgo;
        include novalgo/locations.conf;
        {more}
    }}
}}
"""


@dataclass(slots=True)
class Nginx:
    """One nginx in a folder of its own. `more` goes into its server block."""

    folder: Path
    upstream: int
    tls: str = ""
    more: str = ""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when it listens."""
        assert NGINX is not None
        self.port = free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(REPOSITORY / "deploy/nginx", self.folder / "novalgo", dirs_exist_ok=True)
        file = self.folder / "nginx.conf"
        file.write_text(
            WRAPPER.format(
                user="root" if os.geteuid() == 0 else "nobody",
                folder=self.folder,
                sender=SENDER,
                upstream=self.upstream,
                port=self.port,
                tls=self.tls,
                more=self.more,
            )
        )
        self.process = subprocess.Popen(
            [NGINX, "-p", str(self.folder), "-c", str(file), "-e", str(self.folder / "error.log")]
        )
        self._await()

    def stop(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        sender: str | None = TRADINGVIEW,
        headers: Sequence[tuple[str | bytes, str | bytes]] = (),
    ) -> Reply:
        """One request, as it would come from that address; None: from this machine."""
        from_there = [(SENDER, sender)] if sender else []
        return exchange(self.port, http(method, target, body, [*from_there, *headers]))

    def written(self) -> str:
        """All that it wrote into its logs."""
        return "".join(
            file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log"))
        )

    def _await(self) -> None:
        deadline = time.monotonic() + 15
        while True:
            try:
                dial(self.port).close()
            except OSError:
                assert time.monotonic() < deadline, self.written()
                time.sleep(0.02)
            else:
                return
