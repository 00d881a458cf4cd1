"""A letter by apprise itself, to a real mail server and real HTTP; failures come back as words."""

import json
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler

import pytest

from app.adapters.notify.apart import ApartMessenger
from app.domain.errors import FencedOut, NotSent
from app.domain.letters import Letter
from tests.fakes.services import drip, mail_server, reply, web_server

LETTER = Letter("Denied: buy 10 AAPL on paper", "TOO_SMALL: 0.4 < 1\nSee docs & more", 1)


def plain(text: str) -> str:
    return text


@pytest.fixture
def messenger() -> ApartMessenger:
    return ApartMessenger(plain)


def test_a_letter_comes_by_mail(messenger: ApartMessenger) -> None:
    with mail_server() as box:
        address = f"mailto://{box.host}?from=nova@example.com&to=me@example.com"
        messenger.send(address, LETTER)
    (mail,) = (message_from_bytes(content, policy=default) for content in box.letters)
    assert mail["Subject"] == LETTER.title
    assert mail["To"] == "me@example.com"
    body = mail.get_body(("plain", "html"))
    assert body is not None
    assert "TOO_SMALL" in body.get_content()


def test_a_letter_comes_by_http_word_for_word(messenger: ApartMessenger) -> None:
    bodies: list[bytes] = []
    with web_server(lambda handler: bodies.append(reply(handler))) as host:
        messenger.send(f"json://{host}/hook", LETTER)
    (body,) = map(json.loads, bodies)
    assert (body["title"], body["message"]) == (LETTER.title, LETTER.text)


def test_a_service_that_refuses_is_told_with_its_reason(messenger: ApartMessenger) -> None:
    refusing = web_server(lambda handler: reply(handler, 503))
    with refusing as host, pytest.raises(NotSent, match="503"):
        messenger.send(f"json://{host}/hook", LETTER)


def test_nobody_at_an_address_is_told(messenger: ApartMessenger) -> None:
    with pytest.raises(NotSent, match="onnect"):
        messenger.send("json://127.0.0.1:1/", LETTER)


def test_an_address_that_apprise_does_not_know_is_told(messenger: ApartMessenger) -> None:
    with pytest.raises(NotSent, match="does not know"):
        messenger.send("nonsense://somewhere", LETTER)


def test_what_is_said_of_a_failure_is_veiled() -> None:
    messenger = ApartMessenger(lambda text: text.replace("127.0.0.1", "***"))
    with pytest.raises(NotSent) as caught:
        messenger.send("json://127.0.0.1:1/", LETTER)
    assert "127.0.0.1" not in str(caught.value)


def test_a_service_that_never_ends_its_answer_is_broken_off() -> None:
    messenger = ApartMessenger(plain, limit=3)
    with web_server(drip) as host, pytest.raises(NotSent, match="within 3 s"):
        messenger.send(f"json://{host}/", LETTER)


def test_closing_breaks_off_what_is_being_sent_and_sends_no_more() -> None:
    messenger = ApartMessenger(plain)

    def close(handler: BaseHTTPRequestHandler) -> None:
        messenger.close()
        drip(handler)

    with web_server(close) as host:
        for _ in range(2):
            with pytest.raises(FencedOut):
                messenger.send(f"json://{host}/", LETTER)
