"""Everything a menu may say, on one page: the engine's own tables, and what each word is for, with examples.

`python -m ussd_app menus reference` writes what stands in menus/REFERENCE.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import getdoc

from pydantic import BaseModel

from ussd_app.engine import definition
from ussd_app.engine.checks import CHECKS, CheckSpec
from ussd_app.engine.kinds import FORMATS, Kind, Value
from ussd_app.services import effects, facts, turns
from ussd_app.services.words import VOCABULARY

MEANINGS: dict[type[BaseModel], dict[str, str]] = {
    definition.Menu: {
        "menu": "the name, the same as the file's",
        "codes": "what is dialled to reach it, such as `*777#`, each with a `limit` of its own where its network gives "
        "other room; SERVICE_CODE always reaches the menu `main`",
        "languages": "the languages it is offered in; the texts in this file are in the first",
        "start": "the screen where a dialogue begins",
        "home": "the screen that the home key leads to; without it, `start`",
        "include": "the parts whose reasons and screens belong to this menu as well",
        "limit": "the most septets a screen may take, for every way here that has no limit of its own",
        "navigation": "the keys for back, home and more, and the words beside them",
        "resume": "whether somebody who was cut off may go on at the next dial",
        "recover": "the SMS for somebody who was cut off halfway",
        "reasons": "the sentence above a screen after an answer that cannot be taken, one for each reason",
        "screens": "every screen by name",
    },
    definition.CodeOnItsOwn: {
        "code": "what is dialled",
        "limit": "the most septets a screen may take there",
    },
    definition.Part: {
        "part": "the name, the same as the file's",
        "reasons": "sentences for reasons, as in a menu",
        "screens": "screens by name, as in a menu; their `go` may lead to any screen of the menu that includes them",
    },
    definition.PartTranslation: {
        "part": "the part it translates",
        "language": "the language of this file",
        "reasons": "the sentences for reasons",
        "screens": "the texts, screen by screen",
    },
    definition.Navigation: {
        "back_key": "the key that goes one screen or one page back",
        "home_key": "the key that goes home",
        "more_key": "the key for the next page of a long screen",
        "back": "the word beside the back key",
        "more": "the word beside the key for more",
    },
    definition.Resume: {
        "minutes": "for how long after being cut off",
        "how": "`ask`: the screen `screen` asks first; `continue`: the dialogue goes on at once",
        "screen": "the screen that asks, with a choice that goes to `left`",
    },
    definition.Recover: {
        "after": "the answer after which the SMS is worth sending",
        "message": "the name of the SMS, which is texted once",
    },
    definition.Screen: {
        "text": "what stands on a screen that waits for a key or an answer",
        "end": "what stands on a last screen; the session ends with it",
        "choices": "the lines to choose from, each under its key; `+` takes the number after a list",
        "list": "lines made from the rows of a fact; may stand above `choices`",
        "ask": "a question and its check",
        "go": "the screen after a good answer to `ask`",
        "branch": "a step nobody sees: the first line whose condition holds is taken",
        "do": "a step nobody sees: an effect, done once however often the network repeats itself",
        "with": "arguments of the effect that the menu fixes; the others are answers of the same name",
        "outcomes": "the screen for each way the effect may end; none may be missing",
        "show": "facts under names of one's own, with arguments that the menu fixes",
        "remember": "answers taken from facts as they stood on this screen, such as the price somebody agreed to",
    },
    definition.Choice: {
        "label": "the line beside the key",
        "go": "where it leads",
        "when": "the line is there only when this condition holds",
        "set": "answers that choosing it gives; `$name` copies another answer; `language` changes the language",
    },
    definition.Listing: {
        "rows": "the fact (or its name under `show`) whose rows become lines",
        "label": "the text of a line; `{row.…}` is a field of the row",
        "keep": "the answer that choosing a line gives",
        "value": "the field of the row that becomes the answer",
        "go": "where every line leads",
    },
    definition.Ask: {
        "keep": "the name of the answer",
        "check": "the check that the answer must pass; its parameters stand beside it",
        "private": "the answer is kept out of the journal and the logs",
        "tries": "how many answers may be wrong; goes together with `otherwise`",
        "counts": "the only reason that counts as a try; without it, every reason does",
        "otherwise": "the screen after too many tries",
    },
    definition.Branch: {
        "when": "the condition; the last line has none",
        "go": "where it leads",
    },
    definition.Translation: {
        "menu": "the menu it translates",
        "language": "the language of this file",
        "navigation": "the words for back and more",
        "reasons": "the sentences for reasons",
        "screens": "the texts, screen by screen; what is missing is shown in the menu's own language",
    },
    definition.ScreenTranslation: {
        "text": "the text",
        "end": "the text of a last screen",
        "choices": "the label for each key",
        "list": "the label of the lines made from a fact",
    },
    definition.NavigationWords: {"back": "the word for back", "more": "the word for more"},
    definition.Message: {
        "lane": "how the SMS travels: none waits behind one of a later lane, in this order",
        "repeat": "whether it is sent once more, marked `Ulang:`, when nobody can tell that it came",
        "segments": "the most parts it may be sent in",
        "texts": "the text in each language; Indonesian is a must",
    },
}

# Reasons that no check gives, and what they stand for.
REASONS = {
    "choose": "a key that is no choice of the screen",
    turns.WITHDRAWN: "said above the first screen when the version somebody was using was withdrawn",
}

CHECKED = {
    "nik": "the 16 digits of an Indonesian identity card, with a real date and province inside",
    "birth_date": "a day of birth, such as 05081988; `agrees_with` names the answer that holds the NIK",
    "name": "a person's name in letters",
    "words": "a short text of `min` to `max` septets",
    "number": "a whole number from `min` to `max`; here 0 is an answer, not the back key",
    "money": "an amount in rupiah from `min` to `max`; here 0 is an answer, not the back key",
    "date": "a day from `days_back` before today to `days_ahead` after it",
    "pattern": "a text of a fixed shape: in `mask`, 9 is a digit, A a letter, everything else itself",
    "pin": "six digits that are not easily guessed, kept only as a hash; `same_as` names the PIN it must repeat",
    "phone": "an Indonesian mobile number",
}

FORMATTED: dict[str, tuple[str, Value]] = {
    "": ("as it is", "Siti"),
    "rupiah": ("an amount of money", 8400),
    "date": ("a day", "2026-11-22"),
    "months": ("months, joined where they follow each other", ["2026-11-01", "2026-12-01"]),
    "cut": ("at most so many septets, 20 where no number is given", "Siti Aminah binti Muhammad"),
}


def parameters_of(spec: CheckSpec) -> list[str]:
    """The parameters a check knows."""
    return sorted(spec.numbers | spec.refers | spec.words)


def reasons_known() -> dict[str, str]:
    """Every reason a menu may have a sentence for, and where it comes from."""
    found = dict(REASONS)
    for name, spec in CHECKS.items():
        for reason, fields in spec.reasons.items():
            given = f"; shows {_fields(fields)}" if fields else ""
            known = f"{found[reason]}, {name}" if reason in found else f"of the check {name}"
            found[reason] = known.replace(given, "") + given
    return found


def _kind(kind: Kind) -> str:
    if kind.name == "text":
        return f"text of at most {len(str(kind.longest))}"
    if kind.name == "count":
        return f"whole number up to {kind.longest}"
    return {"flag": "yes or no", "money": "rupiah", "date": "day"}.get(kind.name, kind.name)


def _fields(fields: Mapping[str, Kind]) -> str:
    return ", ".join(f"`{name}` ({_kind(kind)})" for name, kind in fields.items())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "—"


def _says(function: object) -> str:
    return " ".join((getdoc(function) or "").split("\n\n")[0].split()).rstrip(".")


def _keys(model: type[BaseModel]) -> str:
    rows = []
    for field, info in model.model_fields.items():
        key = info.alias or field
        plain = isinstance(info.default, str | int | bool) and not info.is_required()
        default = "must be there" if info.is_required() else f"`{info.default}`" if plain else "—"
        rows.append(
            (f"`{key}`", MEANINGS[model].get(key, ""), default.replace("True", "true").replace("False", "false"))
        )
    return _table(("key", "what it is", "when left out"), rows)


def _checks() -> str:
    rows = []
    for name, spec in CHECKS.items():
        must = sorted(spec.words)
        parameters = [f"`{each}`{' (a must)' if each in must else ''}" for each in parameters_of(spec)]
        reasons = [
            f"`{reason}`" + (f" {{{', '.join(given)}}}" if given else "") for reason, given in spec.reasons.items()
        ]
        rows.append(
            (f"`{name}`", CHECKED.get(name, ""), _kind(spec.kind), ", ".join(parameters) or "—", ", ".join(reasons))
        )
    return _table(("check", "what it takes", "what it keeps", "parameters", "reasons and what they can show"), rows)


def _formats() -> str:
    rows = []
    for name, (show, kinds) in FORMATS.items():
        meaning, sample = FORMATTED.get(name, ("", None))
        shown = [show(sample, language, None) for language in ("id", "en")]
        field = f"`{{field|{name}}}`" if name else "`{field}`"
        rows.append((field, meaning, ", ".join(sorted(kinds)), " · ".join(dict.fromkeys(shown))))
    return _table(("format", "what it shows", "for", "looks like"), rows)


def _facts() -> str:
    return _table(
        ("fact", "what it is", "takes", "fields", "fields of each row"),
        [
            (
                f"`{name}`",
                _says(facts.FACTS[name]),
                _named(spec.takes),
                _fields(spec.gives) or "—",
                _fields(spec.rows) or "—",
            )
            for name, spec in VOCABULARY.facts.items()
        ],
    )


def _effects() -> str:
    rows = []
    for name, spec in VOCABULARY.effects.items():
        outcomes = [
            f"`{outcome}`" + (f": {_fields(given)}" if given else "") for outcome, given in spec.outcomes.items()
        ]
        rows.append((f"`{name}`", _says(effects.EFFECTS[name]), _named(spec.takes), ", ".join(outcomes)))
    return _table(("effect", "what it does", "takes", "outcomes"), rows)


def _messages() -> str:
    return _table(
        ("message", "fields"), [(f"`{name}`", _fields(fields)) for name, fields in VOCABULARY.messages.items()]
    )


def _other_reasons() -> str:
    return _table(("reason", "when"), [(f"`{reason}`", meaning) for reason, meaning in REASONS.items()])


def reference() -> str:
    """Everything a menu may say, as Markdown."""
    tables = {
        "MENU": _keys(definition.Menu),
        "CODE": _keys(definition.CodeOnItsOwn),
        "PART": _keys(definition.Part),
        "TRANSLATED PART": _keys(definition.PartTranslation),
        "NAVIGATION": _keys(definition.Navigation),
        "RESUME": _keys(definition.Resume),
        "RECOVER": _keys(definition.Recover),
        "SCREEN": _keys(definition.Screen),
        "CHOICE": _keys(definition.Choice),
        "LISTING": _keys(definition.Listing),
        "ASK": _keys(definition.Ask),
        "BRANCH": _keys(definition.Branch),
        "TRANSLATED SCREEN": _keys(definition.ScreenTranslation),
        "TRANSLATED NAVIGATION": _keys(definition.NavigationWords),
        "TRANSLATION": _keys(definition.Translation),
        "SMS": _keys(definition.Message),
        "CHECKS": _checks(),
        "FORMATS": _formats(),
        "FACTS": _facts(),
        "EFFECTS": _effects(),
        "MESSAGES": _messages(),
        "REASONS": _other_reasons(),
    }
    made = REFERENCE
    for name, table in tables.items():
        made = made.replace(f"[{name}]\n", f"{table}\n")
    return made


REFERENCE = """\
# What a menu may say

