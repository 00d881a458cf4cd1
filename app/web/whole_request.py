"""A request whose body counts only as a whole: never cut off, never the beginning of a longer one.

gunicorn says that it ends the body itself (`wsgi.input_terminated`), and Werkzeug then takes what
comes before the end of the connection, or the first bytes of a chunked body, for all of it.
"""

from typing import Any, cast

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.web.payloads import LARGEST_BODY

MOST_READ = LARGEST_BODY + 1
"""One byte more than is taken: a body that reaches it is too large."""


class WholeRequest(Request):
    """Reads the body to its end, or raises."""

    def get_data(self, *args: Any, **kwargs: Any) -> Any:
        """The body.

        Raises:
            RequestEntityTooLarge: it is longer than 64 KB.
            ClientDisconnected: it ends before the length that was announced.
        """
        body = cast("bytes", super().get_data(*args, **kwargs))
        if len(body) > LARGEST_BODY:
            raise RequestEntityTooLarge
        if len(body) < (self.content_length or 0):
            raise ClientDisconnected
        return body
