"""Drafts of documents with every revision, who looks at them, their proofs, and what is to be published when."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A text is kept once, however many revisions have it: of twenty files an edit changes one.
DRAFTS = """
CREATE TABLE draft_texts (
    digest text PRIMARY KEY,
    content text NOT NULL
);

CREATE TABLE drafts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    title text NOT NULL,
    based_on integer,
    state text NOT NULL CHECK (state IN ('open', 'published', 'discarded')),
    revision integer NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    FOREIGN KEY (name, based_on) REFERENCES document_versions (name, version)
);
CREATE INDEX drafts_open ON drafts (id) WHERE state = 'open';

-- `files` gives the digest of each file's text. `parent` is what it was made from: undoing goes there, redoing comes
-- back. The same `save_key` is the same save.
CREATE TABLE draft_revisions (
    draft_id bigint NOT NULL REFERENCES drafts,
    number integer NOT NULL,
    parent integer,
    files jsonb NOT NULL,
    based_on integer,
    what text NOT NULL,
    by_whom text NOT NULL,
    at timestamptz NOT NULL,
    save_key text NOT NULL,
    aside boolean NOT NULL DEFAULT false,
    PRIMARY KEY (draft_id, number),
    UNIQUE (draft_id, save_key),
    FOREIGN KEY (draft_id, parent) REFERENCES draft_revisions (draft_id, number)
);

CREATE TABLE draft_editors (
    draft_id bigint NOT NULL REFERENCES drafts,
    who text NOT NULL,
    place text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (draft_id, who)
);
"""

# Of the same contents there is one proof; `digest` counts in the words that the code knows.
PROOFS = """
CREATE TABLE menu_proofs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    draft_id bigint NOT NULL,
    revision integer NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'proved', 'faulty')),
    walked integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    found jsonb,
    asked_at timestamptz NOT NULL,
    beat_at timestamptz NOT NULL,
    done_at timestamptz,
    FOREIGN KEY (draft_id, revision) REFERENCES draft_revisions (draft_id, number)
);
CREATE INDEX menu_proofs_waiting ON menu_proofs (id) WHERE state IN ('waiting', 'running');
"""

RELEASES = """
CREATE TABLE releases (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    draft_id bigint NOT NULL,
    revision integer NOT NULL,
    state text NOT NULL CHECK (state IN ('planned', 'published', 'refused', 'cancelled')),
    comment text NOT NULL,
    authors jsonb NOT NULL,
    by_whom text NOT NULL,
    due_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    done_at timestamptz,
    version integer,
    why text NOT NULL DEFAULT '',
    seen_by text,
    FOREIGN KEY (draft_id, revision) REFERENCES draft_revisions (draft_id, number),
    FOREIGN KEY (name, version) REFERENCES document_versions (name, version)
);
CREATE UNIQUE INDEX releases_planned ON releases (draft_id) WHERE state = 'planned';
CREATE INDEX releases_due ON releases (due_at) WHERE state = 'planned';
CREATE INDEX releases_of ON releases (name, version);
CREATE INDEX releases_refused ON releases (id) WHERE state = 'refused' AND seen_by IS NULL;
"""


def upgrade() -> None:
    for statements in (DRAFTS, PROOFS, RELEASES):
        op.execute(statements)