Made by `python -m ussd_app menus reference` from the code's own tables; a test holds it to them and compiles every
example. Write in any editor: `menu.schema.json` completes and checks the words as you type. Then
`python -m ussd_app menus check FILE`, `menus graph NAME` to look at it, `menus publish FILE` to serve it.

A menu is one YAML file, in the language most callers speak; each other language has a file of its own beside it.

```yaml
menu: example
codes: ["*777*9#"]
languages: [id, en]
start: welcome
reasons:
  choose: Pilih nomor yang ada.
screens:
  welcome:
    text: Selamat datang
    choices:
      1: {label: Bantuan, go: help}
  help:
    end: Telepon 175
```

[MENU]

## Room on a screen

Networks differ in how much a screen holds. `limit` holds for every way to the menu that has no limit of its own:

```yaml
limit: 160
codes: ["*777*9#", {code: "*778*9#", limit: 182}]
screens:
  welcome:
    end: Terima kasih
```

[CODE]

A dialogue keeps the limit of the code it was dialled by, whichever menus it visits; going on after a cut, it has that
of the code dialled now. `menus check` counts every screen at the smallest of a menu's limits. Where a visited menu was
written for wider screens than the code that was dialled has, what does not fit one screen comes on several pages.

## Screens

A screen has exactly one of `choices` (or `list`, or both), `ask`, `branch`, `do` and `end`. Members see the first two
and the last; `branch` and `do` are steps between screens.

