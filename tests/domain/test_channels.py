"""Where people can pay is data, checked before anybody relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from tests.builders import shipped
from ussd_app.domain.channels import Channels, channels_from
from ussd_app.services import publishing

INDOMARET = {"name": "Indomaret", "kind": "cash", "minimum": 1, "fee": 5000, "days": 3}


def channels(*, usual: str = "indomaret", **more: Mapping[str, Any]) -> Channels:
    return channels_from({"usual": usual, "channels": {"indomaret": INDOMARET, **more}})


def test_the_shipped_channels_are_those_of_the_provider() -> None:
    found = channels_from(yaml.safe_load(shipped("channels")))
    assert set(found.channels) == {"indomaret", "alfamart", "bri", "bni", "mandiri", "permata", "cimb"}


def test_alfamart_takes_no_less_than_ten_thousand() -> None:
    alfamart = channels_from(yaml.safe_load(shipped("channels"))).channels["alfamart"]
    assert [alfamart.takes(total) for total in (8_400, 9_999, 10_000)] == [False, False, True]


def test_the_operator_bears_the_fee_unless_the_file_says_otherwise() -> None:
    assert channels().channels["indomaret"].added(5_000) == 0


def test_a_fee_from_the_payer_stands_on_top_of_the_price() -> None:
    shop = channels(shop={**INDOMARET, "name": "Shop", "fee_from": "payer"}).channels["shop"]
    assert shop.added(5_000) == 5_000


def test_a_channel_that_is_offered_no_more_keeps_its_key_as_a_name() -> None:
    assert (channels().name_of("indomaret"), channels().name_of("bca")) == ("Indomaret", "bca")


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum": -1},
        {"minimum": "10000"},
        {"minimum": 1.5},
        {"fee": -1},
        {"fee": None},
        {"days": 0},
        {"days": 181},
        {"kind": "cheque"},
        {"fee_from": "institution"},
        {"name": ""},
        {"name": "A very long name"},
        {"name": "Toko {total}"},
        {"colour": "blue"},
    ],
)
def test_a_channel_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        channels(shop={**INDOMARET, "name": "Shop", **wrong})


def test_the_usual_channel_must_be_one_of_them() -> None:
    with pytest.raises(ValidationError, match="alfamart is none of the channels"):
        channels(usual="alfamart")


def test_two_channels_may_not_have_the_same_name() -> None:
    with pytest.raises(ValidationError, match="same name"):
        channels(other={**INDOMARET, "name": "INDOMARET"})


def test_a_mistake_is_told_with_its_line() -> None:
    wrong = shipped("channels").replace("minimum: 10000", "minimum: ten")
    (problem,) = publishing.check("channels", {"channels.yaml": wrong})
    line = next(number for number, text in enumerate(wrong.splitlines(), 1) if "minimum: ten" in text)
    assert (problem.line, problem.path) == (line, "channels.alfamart.minimum")
