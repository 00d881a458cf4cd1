"""How many calls fit into a rate."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.rates import Purpose, Rate, pause

PER_SECOND, PER_MINUTE = Rate(8, 1), Rate(160, 60)
BOTH = (PER_SECOND, PER_MINUTE)


def test_a_call_waits_until_the_oldest_of_too_many_is_a_second_ago() -> None:
    calls = [10.0 + number / 10 for number in range(8)]

    assert pause([PER_SECOND], Purpose.REDUCE, calls, 10.75) == 0.25
    assert pause([PER_SECOND], Purpose.REDUCE, calls, 11.0) == 0


def test_the_slower_rate_decides() -> None:
    calls = [float(number) / 4 for number in range(160)]

    assert pause(BOTH, Purpose.REDUCE, calls, 40.0) == 20


def test_rule_41_the_last_calls_are_kept_for_exits() -> None:
    def most(purpose: Purpose) -> int:
        fitting = (number for number in range(9) if pause([PER_SECOND], purpose, [1.0] * number, 1))
        return next(fitting)

    assert [most(Purpose.ENTER), most(Purpose.LOOK), most(Purpose.REDUCE)] == [5, 6, 8]


def test_one_call_of_any_kind_fits_into_the_smallest_rate() -> None:
    assert pause([Rate(1, 1)], Purpose.ENTER, [], 5.0) == 0


def test_calls_of_a_clock_that_began_anew_do_not_count() -> None:
    assert pause(BOTH, Purpose.ENTER, [9000.0] * 160, 12.0) == 0


@given(
    st.lists(st.tuples(st.sampled_from(Purpose), st.floats(0, 2)), max_size=60),
    st.integers(1, 6),
)
def test_no_stretch_of_a_second_has_more_calls_than_the_rate(
    wishes: list[tuple[Purpose, float]], most: int
) -> None:
    made: list[float] = []
    now = 100.0
    for purpose, later in wishes:
        now += later
        now += pause([Rate(most, 1)], purpose, made, now)
        assert pause([Rate(most, 1)], purpose, made, now) < 1e-9
        made.append(now)
    for number, first in enumerate(made):
        assert sum(at - first < 1 - 1e-6 for at in made[number:]) <= most
