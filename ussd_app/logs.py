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
_PHONE = re.compile(r"\+\d{8,15}|(?<!\d)08\d{8,11}(?!\d)")
_TOKEN = re.compile(r"(/callbacks/[a-z]+/)[^/\s\"']+/")


def masked(text: str) -> str:
    """The text with every NIK, phone number and callback token made unreadable."""
    text = _NIK.sub("[nik]", text)
    text = _TOKEN.sub(r"\1[token]/", text)
    return _PHONE.sub(lambda found: phones.masked(found.group()), text)


def _mask(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = masked(value)
    return event


class _MaskingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def configure(level: str = "INFO") -> None:
    """Set up logging for this process, our own and the libraries', on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_MaskingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=level, force=True)
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
