"""The commands for texts, as they are typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import PHONE, an_sms, execute, rows
from ussd_app import runtime
from ussd_app.__main__ import main
from ussd_app.runtime import Runtime
from ussd_app.services import relay
from ussd_app.storage import gateways


@pytest.fixture
def shell(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The house by the real clock, and a shell whose environment leads to it."""
    for name in ("database_url", "redis_url", "secret_key", "data_keys"):
        monkeypatch.setenv(name.upper(), getattr(rt.settings, name))
    monkeypatch.setenv("CALLBACK_TOKEN", "a token nobody can guess")
    return runtime.build(rt.settings)


def test_the_status_tells_what_waits_on_each_lane(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    an_sms(shell, lane="codes", due_in=-1000)
    an_sms(shell, lane="codes")
    execute(shell, "UPDATE outbox SET state = 'unknown' WHERE id = 2")
    assert main(["sms", "status"]) == 0
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert (lines["codes"][0], lines["codes"][3], lines["urgent"]) == ("1", "1", ["0", "0", "0", "0", "0"])
    assert 1000 <= int(lines["codes"][1]) < 2000
    assert lines["console:"] == ["open"]


def test_the_status_counts_what_was_given_up_today(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    for days in (0, 2):
        an_sms(shell)
        execute(
            shell,
            "UPDATE outbox SET state = 'dead', handed_at = :at WHERE state = 'waiting'",
            at=shell.clock() - timedelta(days=days),
        )
    main(["sms", "status"])
    assert capsys.readouterr().out.splitlines()[1].split() == ["urgent", "0", "0", "0", "0", "1"]


def test_a_gateway_that_asks_us_to_stop_is_shown_until_it_is_resumed(
    shell: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    with shell.db.begin() as connection:
        now = shell.clock()
        gateways.halt(connection, "console", "InsufficientBalance", now, now + timedelta(minutes=5))
    main(["sms", "status"])
    assert "console: halted since" in capsys.readouterr().out
    assert main(["sms", "resume", "console"]) == 0
    main(["sms", "status"])
    assert "console: open\n" in capsys.readouterr().out


def test_a_gateway_that_there_is_not_cannot_be_resumed(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sms", "resume", "nobody"]) == 1
    assert capsys.readouterr().err == "nobody: no such gateway; there are console\n"


def test_the_costs_are_told_by_day_and_lane_and_a_difference_is_marked(
    shell: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    an_sms(shell)
    relay.relay(shell, "urgent")
    main(["sms", "costs"])
    plain = capsys.readouterr().out.splitlines()
    execute(shell, "UPDATE outbox SET parts = 2")
    main(["sms", "costs", "1"])
    marked = capsys.readouterr().out.splitlines()
    assert plain[1].split()[1:8] == ["urgent", "console", "1", "0", "1", "1", "350"]
    assert "!" not in plain[1]
    assert marked[1].endswith("! 2 parts charged, 1 reckoned")


def test_what_was_given_up_is_listed_with_its_reason_and_without_its_number(
    shell: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    an_sms(shell)
    execute(
        shell,
        "UPDATE outbox SET state = 'dead', reason = 'UserInBlacklist', message = 'receipt', handed_at = :at",
        at=shell.clock(),
    )
    assert main(["sms", "dead"]) == 0
    out = capsys.readouterr().out
    assert ("receipt  UserInBlacklist" in out, PHONE[-6:] in out) == (True, False)
    assert len(rows(shell, "SELECT 1 FROM outbox")) == len(out.splitlines())
