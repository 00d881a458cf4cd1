"""How an alert of several accounts stands, by how it stands on each of them."""

import pytest

from app.domain.outcome import TELLING, AlertStatus, Outcome, together

S = AlertStatus


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (S.SUCCESS, S.SUCCESS, S.SUCCESS),
        (S.SUCCESS, S.SKIPPED, S.SUCCESS),
        (S.SUCCESS, S.DENIED, S.DENIED),
        (S.REJECTED, S.DENIED, S.REJECTED),
        (S.EXPIRED, S.INFO, S.EXPIRED),
        (S.FAILED, S.EXECUTING, S.EXECUTING),
        (S.SUCCESS, S.ACCEPTED, S.ACCEPTED),
        (S.WAITING, S.UNKNOWN, S.UNKNOWN),
    ],
)
def test_the_most_telling_word_of_all_accounts_is_that_of_the_alert(
    first: S, second: S, told: S
) -> None:
    assert together({"a": Outcome(status=first), "b": Outcome(status=second)}).status is told
    assert together({"a": Outcome(status=second), "b": Outcome(status=first)}).status is told


def test_an_alert_ends_with_its_last_account() -> None:
    assert set(TELLING) == set(AlertStatus) - {S.RECEIVED}
    ends = [status.final for status in TELLING]
    assert ends == sorted(ends)


def test_the_reason_names_the_accounts_that_it_is_of() -> None:
    whole = together(
        {
            "a": Outcome(status=S.SUCCESS, detail="1 closed first"),
            "b": Outcome(status=S.DENIED, reason="NO_SIZE", detail="no size"),
            "c": Outcome(status=S.DENIED, reason="NO_QUOTE", detail="no price"),
        }
    )
    assert (whole.reason, whole.detail) == ("NO_SIZE", "b: no size; c: no price")
