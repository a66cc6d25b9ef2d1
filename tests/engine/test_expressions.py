"""What an editor writes is known names and comparisons, and never code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_app.engine.expressions import Field, NotAllowed, Path, parse_condition, parse_template
from ussd_app.engine.kinds import Value

VALUES: dict[Path, Value] = {
    ("member",): True,
    ("stranger",): None,
    ("months",): 3,
    ("nothing",): 0,
    ("package",): "jkk_jkm",
    ("empty",): "",
    ("member", "state"): "due",
    ("member", "wage"): 1_000_000,
}


def holds(text: str) -> bool:
    return parse_condition(text).holds(VALUES.get)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("member", True),
        ("stranger", False),
        ("nothing", False),
        ("empty", False),
        ("package", True),
        ("unheard_of", False),
        ("not member", False),
        ("not stranger", True),
        ("member and months", True),
        ("member and stranger", False),
        ("stranger or months", True),
        ("stranger or nothing", False),
        ("stranger or member and not empty", True),
        ("(stranger or member) and empty", False),
        ("months == 3", True),
        ("months == '3'", False),
        ("months != 3", False),
        ("3 == months", True),
        ("months < 3", False),
        ("months <= 3", True),
        ("months > 2", True),
        ("months >= 4", False),
        ("package == 'jkk_jkm'", True),
        ('package == "jkk_jkm"', True),
        ("package != 'jkk'", True),
        ("member.state == 'due'", True),
        ("member.state == 'active' or member.state == 'due'", True),
        ("member.wage >= 1000000", True),
        ("member.wage == member.wage", True),
        ("stranger == 3", False),
        ("stranger != 3", True),
        ("True", True),
        ("1", True),
        ("0", False),
        ("  member  ", True),
    ],
)
def test_a_condition_holds_as_it_reads(text: str, result: bool) -> None:
    assert holds(text) is result


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("left", ["stranger", "package", "member.state"])
def test_what_is_no_number_is_neither_more_nor_less(left: str, operator: str) -> None:
    assert not holds(f"{left} {operator} 3")
    assert not holds(f"3 {operator} {left}")


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("member", {("member",)}),
        ("member.state == 'due' and not months > 2", {("member", "state"), ("months",)}),
        ("(a or b.c) and d != e", {("a",), ("b", "c"), ("d",), ("e",)}),
        ("'text' == 3", set()),
    ],
)
def test_a_condition_tells_every_name_it_reads(text: str, reads: set[Path]) -> None:
    assert set(parse_condition(text).reads) == reads


@given(st.data())
def test_a_condition_looks_up_nothing_but_what_it_tells(data: st.DataObject) -> None:
    names = st.sampled_from(["member", "member.state", "months", "a.b"])
    leaf = st.one_of(names, st.builds("{} == {}".format, names, names), st.builds("{} < 3".format, names))
    text = data.draw(
        st.recursive(
            leaf,
            lambda inner: st.one_of(
                st.builds("({} and {})".format, inner, inner),
                st.builds("({} or {})".format, inner, inner),
                st.builds("not {}".format, leaf),
            ),
            max_leaves=6,
        )
    )
    looked: set[Path] = set()

    def look(path: Path) -> Value:
        looked.add(path)
        return data.draw(st.sampled_from([None, True, 3, "due"]))

    condition = parse_condition(text)
    assert condition.holds(look) in (True, False)
    assert looked <= set(condition.reads)


@pytest.mark.parametrize(
    "text",
    [
        *("a.b.c", "a.b.c == 1", "'x'.upper", "(a).b.c"),
        *("__class__", "a.__class__", "_a", "a._b", "_a.b", "member.__class__.__mro__", "__import__"),
        *("f()", "a.b()", "__import__('os')", "print(1)", "a == f()", "a and f()", "not f()"),
        *("a[0]", "a['b']", "a[0:1]", "a.b[0]"),
        *("lambda: 1", "lambda x: x", "(lambda: a)()"),
        *("f'{a}'", "f'x'", "a == f'{b}'"),
        *("[x for x in a]", "{x for x in a}", "{x: 1 for x in a}", "(x for x in a)"),
        *("(a := 1)", "a and (b := c)"),
        *("a + 1", "a - b", "-1", "a == -1", "~a", "a * 9 ** 9", "'x' * 999", "a % 2", "a | b", "a << 9"),
        *("1 < months < 3", "a == b == c", "a in b", "a not in b", "a is b", "a is not None"),
        *("None", "a == None", "1.5", "a == 1.5", "1j", "b'x'", "...", "a == ..."),
        *("(a, b)", "[a]", "{a}", "{'a': b}", "()", "a if b else c", "*a", "a, b"),
        *("await a", "yield a", "(yield)", "(a == b) == c", "a == (b or c)", "a < (not b)"),
    ],
)
def test_what_could_be_code_is_not_allowed(text: str) -> None:
    with pytest.raises(NotAllowed):
        parse_condition(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "a ==", "== a", "a = 1", "a; b", "a\nb", "if a: b", "import os", "a b", "'a", "a\x00", "&& a", "a = = b"],
)
def test_what_cannot_be_read_is_named_with_an_example_of_what_can(text: str) -> None:
    with pytest.raises(NotAllowed, match="is not a condition: write for example `member"):
        parse_condition(text)


def test_what_is_allowed_is_told_when_something_else_was_written() -> None:
    with pytest.raises(NotAllowed, match="only names, numbers, 'texts', and, or, not, =="):
        parse_condition("f()")


def test_a_condition_of_200_characters_is_read() -> None:
    assert holds("member" + " " * 186 + "and True")


@pytest.mark.parametrize("text", ["a" * 201, "a or " * 10_000 + "a", "(" * 100_000])
def test_a_longer_condition_is_not_even_parsed(text: str) -> None:
    with pytest.raises(NotAllowed, match="at most 200 characters"):
        parse_condition(text)


@pytest.mark.parametrize("text", ["(" * 199, "[" * 99 + "]" * 99, "-" * 199 + "1", "(" * 99 + "f()" + ")" * 98])
def test_deep_nesting_is_refused_politely(text: str) -> None:
    with pytest.raises(NotAllowed):
        parse_condition(text)


@pytest.mark.parametrize("text", ["(" * 90 + "member" + ")" * 90, "not " * 48 + "member"])
def test_deep_nesting_of_what_is_allowed_still_holds(text: str) -> None:
    assert holds(text)


@given(st.text(max_size=220) | st.text(alphabet="ab.()[]{}'=<>!and ornt:_1,-*", max_size=60))
def test_any_text_is_a_condition_or_not_allowed(text: str) -> None:
    try:
        condition = parse_condition(text)
    except NotAllowed:
        return
    assert condition.holds(VALUES.get) in (True, False)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("Halo", ("Halo",)),
        ("{name}", (Field(("name",), "", None),)),
        ("{member.name}", (Field(("member", "name"), "", None),)),
        ("Bayar {total|rupiah} ya", ("Bayar ", Field(("total",), "rupiah", None), " ya")),
        ("{name|cut:16}:", (Field(("name",), "cut", 16), ":")),
        ("{a}{b}", (Field(("a",), "", None), Field(("b",), "", None))),
        (
            "{row.month|months} {row.d|date}",
            (Field(("row", "month"), "months", None), " ", Field(("row", "d"), "date", None)),
        ),
    ],
)
def test_a_text_is_split_into_words_and_fields(text: str, parts: tuple[str | Field, ...]) -> None:
    assert parse_template(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        *("{", "}", "{}", "a { b", "a } b", "{{name}}", "{name", "name}", "{ name }", "{name }", "{a b}"),
        *("{a.b.c}", "{A}", "{1}", "{a[0]}", "{a!r}", "{a:>10}", "{a()}", "{a|cut:x}", "{a|cut:1000}", "{a|}"),
        *("{a||cut}", "{a|cut|cut}", "{name}}", "{a|CUT}", "{é}"),
    ],
)
def test_a_brace_that_is_no_field_is_not_allowed(text: str) -> None:
    with pytest.raises(NotAllowed, match=r"a field is written \{name\}"):
        parse_template(text)


def test_an_unknown_format_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotAllowed, match="there is no format `upper`: use one of rupiah, date, months, cut"):
        parse_template("{name|upper}")


@pytest.mark.parametrize(
    ("field", "value", "language", "shown"),
    [
        ("{x}", "Siti", "id", "Siti"),
        ("{x}", 12, "id", "12"),
        ("{x}", 0, "id", "0"),
        ("{x}", None, "id", ""),
        ("{x|rupiah}", 16_800, "id", "Rp16.800"),
        ("{x|rupiah}", 16_800, "en", "Rp16,800"),
        ("{x|rupiah}", "16800", "id", "Rp16.800"),
        ("{x|rupiah}", 0, "id", "Rp0"),
        ("{x|rupiah}", None, "id", "-"),
        ("{x|date}", "2026-12-15", "id", "15 Des 2026"),
        ("{x|date}", "2026-12-15", "en", "15 Dec 2026"),
        ("{x|date}", None, "id", "-"),
        ("{x|months}", ["2026-11-01", "2026-12-01", "2027-01-01"], "id", "Nov 2026-Jan 2027"),
        ("{x|months}", ["2026-05-01"], "en", "May 2026"),
        ("{x|months}", [], "id", "-"),
        ("{x|months}", None, "id", "-"),
        ("{x|cut:8}", "Siti Rahayu", "id", "Siti R.."),
        ("{x|cut:8}", "Siti", "id", "Siti"),
        ("{x|cut}", "W" * 30, "id", "W" * 18 + ".."),
        ("{x|cut:8}", None, "id", ""),
    ],
)
def test_a_field_is_shown_as_its_format_says(field: str, value: Value, language: str, shown: str) -> None:
    [part] = parse_template(field)
    assert isinstance(part, Field)
    assert part.show(value, language) == shown


@given(st.text(alphabet="ab {}|:.cut16", max_size=40) | st.text())
def test_any_text_is_a_template_or_not_allowed(text: str) -> None:
    try:
        parts = parse_template(text)
    except NotAllowed:
        assert "{" in text or "}" in text
        return
    assert "".join(part for part in parts if isinstance(part, str)).count("{") == 0
