"""Everything that can go wrong, as one tree.

SertakanError
├── Refused              somebody's answer is not acceptable; `reason` is a key of the menu's reasons
├── MenuProblems         a menu, message or rates file that cannot be published; holds every problem
├── SettingsError        the environment is not fit to start with; names the setting
├── StartupError         the embedded service cannot start; one sentence for the operator
├── BadRequest           a callback without a field it must have; names the field
├── NotPublished         a menu or document that nobody has published
├── NotAllowedNow        what an operator asked for does not fit how things stand; a sentence for them
├── Unbalanced           a ledger transaction that does not add up to zero
└── GatewayError         an outside company did not do what was asked
    ├── GatewayTemporary     nothing happened, ask again later
    ├── GatewayPermanent     nothing happened and asking again will not help
    └── GatewayUnknown       it may have happened: never repeat blindly
"""

from __future__ import annotations

from dataclasses import dataclass, field


class SertakanError(Exception):
    """The root: catching this catches everything this project raises on purpose."""


class Refused(SertakanError):
    """An answer that a check does not accept.

    `reason` is a key into the menu's `reasons`, `values` fill that sentence's fields.
    """

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = values


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file: where it is (file, 1-based line, path inside) and how to mend it."""

    file: str
    line: int
    path: str
    sentence: str
    error: bool = field(default=True)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}: {'' if self.error else 'remark: '}{self.sentence}"


class MenuProblems(SertakanError):
    """A document with errors, all of them at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class SettingsError(SertakanError):
    """The environment is not fit to start with; the message names each setting."""


class StartupError(SertakanError):
    """The embedded service cannot start; the message is one sentence for the operator."""


class BadRequest(SertakanError):
    """A callback lacks a field; the message names it."""


class NotPublished(SertakanError):
    """Nobody has published a document of that name."""


class NotAllowedNow(SertakanError):
    """An operator asked for something that does not fit how things stand; the message says why.

    `reason` is a key under which the admin desk has the same sentence in its languages, `values` fill its fields.
    """

    def __init__(self, sentence: str, reason: str = "", **values: object) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.values = values


class Unbalanced(SertakanError):
    """A ledger transaction whose entries do not add up to zero."""


class GatewayError(SertakanError):
    """An outside company did not do what was asked."""


class GatewayTemporary(GatewayError):
    """Nothing happened; the same request may be made again later."""


class GatewayPermanent(GatewayError):
    """Nothing happened, and making the same request again will not help."""


class GatewayUnknown(GatewayError):
    """It may have happened, so it must not be repeated blindly."""
