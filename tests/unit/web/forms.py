"""Helpers for tests of messages in any form."""

from datetime import UTC, datetime

from app.domain.alert import Alert
from app.domain.errors import MalformedAlert
from app.domain.instrument import Ticker
from app.web.alert_fields import parse_alert, shown_fields
from app.web.payloads import read_delivery
from app.web.templates import Template

NOW = datetime(2026, 11, 20, 14, 30, 6, tzinfo=UTC)


def alerts_of(body: str | bytes, *templates: str) -> list[Alert]:
    """The alerts of a body that were understood."""
    text = body if isinstance(body, bytes) else body.encode()
    found: list[Alert] = []
    for element in read_delivery(text, [Template.parse(each) for each in templates]).elements:
        if isinstance(element, MalformedAlert):
            continue
        try:
            found.append(parse_alert(element, now=NOW))
        except MalformedAlert:
            continue
    return found


def fields_of(body: str | bytes, *templates: str) -> dict[str, object]:
    """What the one alert of a body is shown as."""
    (alert,) = alerts_of(body, *templates)
    return shown_fields(alert)


def trades(body: str | bytes, *templates: str) -> list[Alert]:
    """The alerts of a body that may trade: they name a side and an instrument."""
    return [
        alert
        for alert in alerts_of(body, *templates)
        if alert.action is not None and Ticker.parse(alert.symbol).name
    ]


def fault_of(body: str, *templates: str) -> str:
    """Why a body as a whole was not understood."""
    templates_ = [Template.parse(each) for each in templates]
    return str(read_delivery(body.encode(), templates_).error)
