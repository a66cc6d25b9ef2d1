"""Jobs that failed: why, in a word; tried again or forgotten by somebody of the office."""

from __future__ import annotations

import re

from ussd_app.errors import NotAllowedNow
from ussd_app.queues import QUEUES, Failed
from ussd_app.runtime import Runtime
from ussd_app.services import audit

PAGE = 25
# What Python's last word about a job means for whoever looks at it, by the name of the exception.
_CAUSES = {
    "OperationalError": "database",
    "InterfaceError": "database",
    "AdminShutdown": "database",
    "TimeoutError": "slow",
    "JobTimeoutException": "slow",
    "QueryCanceled": "slow",
    "ConnectionError": "network",
    "BusyLoadingError": "network",
    "AbandonedJobError": "killed",
    "GatewayTemporary": "company",
    "GatewayPermanent": "company",
    "GatewayUnknown": "company",
    "Unbalanced": "books",
    "Unreadable": "keys",
    "NotPublished": "unpublished",
    "MenuProblems": "unpublished",
}
_AT_MARGIN = re.compile(r"^(?:\w+\.)*(\w+)(?::\s*(.*))?$", re.MULTILINE)


def cause(failed: Failed) -> str:
    """Why a job failed, as one of the desk's words; `code` when it is a fault of the program."""
    return _CAUSES.get(_last_word(failed)[0], "code")


def said(failed: Failed) -> str:
    """What Python said last about it, without what tells who a person is."""
    name, words = _last_word(failed)
    return audit.hidden(f"{name}: {words}" if words else name)


def arguments(failed: Failed) -> str:
    """What a job was to work on, as it may be shown."""
    return audit.hidden(" ".join(map(str, failed.arguments)))


def _last_word(failed: Failed) -> tuple[str, str]:
    """The exception and its words: what stands at the margin first, after the last of the traces."""
    trace = failed.trace.rpartition("Traceback (most recent call last):\n")[2]
    found = _AT_MARGIN.search(trace)
    return (found[1], found[2] or "") if found else ("", "")


def page(rt: Runtime, queue: str, after: int) -> list[Failed]:
    """Jobs of a queue that failed, the newest first, one more than a page; of all queues when none is named."""
    if queue:
        return rt.queues.failed(queue, PAGE + 1, after)
    newest = [failed for name in QUEUES for failed in rt.queues.failed(name, PAGE + 1 + after)]
    newest.sort(key=lambda failed: failed.at.timestamp() if failed.at else 0.0, reverse=True)
    return newest[after : after + PAGE + 1]


def retry(rt: Runtime, identity: str, by: str, address: str = "") -> None:
    """Try a job again. Raises NotAllowedNow when it is no longer among those that failed."""
    failed = _there(rt, identity)
    if not rt.queues.retry(failed):
        raise _gone()
    _note(rt, failed, "job.retried", by, address)


def discard(rt: Runtime, identity: str, by: str, address: str = "") -> None:
    """Forget a job: what is waiting in the database is found by the sweep. Raises NotAllowedNow like `retry`."""
    failed = _there(rt, identity)
    _note(rt, failed, "job.discarded", by, address)
    if not rt.queues.discard(failed):
        raise _gone()


def _there(rt: Runtime, identity: str) -> Failed:
    failed = rt.queues.one_failed(identity)
    if failed is None:
        raise _gone()
    return failed


def _gone() -> NotAllowedNow:
    return NotAllowedNow("somebody has dealt with this job already", "job_gone")


def _note(rt: Runtime, failed: Failed, kind: str, by: str, address: str) -> None:
    with rt.db.begin() as connection:
        what = f"{failed.job} {arguments(failed)}".strip()
        audit.note(rt, connection, by, kind, what, before={"said": said(failed)}, address=address)
