"""The veil: no secret of ours is kept, and nothing is understood better for it."""

import json
from urllib.parse import quote

import pytest

from app.web.payloads import read_delivery
from app.web.veil import Veil

SECRET = 'a "long\\secret" ü/d00d'
VEIL = Veil([SECRET, "", "short"])


def sent(**fields: object) -> bytes:
    return json.dumps({"action": "buy", "symbol": "AAPL", **fields}).encode()


@pytest.mark.parametrize(
    "form", [SECRET, quote(SECRET), quote(SECRET, safe="").lower(), json.dumps(SECRET)]
)
def test_a_secret_in_a_comment_is_hidden_in_what_is_kept_and_in_what_is_read(form: str) -> None:
    delivery = VEIL.read(sent(secret=SECRET, comment=f"by {form}!"))
    assert delivery.presented == (SECRET,)
    assert "d00d" not in delivery.redacted
    (alert,) = delivery.elements
    assert isinstance(alert, dict)
    assert alert["action"] == "buy"
    assert "d00d" not in str(alert["comment"])


@pytest.mark.parametrize("body", [b"", b"{", sent(quantity=1), sent(comment="a short one")])
def test_a_body_without_a_secret_in_a_wrong_place_is_read_as_ever(body: bytes) -> None:
    assert repr(VEIL.read(body)) == repr(read_delivery(body))


def test_a_body_that_cannot_be_read_cannot_be_read_behind_the_veil_either() -> None:
    """Without its NULs it would be an alert."""
    body = sent(quantity=1, comment=SECRET).decode().encode("utf-16-le")
    delivery = VEIL.read(body)
    assert (delivery.elements, repr(delivery.error)) == ((), repr(read_delivery(body).error))
    assert "d00d" not in delivery.redacted


def test_an_error_does_not_repeat_a_secret() -> None:
    delivery = VEIL.read(sent(**{SECRET: "\0"}))
    (error,) = delivery.elements or (delivery.error,)
    assert "d00d" not in str(error)
