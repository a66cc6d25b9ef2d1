"""People found by how the words of their names begin, whatever their order; page by page, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from ussd_app.storage import members, sponsors
from ussd_app.storage.members import Member
from ussd_app.storage.sponsors import Sponsor

# As the index has it (migration 0009): another spelling of this would read the whole table.
_WORDS = r"to_tsvector('simple'::regconfig, regexp_replace(name, '\W+', ' ', 'g'))"


def _numbers(connection: Connection, table: str, words: Sequence[str], before: int | None, most: int) -> list[int]:
    # Materialised: else the newest are looked through one by one until enough are called so, or nobody is left.
    statement = text(
        f"WITH called AS MATERIALIZED (SELECT id FROM {table} "  # noqa: S608  # our own words
        f"WHERE {_WORDS} @@ to_tsquery('simple'::regconfig, :words)) "
        "SELECT id FROM called WHERE CAST(:before AS bigint) IS NULL OR id < :before ORDER BY id DESC LIMIT :most"
    )
    wanted = " & ".join(f"{word}:*" for word in words)
    return list(connection.execute(statement, {"words": wanted, "before": before, "most": most}).scalars())


def members_called(connection: Connection, words: Sequence[str], before: int | None, most: int) -> list[Member]:
    """Members whose name has a word for each of `words` (letters and digits only) that begins so; numbered below
    `before`."""
    numbers = _numbers(connection, "members", words, before, most)
    return sorted(members.with_ids(connection, numbers), key=lambda one: -one.id)


def sponsors_called(connection: Connection, words: Sequence[str], before: int | None, most: int) -> list[Sponsor]:
    """Sponsors whose name does."""
    numbers = _numbers(connection, "sponsors", words, before, most)
    return sponsors.with_ids(connection, numbers)
