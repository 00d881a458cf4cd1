"""The header of every request, and what becomes of a token."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime

import pytest
import requests

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator, an_account
from tests.unit.simulators.fyers.desk import Desk


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, -16),
        ("nonsense", -16),
        ("OTHER-100:{token}", -16),
        ("{app_id}:", -17),
        ("{app_id}:eyJ", -17),
    ],
)
def test_a_request_without_a_good_token_is_refused(
    fyers: FyersSimulator, header: str | None, code: int
) -> None:
    headers = {}
    if header is not None:
        headers = {"Authorization": header.format(app_id=fyers.app_id, token=fyers.token)}
    answer = requests.get(f"{fyers.api_url}/profile", headers=headers, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_the_data_api_has_a_code_of_its_own(fyers: FyersSimulator) -> None:
    told = Desk(fyers, "eyJ.wrong").sdk.quotes({"symbols": "NSE:SBIN-EQ"})
    assert (told["code"], told["message"]) == (-15, "Please provide valid token")


def test_a_token_tells_when_it_dies_and_dies_then(fyers: FyersSimulator, clock: FakeClock) -> None:
    part = fyers.token.split(".")[1]
    dies = json.loads(urlsafe_b64decode(part + "=="))["exp"]
    assert datetime.fromtimestamp(dies, UTC) == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    desk = Desk(fyers)
    clock.advance(dies - clock.now().timestamp() - 1)
    assert desk.sdk.get_profile()["s"] == "ok"
    clock.advance(1)
    assert desk.sdk.get_profile()["code"] == -8
    assert Desk(fyers, fyers.login()).sdk.get_profile()["s"] == "ok"


def test_tokens_expire_and_are_revoked_by_hand(fyers: FyersSimulator) -> None:
    desk = Desk(fyers)
    fyers.expire_tokens()
    assert desk.sdk.get_profile()["code"] == -8
    fyers.revoke_tokens()
    assert desk.sdk.get_profile()["code"] == -17


def test_logging_out_ends_the_token_alone(fyers: FyersSimulator) -> None:
    other = Desk(fyers, fyers.login())
    desk = Desk(fyers)
    assert desk.sdk.logout()["s"] == "ok"
    assert desk.sdk.get_profile()["code"] == -17
    assert other.sdk.get_profile()["s"] == "ok"


def test_accounts_know_nothing_of_each_other(clock: FakeClock) -> None:
    accounts = [an_account("ONE-100"), an_account("TWO-100", fy_id="XS00002")]
    with FyersSimulator(clock=clock, accounts=accounts) as fyers:
        token = fyers.login(app_id="TWO-100")
        headers = {"Authorization": f"TWO-100:{token}"}
        told = requests.get(f"{fyers.api_url}/profile", headers=headers, timeout=20).json()
        assert told["data"]["fy_id"] == "XS00002"
        mixed = {"Authorization": f"TWO-100:{fyers.token}"}
        assert requests.get(f"{fyers.api_url}/orders", headers=mixed, timeout=20).status_code == 401
