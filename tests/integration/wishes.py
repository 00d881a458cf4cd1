"""What alerts may say: every kind of wish, right and wrong, as Hypothesis strategies."""

from typing import Any

from hypothesis import strategies as st

Fields = dict[str, Any]

prices = st.integers(80, 120) | st.decimals(80, 120, places=2).map(str)
sizes = st.integers(1, 12) | st.sampled_from(["2.5", "0.125"])
shares = sizes | st.sampled_from(["50%", "33%", "100%"])
sides = st.sampled_from(["buy", "sell"])
stops = st.sampled_from(["2%", "5%", "12%"])
targets = st.sampled_from(["3%", "9%"])
legs: Fields = {"stop_loss": stops, "take_profit": targets}
words = st.sampled_from(["long", "short", "flat"])

entries = st.fixed_dictionaries({"action": sides, "quantity": sizes}, optional=legs)
limits = st.fixed_dictionaries(
    {"action": sides, "quantity": sizes, "order_type": st.just("limit"), "limit_price": prices},
    optional=legs,
)
triggers = st.fixed_dictionaries(
    {"action": sides, "quantity": sizes, "order_type": st.just("stop"), "stop_price": prices},
    optional=legs,
)
closes = st.just({"action": "close"})
parts = st.fixed_dictionaries({"action": st.just("close"), "quantity": shares})
changes = st.fixed_dictionaries(
    {"action": st.sampled_from(["reverse", "add", "cancel"])}, optional={"quantity": sizes} | legs
)
aims = st.fixed_dictionaries(
    {"action": sides, "position_size": st.integers(-9, 9)}, optional={"quantity": sizes} | legs
)
positions = st.fixed_dictionaries(
    {"action": sides, "quantity": shares, "market_position": words},
    optional={"prev_market_position": words} | legs,
)
wrong = st.fixed_dictionaries(
    {"action": st.sampled_from(["buy", "sell", "hodl", ""])},
    optional={
        "quantity": st.sampled_from(["NaN", "{{contracts}}", -3, "5%", 10**7, "0.0000000001"]),
        "stop_loss": st.sampled_from(["300%", 1, 500, "na"]),
        "take_profit": st.sampled_from([1, 500]),
        "order_type": st.sampled_from(["limit", "stop", "trailing_stop", "nonsense"]),
        "account": st.just("nobody"),
        "breakeven": st.just(3),
    },
)