[SCREEN]

### Choices

The keys are yours; `when` takes a line away where it makes no sense, and the other keys stay as they are.

```yaml
screens:
  home:
    text: Jaminan sosial pekerja mandiri
    choices:
      1: {label: Daftar, when: not member, go: register}
      2: {label: Bayar iuran, when: member, go: pay}
      3: {label: English, set: {language: en}, go: home}
```

[CHOICE]

### Lists

One line for each row of a fact, numbered from 1 and paged when they do not fit. Choices under `+` take the numbers
that follow; one of them is always there, or a condition on the way here asks whether the list has a row.

```yaml
screens:
  wage:
    text: Penghasilan per bulan sampai?
    show:
      wages: {sector: driver, package: jkk_jkm}
    list: {rows: wages, label: "{row.up_to|rupiah}: {row.monthly|rupiah}/bln", keep: wage, value: wage, go: thanks}
    choices:
      "+": {label: Saya tidak tahu, go: help}
```

[LISTING]

### Questions

The answer is checked; a wrong one shows the reason above the same question. After `tries` wrong answers `otherwise`
follows. For every reason of the check there is a sentence under `reasons`.

```yaml
reasons:
  date: Tanggal itu tidak ada.
  date_year: Tulis tahun dengan 4 angka.
  birth_disagrees: Tanggal lahir tidak cocok dengan NIK.
  too_young: Peserta minimal berusia {least} tahun.
  too_old: Pendaftar harus berusia di bawah {limit} tahun.
screens:
  birth_date:
    text: Ketik tanggal lahir, contoh 17081990
    ask:
      keep: birth_date
      check: birth_date
      private: true
      min_age: 17
      max_age: 64
      tries: 3
      otherwise: office_calls
    go: thanks
```

