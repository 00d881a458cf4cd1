"""The composition root: settings become services. The only room that knows every concrete class."""

from app.bootstrap.front import build_app
from app.bootstrap.house import Parts, build
from app.bootstrap.server import Server

__all__ = ["Parts", "Server", "build", "build_app"]
