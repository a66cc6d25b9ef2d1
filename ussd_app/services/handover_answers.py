"""The institution's answer file is taken: all of it is checked first, then each row counts, once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.errors import Problem
from ussd_app.gateways import answer_file
from ussd_app.gateways.answer_file import MEMBER_NUMBER, VERDICTS, Answer
from ussd_app.gateways.handover_file import Kind
from ussd_app.gateways.institution import Filing
from ussd_app.runtime import Runtime
from ussd_app.services import refused_months, reminders, verdicts
from ussd_app.storage import answers as store
from ussd_app.storage import handover, members
from ussd_app.storage.answers import Asked
from ussd_app.storage.handover import File
from ussd_app.storage.outbox import URGENT

# Rows that are committed together: a crash loses one page, and uploading the same file again goes on there.
PAGE = 200


@dataclass(frozen=True)
class Taken:
    """What came of an answer file: its problems (then nothing was done), its rows, and how many of them were new."""

    problems: tuple[Problem, ...] = ()
    rows: int = 0
    fresh: int = 0


def take(rt: Runtime, name: str, contents: bytes, by: str, *, dry_run: bool = False) -> Taken:
    """Check an answer file and do what it says; `name` is what problems call it. A dry run only checks.

    The same file again, or the same answers in another file, change nothing.
    """
    answers, problems = answer_file.read(name, contents)
    if problems:
        return Taken(tuple(problems), len(answers))
    digest = hashlib.sha256(contents).hexdigest()
    number = answers[0].file
    with rt.db.begin() as connection:
        if store.taken_before(connection, digest):
            return Taken(rows=len(answers))
        asked = store.rows_of(connection, number)
        problems = _problems(connection, name, answers, asked)
    fresh = list({one.reference: one for one in answers if one.reference in asked and _is_new(one, asked)}.values())
    if problems or dry_run:
        return Taken(tuple(problems), len(answers), len(fresh))
    refusals: list[Answer] = []
    others: list[Answer] = []
    for one in fresh:
        is_refused_month = one.verdict == "refused" and asked[one.reference].month is not None
        (refusals if is_refused_month else others).append(one)
    changed = sum(_page(rt, others[start : start + PAGE], asked) for start in range(0, len(others), PAGE))
    changed += _refuse_months(rt, number, refusals, asked)
    with rt.db.begin() as connection:
        store.finish(connection, number, rt.clock())
        store.keep(connection, digest, number, len(answers), by, rt.clock())
    rt.queues.enqueue(queues.RELAY, URGENT)
    return Taken(rows=len(answers), fresh=changed)


def _is_new(answer: Answer, asked: Mapping[str, Asked]) -> bool:
    row = asked[answer.reference]
    if answer.verdict == row.answer == "refused" and answer.bank_reference:
        return not row.returned
    return row.answer is None or row.answer not in (answer.verdict, "confirmed")


def _problems(
    connection: Connection, name: str, answers: Sequence[Answer], asked: Mapping[str, Asked]
) -> list[Problem]:
    """Everything that is wrong with the answers, line by line."""
    number = answers[0].file
    file = handover.by_number(connection, number)
    if file is None:
        return [Problem(name, answers[0].line, "file", f"there is no file {number}")]
    holders = store.holders(connection, [one.member_number for one in answers if one.member_number])
    first: dict[str, Answer] = {}
    given: dict[str, Answer] = {}
    found: list[Problem] = []
    for one in answers:
        row = asked.get(one.reference)
        for path, sentence in (
            *_place(one, row, number),
            *_shape(one, file),
            *(_against(one, row, file, holders) if row else ()),
            *_twice(one, first, given),
        ):
            found.append(Problem(name, one.line, path, sentence))
    return found


Complaints = Sequence[tuple[str, str]]


def _place(one: Answer, row: Asked | None, number: int) -> Complaints:
    if one.file != number:
        return [("file", f"this row is of file {one.file}, the others are of file {number}: one file at a time")]
    return [] if row else [("reference", f"file {number} has no row `{one.reference}`")]


def _shape(one: Answer, file: File) -> Complaints:
    kind: Kind = "registrations" if file.kind == "registrations" else "contributions"
    if one.verdict not in VERDICTS[kind]:
        return [("verdict", f"`{one.verdict}` is no verdict here: {', '.join(VERDICTS[kind])}")]
    if one.bank_reference and (kind, one.verdict) != ("contributions", "refused"):
        return [(answer_file.RETURNED, "only the money of a refused month comes back")]
    if one.verdict == "refused" and not one.reason:
        return [("reason", "a refusal needs its reason")]
    if one.verdict != "accepted":
        return [("member_number", f"`{one.verdict}` has no member number")] if one.member_number else []
    if not MEMBER_NUMBER.fullmatch(one.member_number):
        return [("member_number", f"`{one.member_number}` is no member number: 10 or 11 digits")]
    return []


def _against(one: Answer, row: Asked, file: File, holders: Mapping[str, int]) -> Complaints:
    """What does not fit what we know already."""
    if holders.get(one.member_number, row.member_id) != row.member_id:
        return [("member_number", f"{one.member_number} is another member's number")]
    if row.month is not None and (one.verdict == "confirmed" or one.bank_reference) and file.bank_reference is None:
        path = "verdict" if one.verdict == "confirmed" else answer_file.RETURNED
        return [(path, f"the transfer of file {file.number} is not written down: `handover remitted` first")]
    if row.returned:
        return _against_returned(one, row)
    if row.answer is None or (row.month is not None and row.answer != "confirmed"):
        return []
    before = {"accepted": row.member_number or "", "refused": row.reason}.get(row.answer, "")
    now = {"accepted": one.member_number, "refused": one.reason}.get(one.verdict, "")
    later = row.answer == "confirmed" and one.verdict in ("received", "confirmed")
    if later or (row.answer, before) == (one.verdict, now):
        return []
    return [("verdict", f"this was answered before: {row.answer} {before}".rstrip())]


def _against_returned(one: Answer, row: Asked) -> Complaints:
    """What does not fit a refused month whose money is with us again."""
    how = f"as {row.bank_reference}" if row.bank_reference else "without having been sent"
    if one.verdict != "refused":
        return [("verdict", f"this was refused, and its money is back, {how}")]
    if one.bank_reference not in ("", row.bank_reference):
        return [(answer_file.RETURNED, f"the money of this month is back, {how}")]
    return []


def _twice(one: Answer, first: dict[str, Answer], given: dict[str, Answer]) -> Complaints:
    """What does not fit another line of the same file."""
    other = first.setdefault(one.reference, one)
    if other.said != one.said:
        return [("reference", f"line {other.line} says something else of {one.reference}")]
    holder = given.setdefault(one.member_number, one) if one.member_number else one
    if holder.reference != one.reference:
        return [("member_number", f"line {holder.line} gives {one.member_number} to {holder.reference}")]
    return []


def _page(rt: Runtime, page: Sequence[Answer], asked: Mapping[str, Asked]) -> int:
    """Do what some answers say, in one transaction; how many were new."""
    with rt.db.begin() as connection, reminders.together(rt, connection):
        return sum(_apply(rt, connection, answer, asked[answer.reference]) for answer in page)


def _apply(rt: Runtime, connection: Connection, answer: Answer, row: Asked) -> bool:
    if row.month is None:
        assert row.registration_id is not None
        member = members.by_id(connection, row.member_id)
        accepted = answer.verdict == "accepted"
        filing = Filing("accepted" if accepted else "refused", answer.member_number or None, answer.reason)
        return verdicts.settle(rt, connection, row.registration_id, member, filing)
    if not store.answer_month(connection, row.member_id, row.month, answer.verdict):
        return False
    refused_months.think_again(rt, connection, row.member_id, row.month)
    return True


def _refuse_months(rt: Runtime, number: int, refusals: Sequence[Answer], asked: Mapping[str, Asked]) -> int:
    """Refused months, those of one member for one reason at once; how many answers were new."""

    def alike(one: Answer) -> tuple[int, str, str]:
        return asked[one.reference].member_id, one.reason, one.bank_reference

    changed = 0
    for (member_id, reason, bank_reference), group in groupby(sorted(refusals, key=alike), alike):
        rows = [asked[one.reference] for one in group]
        months = [row.month for row in rows if row.month is not None]
        refused = refused_months.refuse(rt, number, member_id, months, reason)
        back = refused_months.money_back(rt, number, member_id, months, bank_reference) if bank_reference else 0
        changed += max(refused, back)
    return changed