[ASK]

A PIN is asked twice; only the reason `pin_differs` counts as a try here.

```yaml
screens:
  new_pin:
    text: Buat PIN 6 angka
    ask: {keep: pin, check: pin, private: true}
    go: same_pin
  same_pin:
    text: Ketik PIN sekali lagi
    ask: {keep: again, check: pin, private: true, same_as: pin, tries: 3, counts: pin_differs, otherwise: new_pin}
    go: thanks
```

### Branches

The first line whose condition holds is taken.

```yaml
screens:
  welcome:
    branch:
      - {when: member.state == 'active' or member.state == 'due', go: home_member}
      - {when: member, go: home_waiting}
      - {go: home_guest}
```

[BRANCH]

### Effects

An effect changes something outside the dialogue, once. Its arguments are answers of the same name, or stand under
`with`; every outcome leads somewhere. What an outcome gives is shown as `{effect.field}`.

```yaml
screens:
  help:
    text: Ingin kami telepon?
    choices:
      1: {label: "Ya, telepon saya", go: call_me}
      2: {label: Tidak, go: thanks}
  call_me:
    do: follow_up
    with: {topic: help}
    outcomes: {noted: thanks}
```

[EFFECTS]

### Last screens

```yaml
screens:
  status:
    end: "{member.name|cut:20}: lunas s.d. {member.paid_until|date}"
```

