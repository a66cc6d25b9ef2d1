"""The institution's answer is uploaded at the desk, and a job takes it in: twenty thousand rows are no page's work."""

from __future__ import annotations

from datetime import timedelta

from ussd_app import queues
from ussd_app.errors import Refused
from ussd_app.gateways.answer_file import MOST_BYTES
from ussd_app.runtime import Runtime
from ussd_app.services import audit, handover_answers
from ussd_app.storage import handover_uploads as uploads

# Longer than a job may take: one that was stopped there goes on where it was.
LEASE = timedelta(seconds=150)
MOST_TRIES = 10
# So many mistakes are named; a file with more has the wrong shape.
MOST_PROBLEMS = 200


def keep(rt: Runtime, name: str, contents: bytes, by: str, address: str) -> int:
    """Keep an answer file for a job; its number. Raises Refused `no_answer_file`, `answer_too_large`, `no_text`."""
    if not contents:
        raise Refused("no_answer_file")
    if len(contents) > MOST_BYTES:
        raise Refused("answer_too_large")
    try:
        written = contents.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("no_text") from None
    with rt.db.begin() as connection:
        number = uploads.keep(connection, name[:200], rt.vault.seal(written), by, address, rt.clock())
    rt.queues.enqueue(queues.TAKE_ANSWER, number)
    return number


def run(rt: Runtime, number: int) -> None:
    """Take one in. May run twice, and goes on where it was stopped."""
    with rt.db.begin() as connection:
        taken = uploads.lease(connection, number, rt.clock(), LEASE)
        if taken is None:
            return
        upload, sealed = taken
        if upload.tries > MOST_TRIES:
            uploads.settle(connection, number, "refused", rt.clock())
            return
    contents = rt.vault.open(sealed).encode()
    came = handover_answers.take(rt, upload.name, contents, upload.uploaded_by)
    problems = [
        {"line": one.line, "path": one.path, "sentence": audit.hidden(one.sentence)}
        for one in came.problems[:MOST_PROBLEMS]
    ]
    with rt.db.begin() as connection:
        state = "refused" if problems else "taken"
        uploads.settle(connection, number, state, rt.clock(), rows=came.rows, fresh=came.fresh, problems=problems)
        if not problems:
            after = {"rows": came.rows, "new": came.fresh}
            who, address = upload.uploaded_by, upload.address
            audit.note(rt, connection, who, "handover.answered", upload.name, after=after, address=address)


def sweep(rt: Runtime) -> None:
    """Find uploads that no job has taken."""
    with rt.db.connect() as connection:
        waiting = uploads.left_over(connection, rt.clock())
    for number in waiting:
        rt.queues.enqueue(queues.TAKE_ANSWER, number)
