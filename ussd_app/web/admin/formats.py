"""How the desk writes sums, moments and numbers that not everybody may read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain
from zoneinfo import ZoneInfo

from flask import Flask, g

from ussd_app import logs
from ussd_app.domain import calendar, money
from ussd_app.domain import phone as phones
from ussd_app.runtime import Runtime
from ussd_app.services import masked_texts
from ussd_app.services.days import JAKARTA
from ussd_app.web.admin.desk import sees_money, t
from ussd_app.web.admin.words import knows

_SUM = re.compile(r"Rp ?-?\d[\d.,]*")
# As the services write it into logs and texts.
name_hidden = masked_texts.name_hidden
# A spreadsheet runs a cell that begins so. Where a comma is the decimal point, as here, it takes `;` for a new cell.
_FORMULA = re.compile(r"^(?=[\t\r\n])|(?:^|;)(?=[=+\-@＝＋－＠])")  # wide forms run too


def add_to(app: Flask, rt: Runtime) -> None:
    """Give the templates these ways of writing."""
    app.jinja_env.globals.update(t=t, named=named, hidden=hidden)
    app.jinja_env.filters.update(
        rupiah=lambda amount: money.rupiah(amount, g.language),
        number=lambda number: money.rupiah(number, g.language).replace("Rp", ""),
        moment=moment,
        day=lambda day: calendar.spell_date(day, g.language),
        month=lambda day: calendar.spell_month(day, g.language, short=False),
        ago=lambda at: ago(rt.clock(), at),
        masked=phones.masked,
        browser=browser,
    )


def hidden(said: str) -> str:
    """A text without the numbers of people in it, and without sums for whoever sees no money."""
    masked = logs.masked(said)
    return masked if sees_money() else _SUM.sub("Rp…", masked)


def moment(at: datetime) -> str:
    """A moment as the clock in Jakarta shows it."""
    local = at.astimezone(ZoneInfo(JAKARTA))
    clock = f"{local:%H.%M}" if g.language == "id" else f"{local:%H:%M}"
    return f"{calendar.spell_date(local.date(), g.language)}, {clock} WIB"


def ago(now: datetime, at: datetime) -> str:
    """How long something has waited, in the largest unit that fits."""
    minutes = max(0, int((now - at).total_seconds()) // 60)
    for name, size in (("days", 1440), ("hours", 60)):
        if minutes >= size:
            return t(f"shell.{name}", number=minutes // size)
    return t("shell.minutes", number=minutes)


def named(part: str, name: str) -> str:
    """What a kind or state is called; the name itself where nobody has written a word for it yet."""
    key = f"{part}.{name}".replace("-", "_")
    return t(key) if knows(key) else name.replace("_", " ")


def browser(agent: str) -> str:
    """A browser and its machine, as far as its own words tell: `Firefox, Android`."""
    names = (("Firefox", "Firefox"), ("Edg", "Edge"), ("OPR", "Opera"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    machines = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
    found = next((name for mark, name in names if mark in agent), agent.partition(" ")[0])
    return ", ".join([found, *[machine for machine in machines if machine in agent][:1]])


def nik_hidden(nik: str) -> str:
    """A NIK as it is shown: the district and the last four digits tell people apart."""
    return f"{nik[:4]}********{nik[-4:]}"


def year_only(born: date) -> str:
    """A birth date as it is shown."""
    return f"**-**-{born.year}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV file for a spreadsheet, in which no cell is run as a formula."""
    return "".join(lines(heads, rows))


def lines(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same line by line, for a file that may be long."""
    written = io.StringIO()
    writer = csv.writer(written)
    yield "\ufeff"
    for row in chain([heads], rows):
        # A sum below zero is a number, not a formula.
        writer.writerow([cell if isinstance(cell, int) else _harmless(str(cell)) for cell in row])
        yield written.getvalue()
        written.seek(0)
        written.truncate()


def _harmless(cell: str) -> str:
    return _FORMULA.sub(lambda found: f"{found.group()}'", cell)
