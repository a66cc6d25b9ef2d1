"""A service that would not be safe to start says which setting is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from tests.conftest import KEY
from ussd_app.settings import Settings
from ussd_app.vault import Unreadable, Vault

OTHER_KEY = "YW5vdGhlciBzZXNhbWUgYW5vdGhlciBzZXNhbWUgYW4="
GOOD = {
    "database_url": "postgresql+psycopg://u:p@db/sertakan",
    "redis_url": "redis://cache:6379/0",
    "secret_key": "a secret that only the tests know",
    "callback_token": "a token that only the tests know",
    "data_keys": KEY,
}


def complaint(**changes: object) -> str:
    with pytest.raises(ValidationError) as refused:
        Settings(**{**GOOD, **changes})  # type: ignore[arg-type]
    (mistake,) = refused.value.errors()
    return f"{'.'.join(map(str, mistake['loc'])).upper()} {mistake['msg']}"


def read_in_a_process(**environment: str) -> subprocess.CompletedProcess[str]:
    """What `settings.read()` makes of an environment of its own."""
    script = (
        "from ussd_app import settings\nfrom ussd_app.errors import SettingsError\n"
        "try:\n    print(settings.read().model_dump_json())\n"
        "except SettingsError as error:\n    raise SystemExit(str(error))"
    )
    return subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), **environment},  # noqa: PTH109
        capture_output=True,
        text=True,
        check=False,
    )


def test_good_settings_are_accepted() -> None:
    assert Settings(**GOOD).service_code == "*777#"  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["database_url", "redis_url"])
def test_a_server_that_is_not_given_is_named(name: str) -> None:
    assert name.upper() in complaint(**{name: ""})


def test_two_servers_that_are_not_given_are_both_named() -> None:
    said = complaint(database_url="", redis_url="")
    assert "DATABASE_URL" in said
    assert "REDIS_URL" in said


@pytest.mark.parametrize("default", ["", "local", "token", "secret", "change-me", "changeme", "fifteen letters"])
@pytest.mark.parametrize("name", ["secret_key", "callback_token"])
def test_a_default_or_short_secret_is_refused_by_name(name: str, default: str) -> None:
    assert name.upper() in complaint(**{name: default})


def test_the_token_may_be_local_under_make_run() -> None:
    assert Settings(**{**GOOD, "callback_token": "local", "sertakan_local": True}).callback_token == "local"  # type: ignore[arg-type]


def test_the_secret_key_may_not_be_a_default_even_under_make_run() -> None:
    assert "SECRET_KEY" in complaint(secret_key="change-me", sertakan_local=True)


@pytest.mark.parametrize("keys", ["", ",", "not a key", "YWJj", f"{KEY},short", "é" * 44])
def test_encryption_keys_that_are_none_are_refused_by_name(keys: str) -> None:
    assert "DATA_KEYS" in complaint(data_keys=keys)


def test_a_refusal_does_not_quote_the_keys() -> None:
    assert KEY not in complaint(data_keys=f"{KEY},short")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service_code", "777"),
        ("service_code", "*777"),
        ("port", "0"),
        ("sms_per_second", "0"),
        ("sms_per_second", "20001"),
        ("kannel_url", "localhost:13013/cgi-bin/sendsms"),
        ("kannel_callback_url", "sertakan.example"),
        ("port", "web"),
        ("ussd_retry", "text"),
        ("ussd_retry", "Request"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    assert name.upper() in complaint(**{name: value})


@pytest.mark.parametrize("retry", ["request", "window", "none"])
def test_an_aggregator_may_let_a_retry_be_known_in_three_ways(retry: str) -> None:
    assert Settings(**{**GOOD, "ussd_retry": retry}).ussd_retry == retry  # type: ignore[arg-type]


def test_where_nobody_says_how_a_retry_is_known_it_is_not_known() -> None:
    assert Settings(**GOOD).ussd_retry == "none"  # type: ignore[arg-type]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_database_url_gets_the_driver_we_ship(scheme: str) -> None:
    made = Settings(**{**GOOD, "database_url": f"{scheme}://u:p@db/sertakan?sslmode=require"})  # type: ignore[arg-type]
    assert made.database_url == "postgresql+psycopg://u:p@db/sertakan?sslmode=require"


def test_keys_are_separated_by_commas_the_newest_first() -> None:
    assert Settings(**{**GOOD, "data_keys": f" {OTHER_KEY}, {KEY} ,"}).keys == [OTHER_KEY, KEY]  # type: ignore[arg-type]


def test_the_environment_is_read_and_an_empty_value_is_no_value() -> None:
    environment = {name.upper(): value for name, value in GOOD.items()} | {"SERVICE_CODE": "*123#", "PORT": ""}
    made = json.loads(read_in_a_process(**environment).stdout)
    assert (made["service_code"], made["port"]) == ("*123#", 8000)


def test_a_process_with_a_default_token_says_so_and_nothing_else() -> None:
    environment = {name.upper(): value for name, value in GOOD.items()} | {"CALLBACK_TOKEN": "local"}
    ended = read_in_a_process(**environment)
    assert (ended.returncode, ended.stderr.strip()) == (
        1,
        "CALLBACK_TOKEN must be a secret of at least 16 characters, not a default",
    )


# ---- what the keys are for ----


def test_what_an_old_key_encrypted_is_still_read_with_a_new_one_in_front() -> None:
    assert Vault([OTHER_KEY, KEY]).open(Vault([KEY]).seal("3174054508880003")) == "3174054508880003"


def test_a_new_key_in_front_is_the_one_that_encrypts() -> None:
    assert Vault([OTHER_KEY]).open(Vault([OTHER_KEY, KEY]).seal("x")) == "x"


def test_a_nik_is_found_by_its_hash_after_a_new_key_was_put_in_front() -> None:
    assert Vault([OTHER_KEY, KEY]).index("3174054508880003") == Vault([KEY]).index("3174054508880003")


def test_without_the_key_nothing_can_be_read() -> None:
    with pytest.raises(Unreadable, match="DATA_KEYS"):
        Vault([OTHER_KEY]).open(Vault([KEY]).seal("x"))


def test_without_the_key_a_hash_cannot_be_guessed_at() -> None:
    assert Vault([OTHER_KEY]).index("3174054508880003") != Vault([KEY]).index("3174054508880003")


def test_a_pin_is_known_again_after_a_new_key_was_put_in_front() -> None:
    assert Vault([OTHER_KEY, KEY]).pepper == Vault([KEY]).pepper


def test_without_the_key_the_pepper_cannot_be_guessed_at() -> None:
    assert Vault([OTHER_KEY]).pepper != Vault([KEY]).pepper


def test_the_institution_is_the_stand_in_only_with_make_run_or_when_it_is_asked_for() -> None:
    by_file = [
        Settings(**{**GOOD, **changes}).hands_over_by_file  # type: ignore[arg-type]
        for changes in ({}, {"sertakan_local": True}, {"institution": "console"}, {"institution": "file"})
    ]
    assert by_file == [True, False, False, True]
