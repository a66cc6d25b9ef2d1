"""Structured logs, one JSON line an event, in which no phone number and no NIK can be read."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from ussd_app.domain import phone as phones

_NIK = re.compile(r"(?<!\d)\d{16}(?!\d)")
_PHONE = re.compile(r"\+\d{8,15}|(?<!\d)(?:62|0)8\d{8,11}(?!\d)")
_TOKEN = re.compile(r"(/callbacks/[a-z]+/)[^/\s\"']+/")
# PostgreSQL quotes the row it refuses, with the name and the birth date in it.
_DETAIL = re.compile(r"DETAIL:.*")


def masked(text: str) -> str:
    """The text with every NIK, phone number, callback token and refused row made unreadable."""
    text = _DETAIL.sub("[detail]", text)
    text = _NIK.sub("[nik]", text)
    text = _TOKEN.sub(r"\1[token]/", text)
    return _PHONE.sub(lambda found: phones.masked(found.group()), text)


def _mask(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        text = value if isinstance(value, str) else repr(value)
        hidden = masked(text)
        if hidden != text:
            event[name] = hidden
    return event


class _MaskingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def configure(level: str = "INFO") -> None:
    """Set up logging for this process, our own and the libraries', on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_MaskingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # else two lines for every look at /readyz
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