## Answers

An answer is kept under a name by `ask`, `list`, `set` or `remember`, and read by that name in texts, conditions, and as
an argument of facts and effects. `language` is always known, and changing it changes the language.

`remember` keeps what a screen showed, and `$name` gives one answer the value of another: here the price beside the
choice is what the effect is told the caller agreed to. `price_changed` shows the screen again at the new price.

```yaml
screens:
  pay_months:
    text: Kirim kode bayar untuk
    show:
      one: {fact: dues, months: 1}
      three: {fact: dues, months: 3}
    remember: {rates: one.version, total_one: one.total, total_three: three.total}
    choices:
      1: {label: "1 bulan {one.total|rupiah}", set: {months: 1, total: $total_one}, go: ask_pay_code}
      2: {label: "3 bulan {three.total|rupiah}", set: {months: 3, total: $total_three}, go: ask_pay_code}
  ask_pay_code:
    do: ask_pay_code
    outcomes: {requested: code_coming, waiting: code_coming, price_changed: pay_months, too_little: elsewhere,
      refused: office_calls}
```

## Facts

A text or a condition names a fact and its field: `{member.name}`, `member.state == 'active'`. A fact alone, `member`,
says whether it was found; a list alone, `paid`, whether it has a row. Arguments are answers of the same name, or fixed
under `show`, where a fact may also get other names: `three: {fact: dues, months: 3}`.

[FACTS]

## Formats

[FORMATS]

A text is plain letters of the GSM alphabet: curly quotes and dashes become plain ones, anything else is refused. Every
screen must fit `limit` at the longest its fields can be, in every language. For a network that gives
less, pages are made; an option stands there beside the keys alone, `98` and `0`, when their words leave it no room.

## Conditions

Names of answers and facts, numbers, 'texts', `==`, `!=`, `<`, `<=`, `>`, `>=`, `and`, `or`, `not` and brackets; at most
200 characters. A name alone holds when it is there and is neither no, nor 0, nor empty.

```yaml
screens:
  check_wage:
    branch:
      - {when: member and (member.wage >= 5000000 or not member.package == 'jkk_jkm'), go: home_member}
      - {when: language != 'id', go: home_guest}
      - {go: thanks}
```

## Checks

[CHECKS]

```yaml
screens:
  ask_nik:
    text: Ketik 16 angka NIK
    ask: {keep: nik, check: nik, private: true, tries: 3, otherwise: office_calls}
    go: ask_birth_date
  ask_birth_date:
    text: Ketik tanggal lahir
    ask: {keep: born, check: birth_date, private: true, agrees_with: nik, min_age: 17, max_age: 64}
    go: ask_name
  ask_name:
    text: Ketik nama lengkap
    ask: {keep: name, check: name, private: true}
    go: ask_town
  ask_town:
    text: Ketik kota atau kabupaten
    ask: {keep: town, check: words, min: 3, max: 40}
    go: ask_children
  ask_children:
    text: Berapa anak?
    ask: {keep: children, check: number, min: 0, max: 20}
    go: ask_wage
  ask_wage:
    text: Penghasilan per bulan?
    ask: {keep: earned, check: money, min: 100000, max: 20000000}
    go: ask_day
  ask_day:
    text: Tanggal kecelakaan?
    ask: {keep: day, check: date, days_back: 365, days_ahead: 0}
    go: ask_plate
  ask_plate:
    text: Nomor polisi, contoh B1234XY
    ask: {keep: plate, check: pattern, mask: A9999AA}
    go: ask_pin
  ask_pin:
    text: Ketik PIN
    ask: {keep: pin, check: pin, private: true}
    go: ask_phone
  ask_phone:
    text: Ketik nomor HP
    ask: {keep: other_phone, check: phone, private: true}
    go: thanks
```

