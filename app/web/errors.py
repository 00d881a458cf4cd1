"""Errors as HTTP: one JSON form, a stable code, the request's id, never a secret."""

import logging
from http import HTTPStatus

from flask import Flask, Response, g, jsonify
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from app.domain.errors import (
    AlertError,
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    ConflictingAlert,
    JournalError,
    LoginRefused,
    MalformedAlert,
    OutcomeUnknown,
    PlaybookRefused,
    PlaybookUnavailable,
    TradingError,
    UnauthorizedAlert,
)

log = logging.getLogger(__name__)

STATUS_OF: dict[type[TradingError], HTTPStatus] = {
    MalformedAlert: HTTPStatus.BAD_REQUEST,
    UnauthorizedAlert: HTTPStatus.UNAUTHORIZED,
    ConflictingAlert: HTTPStatus.CONFLICT,
    AlertError: HTTPStatus.BAD_REQUEST,
    BrokerRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    BrokerUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    BrokerLoginNeeded: HTTPStatus.SERVICE_UNAVAILABLE,
    OutcomeUnknown: HTTPStatus.ACCEPTED,
    BrokerError: HTTPStatus.SERVICE_UNAVAILABLE,
    JournalError: HTTPStatus.SERVICE_UNAVAILABLE,
    LoginRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    PlaybookUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    PlaybookRefused: HTTPStatus.SERVICE_UNAVAILABLE,
}
CODE_OF = {
    HTTPStatus.BAD_REQUEST: "malformed_request",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
}
MOST_FAULTS = 5


class ApiError(Exception):
    """An answer that is not the asked one: status, stable code, words.

    `retry_after`: in how many seconds asking again is worth it.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        *,
        retry_after: int | None = None,
        **more: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.more = more


def error_answer(status: int, code: str, message: str, **more: object) -> Response:
    """The one form of all errors."""
    body = {"status": "error", "code": code, "message": message, "request_id": request_id(), **more}
    answer = jsonify(body)
    answer.status_code = status
    return answer


def request_id() -> str:
    """The id of the request that is being answered."""
    return str(g.get("request_id", ""))


def register_errors(app: Flask) -> None:
    """Answer every exception in the one form."""
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(TradingError, _trading_error)
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)


def _api_error(error: ApiError) -> Response:
    answer = error_answer(error.status, error.code, str(error), **error.more)
    answer.retry_after = error.retry_after
    return answer


def _trading_error(error: TradingError) -> Response:
    kinds = (kind for kind in type(error).__mro__ if kind in STATUS_OF)
    kind = next(kinds, None)
    if kind is None:
        return _fault(error)
    if isinstance(error, JournalError):
        log.error("not journaled", extra={"why": str(error)})
        return error_answer(STATUS_OF[kind], error.code, "could not be stored; send it again")
    return error_answer(STATUS_OF[kind], error.code.lower(), str(error))


def _invalid(error: ValidationError) -> Response:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    shown = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {fault['msg']}"
        for fault in faults[:MOST_FAULTS]
    ]
    return error_answer(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "; ".join(shown))


def _http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    code = CODE_OF.get(status, status.name.lower())
    answer = error_answer(status, code, error.description or status.phrase)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            answer.headers[name] = value
    return answer


def _fault(error: Exception) -> Response:
    """A fault of ours: logged whole, shown as nothing."""
    log.error("a request failed", exc_info=error)
    return error_answer(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "the server failed; it is logged"
    )
