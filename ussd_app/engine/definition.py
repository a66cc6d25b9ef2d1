"""The shape of a menu file, a translation file and a messages file, as pydantic models.

Nothing here knows whether a target exists or a text fits: that is the compiler's work. These models say only what
may be written where, and pydantic gives each mistake its path.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
# A screen of the menu; or `left`, `return`, `menu:NAME` (see graph).
Target = Annotated[str, StringConstraints(pattern=r"^(menu:)?[a-z][a-z0-9_]*$")]
Key = Annotated[str, StringConstraints(pattern=r"^(\+|[0-9]{1,2})$")]
Code = Annotated[str, StringConstraints(pattern=r"^\*[0-9]+(\*[0-9]+)*#$")]
Language = Literal["id", "en", "jv", "su"]
# Septets: no network shows more than 182, and below 60 no sentence fits.
Room = Annotated[int, Field(ge=60, le=182)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(_Strict):
    """One line a member can choose: its label, where it leads, and the answers it gives on the way."""

    label: str
    go: Target
    when: str | None = None
    set: dict[Name, str] = {}


class Listing(_Strict):
    """Lines made from the rows of a fact; the row's `value` becomes the answer `keep`."""

    rows: Name
    label: str
    keep: Name
    value: Name
    go: Target


class Ask(BaseModel):
    """A question: the answer kept, its check, and what happens after too many tries (`counts` names the only reason
    that counts as one).

    Further keys are parameters of the check (`min`, `max`, `agrees_with` …).
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    keep: Name
    check: str
    private: bool = False
    tries: int | None = Field(None, ge=1, le=9)
    counts: Name | None = None
    otherwise: Target | None = None


class Branch(_Strict):
    """Go to `go` when the condition holds; the last branch has no condition."""

    go: Target
    when: str | None = None


class Screen(_Strict):
    """One screen, or one invisible step between screens (`branch`, `do`)."""

    text: str | None = None
    end: str | None = None
    choices: dict[Key, Choice] | None = None
    listing: Listing | None = Field(None, alias="list")
    ask: Ask | None = None
    go: Target | None = None
    branch: list[Branch] | None = None
    do: Name | None = None
    arguments: dict[Name, str] = Field({}, alias="with")
    outcomes: dict[Name, Target] | None = None
    show: dict[Name, dict[str, str]] = {}
    remember: dict[Name, str] = {}


class Navigation(_Strict):
    """The keys for back, home and more, and the words beside them."""

    back_key: Key = "0"
    home_key: Key = "00"
    more_key: Key = "98"
    back: str = "Kembali"
    more: str = "Lanjut"


class Resume(_Strict):
    """What happens when somebody dials again within so many minutes of having been cut off."""

    minutes: int = Field(ge=1, le=60)
    how: Literal["ask", "continue"]
    screen: Name | None = None


class Recover(_Strict):
    """The SMS for somebody who was cut off after having given the answer `after`."""

    after: Name
    message: Name


class CodeOnItsOwn(_Strict):
    """A code on a network whose screens have more or less room than the menu's `limit`."""

    code: Code
    limit: Room


def _how_written(code: object) -> str:
    return "[alone]" if isinstance(code, str) else "[with a limit]"


class Menu(_Strict):
    """A whole menu in its default language."""

    menu: Name
    codes: list[
        Annotated[
            Annotated[Code, Tag("[alone]")] | Annotated[CodeOnItsOwn, Tag("[with a limit]")],
            Discriminator(_how_written),
        ]
    ]
    languages: list[Language] = Field(min_length=1)
    start: Name
    home: Name | None = None
    include: list[Name] = []
    limit: Room = 160
    navigation: Navigation = Navigation()
    resume: Resume | None = None
    recover: Recover | None = None
    reasons: dict[Name, str] = {}
    screens: dict[Name, Screen]


class Part(_Strict):
    """Reasons and screens that several menus share, in the language those menus are written in."""

    part: Name
    reasons: dict[Name, str] = {}
    screens: dict[Name, Screen] = {}


class ScreenTranslation(_Strict):
    """The texts of one screen in another language."""

    text: str | None = None
    end: str | None = None
    choices: dict[Key, str] = {}
    listing: str | None = Field(None, alias="list")


class NavigationWords(_Strict):
    """The words for back and more in another language."""

    back: str | None = None
    more: str | None = None


class Translation(_Strict):
    """All texts of a menu in one other language."""

    menu: Name
    language: Language
    navigation: NavigationWords = NavigationWords()
    reasons: dict[Name, str] = {}
    screens: dict[Name, ScreenTranslation] = {}


class PartTranslation(_Strict):
    """All texts of a part in one other language."""

    part: Name
    language: Language
    reasons: dict[Name, str] = {}
    screens: dict[Name, ScreenTranslation] = {}


class Message(_Strict):
    """One SMS: the lane it goes by, whether it is repeated once when nobody can tell that it came, and its texts."""

    lane: Literal["urgent", "codes", "reminders", "campaigns"]
    repeat: bool = False
    segments: int = Field(1, ge=1, le=3)
    texts: dict[Language, str]


class Messages(_Strict):
    """Every SMS the service sends."""

    messages: dict[Name, Message]
    refusals: dict[Name, dict[Language, str]] = Field(default_factory=dict)
