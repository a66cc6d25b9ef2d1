"""The commands for sponsors with a list of people, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import count, rows
from tests.domain.test_rosters import a_file
from tests.office import noted
from tests.work import work
from ussd_app.__main__ import main
from ussd_app.runtime import Runtime

BY = ["--by", "ani@kantor.id"]


@pytest.fixture
def shell(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The house, and a shell whose environment leads to it."""
    for name in ("database_url", "redis_url", "secret_key", "data_keys"):
        monkeypatch.setenv(name.upper(), getattr(rt.settings, name))
    monkeypatch.setenv("CALLBACK_TOKEN", "a token nobody can guess")
    return rt


@pytest.fixture
def started(shell: Runtime, tmp_path: Path) -> Runtime:
    """One of two people has signed, the other is asked by SMS."""
    file = tmp_path / "people.csv"
    second = {"nik": "3174054508880004", "name": "Ani Wijaya", "phone": "081234567899", "consent": "phone"}
    file.write_bytes(a_file({}, second))
    assert main(["sponsors", "start", str(file), "--phone", "081111111111", "--name", "PT Maju", *BY]) == 0
    work(shell)
    return shell


def test_the_status_of_a_roster_counts_who_agreed_and_who_waits(
    started: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["sponsors", "status", "1"]) == 0
    assert capsys.readouterr().out == "roster 1: 2 people, 1 agreed, 1 waiting, 0 declined\n"


def test_a_pay_code_that_the_command_line_asks_for_is_written_down_with_who_asked(started: Runtime) -> None:
    assert main(["sponsors", "pay", "--phone", "0811-1111-1111", *BY]) == 0
    assert noted(started, "roster.code") == ["ani@kantor.id: sponsor 1"]
    total = rows(started, "SELECT total FROM pay_codes")[0]["total"]
    told = rows(started, "SELECT after, address FROM audit_log WHERE kind = 'roster.code'")
    assert told == [{"after": {"people": 1, "rupiah": total, "outcome": "requested"}, "address": ""}]


def test_nobody_asks_for_a_pay_code_without_a_name(started: Runtime) -> None:
    with pytest.raises(SystemExit):
        main(["sponsors", "pay", "--phone", "081111111111"])
    assert count(started, "pay_codes") == 0