Reasons that no check gives:

[REASONS]

## Parts that menus share

What several menus say alike is written once, in a part. With `include: [greetings]` a menu has the reasons and screens
of `greetings.yaml` beside it, as if they stood in the menu itself:

```yaml
include: [greetings]
screens:
  home:
    text: Toko
    choices:
      1: {label: Selesai, go: goodbye}
```

The part is written in the language of the menus that include it, and has `reasons` and `screens` only:

```yaml
part: greetings
reasons:
  choose: Pilih nomor yang ada.
screens:
  goodbye:
    end: Sampai jumpa
```

[PART]

Its translations stand beside it, here `greetings.en.yaml`:

```yaml
part: greetings
language: en
reasons:
  choose: Choose a number shown.
screens:
  goodbye:
    end: See you
```

[TRANSLATED PART]

No name may stand in two files, neither in the menu and a part nor in two parts. As in the menu itself, every screen of
a part must be led to: keep apart what only some menus want. A part is no document of its own: `menus check` proves it
in each menu that includes it, and publishing a menu keeps its parts with it. After a change in a part, publish every
menu that includes it.

## Where `go` may lead

| target | where |
| --- | --- |
| a name | that screen of this menu |
| `left` | where a dialogue that was cut off stood, as that dialogue; home where there is none |
| `menu:NAME` | the start of another menu; Back on its first screen leads here again |
| `return` | the screen of the other menu from which this one was visited; home where there is none |

```yaml
screens:
  home:
    text: Layanan lain
    choices:
      1: {label: Menu utama, go: "menu:main"}
      2: {label: Kembali ke menu tadi, go: return}
      3: {label: Selesai, go: thanks}
```

## Moving about

The keys work on every screen with choices or a question, except where they are a choice themselves or where 0 may be
the answer (`number`, `money`). `Back` and `More` are shown only where they lead somewhere.

```yaml
navigation: {back_key: 0, home_key: 00, more_key: 98, back: Kembali, more: Lanjut}
screens:
  welcome:
    end: Terima kasih
```

[NAVIGATION]

## Cut off

```yaml
resume: {minutes: 30, how: ask, screen: go_on}
recover: {after: nik, message: go_on}
screens:
  welcome:
    text: Ketik 16 angka NIK
    ask: {keep: nik, check: nik, private: true, tries: 3, otherwise: office_calls}
    go: thanks
  go_on:
    text: Pendaftaran Anda tadi terputus
    choices:
      1: {label: Lanjutkan, go: left}
      2: {label: Mulai dari awal, go: welcome}
```

[RESUME]

[RECOVER]

## Other languages

`main.en.yaml` beside `main.yaml`. This one belongs to the example on top:

```yaml
menu: example
language: en
navigation: {back: Back, more: More}
reasons:
  choose: Choose a number shown.
screens:
  welcome:
    text: Welcome
    choices: {1: Help}
  help:
    end: Call 175
```

[TRANSLATION]

Of a screen:

[TRANSLATED SCREEN]

Of the navigation:

[TRANSLATED NAVIGATION]

## SMS

Every SMS stands in `messages.yaml`, under its name:

[SMS]

[MESSAGES]

Below them, `refusals` puts the institution's reasons into words: its code, then a sentence of at most 52 septets
without fields for each language. `other` stands for every reason that nobody has put into words.
"""
