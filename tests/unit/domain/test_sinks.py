"""Where notifications go: which addresses, which events of each, and what of them is secret."""

import pytest

from app.domain.events import Event, EventKind
from app.domain.outcome import FINAL_STATUSES, AlertStatus
from app.domain.sinks import Choice, secrets_of, sinks_of
from tests.fakes.clock import START


def event(kind: EventKind, *, problem: bool = False) -> Event:
    return Event(kind=kind, at=START, problem=problem)


@pytest.mark.parametrize("between", [" ", "\n", ",", ", ", ";;", " ;; ", "  \n "], ids=repr)
def test_addresses_are_parted_by_spaces_lines_or_commas(between: str) -> None:
    sinks = sinks_of(f"json://a/x,y{between}tgram://123:abc/4", "problems")
    assert [sink.address for sink in sinks] == ["json://a/x,y", "tgram://123:abc/4"]


def test_no_address_is_no_sink() -> None:
    assert sinks_of("  ", "problems") == ()


def test_an_address_given_twice_is_one_sink() -> None:
    assert len(sinks_of("json://a/ json://a/", "all")) == 1


@pytest.mark.parametrize("text", ["nonsense", "json://a b", "://a"])
def test_what_is_no_address_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match="must be addresses") as caught:
        sinks_of(text, "problems")
    assert text not in str(caught.value)


def test_a_name_shows_the_service_and_stays_the_same_in_another_order() -> None:
    first, second = sinks_of("tgram://1:a/4 json://a/", "all")
    assert [sink.name for sink in sinks_of("json://a/ tgram://1:a/4", "all")] == [
        second.name,
        first.name,
    ]
    assert first.name.startswith("tgram-")
    assert "1:a" not in f"{first.name} {first}"


def test_the_events_of_one_address_are_taken_out_of_it() -> None:
    sinks = sinks_of("json://a/?x=1&notify_events=filled,rejected&y=2 json://b/", "problems")
    assert [sink.address for sink in sinks] == ["json://a/?x=1&y=2", "json://b/"]
    assert sinks[0].choice == Choice.parse("filled,rejected")
    assert sinks[1].choice == Choice.parse("problems")


def test_the_choice_of_an_address_does_not_change_its_name() -> None:
    (with_choice,) = sinks_of("json://a/?notify_events=all", "problems")
    assert with_choice.name == sinks_of("json://a/", "problems")[0].name


def test_problems_are_what_is_flagged_and_what_ends_one() -> None:
    choice = Choice.parse("problems")
    assert choice.wants(event(EventKind.FINISHED, problem=True))
    assert choice.wants(event(EventKind.KILL_SWITCH_RESET))
    assert not choice.wants(event(EventKind.FILLED))


def test_problems_and_names_add_up() -> None:
    choice = Choice.parse("Problems, FILLED")
    assert choice.wants(event(EventKind.FILLED))
    assert choice.wants(event(EventKind.UNPROTECTED, problem=True))
    assert not choice.wants(event(EventKind.DECIDED))


def test_all_is_all() -> None:
    assert all(Choice.parse("all").wants(event(kind)) for kind in EventKind)


def test_names_alone_leave_problems_out() -> None:
    assert not Choice.parse("filled").wants(event(EventKind.UNPROTECTED, problem=True))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("filled", {EventKind.FILLED}),
        ("kill_switch", {EventKind.KILL_SWITCH_SET, EventKind.KILL_SWITCH_RESET}),
        ("Kill-Switch-Set", {EventKind.KILL_SWITCH_SET}),
        ("unknown", {EventKind.OUTCOME_UNKNOWN}),
        ("quiet", {EventKind.WENT_QUIET}),
        ("unprotected", {EventKind.UNPROTECTED}),
        ("protected", {EventKind.PROTECTED}),
    ],
)
def test_a_name_may_be_short(name: str, kinds: set[EventKind]) -> None:
    assert Choice.parse(name).kinds == kinds


@pytest.mark.parametrize("status", sorted(FINAL_STATUSES))
def test_an_alert_is_chosen_by_how_it_ended(status: AlertStatus) -> None:
    ends = [
        Event(kind=EventKind.FINISHED, at=START, facts={"status": end.value})
        for end in FINAL_STATUSES
    ]
    choice = Choice.parse(status.value)
    assert [end.facts["status"] for end in ends if choice.wants(end)] == [status.value]


def test_an_event_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="fillled"):
        Choice.parse("problems,fillled")


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("tgram://123456789:AAFq-x9_canary/4711", "AAFq-x9_canary"),
        ("mailtos://me:hunter@smtp.example.com", "hunter"),
        ("mailto://smtp.example.com?user=me&pass=canary", "canary"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", "TIiajkdnlazkcOXrIdevi7FQ"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "JHMHI8qBe7bk2ZwO5U711o3dV_js"),
    ],
)
def test_tokens_and_passwords_of_an_address_are_secret(address: str, secret: str) -> None:
    (sink,) = sinks_of(address, "all")
    assert {secret, address} <= set(secrets_of(sink))


def test_hosts_and_words_are_no_secrets() -> None:
    (sink,) = sinks_of("mailto://me:hunter@smtp.example.com?format=markdown&mode=starttls", "all")
    assert set(secrets_of(sink)) == {sink.address, "hunter"}
