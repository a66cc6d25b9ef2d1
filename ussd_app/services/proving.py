"""Before a draft may be published, every state of it is walked: a job of its own that tells how far it has come."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cache

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.engine.proof import compile_menu
from ussd_app.engine.prove import Proof, prove
from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import jobs, publishing, reading
from ussd_app.services.jobs import Job
from ussd_app.services.words import VOCABULARY
from ussd_app.storage import documents, drafts
from ussd_app.storage import menu_proofs as proofs
from ussd_app.storage.menu_proofs import MenuProof

# A proof that has said nothing for so long was killed with its worker.
SILENT = timedelta(seconds=30)
# States between two words of how far it has come.
EVERY = 500


@dataclass(frozen=True)
class Standing:
    """How the proof of a draft stands.

    `state` is `unneeded` (no menu), `unasked`, `waiting`, `running`, `proved` or `faulty`; `percent` is a guess by the
    last proof of the same menu, None without one. `faults` are sentences; `proof` the counts once it is done.
    """

    state: str
    walked: int = 0
    percent: int | None = None
    faults: tuple[str, ...] = ()
    proof: Proof | None = None

    @property
    def stands(self) -> bool:
        """Whether nothing in the proof keeps the draft from being published."""
        return self.state in ("unneeded", "proved")


@cache
def _words() -> str:
    """The words the code knows: a proof does not hold for a service that knows others."""
    return hashlib.sha256(repr(VOCABULARY).encode()).hexdigest()


def digest_of(name: str, files: Mapping[str, str]) -> str:
    """The same for what has the same proof."""
    return hashlib.sha256(f"{name} {documents.digest_of(files)} {_words()}".encode()).hexdigest()


def ask(rt: Runtime, draft_id: int, revision: int) -> Standing:
    """Have a revision of a draft proved, unless it is; how that stands. Raises NotAllowedNow, MenuProblems."""
    with rt.db.begin() as connection:
        name, files = _revision(connection, draft_id, revision)
        if not _is_menu(name, files):
            return Standing("unneeded")
        asked = proofs.ask(connection, digest_of(name, files), draft_id, revision, rt.clock())
        standing = _standing(asked, proofs.usual_states(connection, name))
    if asked.state == "waiting":
        jobs.put(rt, [Job(queues.PROVE_MENU, asked.id)])
    return standing


def standing(rt: Runtime, draft_id: int, revision: int) -> Standing:
    """How the proof of a revision stands, without asking for one. Raises NotAllowedNow."""
    with rt.db.connect() as connection:
        name, files = _revision(connection, draft_id, revision)
        return standing_of(connection, name, files)


def standing_of(connection: Connection, name: str, files: Mapping[str, str]) -> Standing:
    """How the proof of these contents stands."""
    try:
        if not _is_menu(name, files):
            return Standing("unneeded")
    except MenuProblems:
        return Standing("unasked")
    found = proofs.by_digest(connection, digest_of(name, files))
    return _standing(found, proofs.usual_states(connection, name)) if found else Standing("unasked")


def run(rt: Runtime, proof_id: int) -> None:
    """Walk every state of the draft that this proof is for, and write down what was found."""
    now = rt.clock()
    with rt.db.begin() as connection:
        taken = proofs.take(connection, proof_id, now, now - SILENT)
        if taken is None:
            return
        name, files = _revision(connection, taken.draft_id, taken.revision)
    if taken.tries > proofs.MOST_TRIES:
        found = _not_proved(name, f"it was begun {proofs.MOST_TRIES} times and never came to an end")
    else:
        found = proved(rt, name, files, proof_id)
    with rt.db.begin() as connection:
        state = "faulty" if found.faults else "proved"
        proofs.finish(connection, proof_id, state, asdict(found), rt.clock())


def proved(rt: Runtime, name: str, files: Mapping[str, str], proof_id: int) -> Proof:
    """The proof of these files. A menu that does not compile has its problems as faults."""
    try:
        made, problems = compile_menu(reading.sources_of(name, files), 0, VOCABULARY)
    except MenuProblems as found:
        made, problems = None, found.problems
    if made is None:
        return _not_proved(name, *(str(problem) for problem in problems if problem.error))

    def tell(walked: int, _waiting: int) -> None:
        if walked % EVERY == 0:
            with rt.db.begin() as connection:
                proofs.beat(connection, proof_id, walked, rt.clock())

    return prove(made, VOCABULARY, tell)


def _not_proved(name: str, *faults: str) -> Proof:
    return Proof(name, 0, 0, (), "", 0, 0, "", faults)


def sweep(rt: Runtime) -> None:
    """Have the proofs made that no job is working on."""
    with rt.db.connect() as connection:
        waiting = proofs.left_over(connection, rt.clock() - SILENT)
    jobs.put(rt, [Job(queues.PROVE_MENU, proof_id) for proof_id in waiting])


def _is_menu(name: str, files: Mapping[str, str]) -> bool:
    return publishing.kind_of(name, reading.sources_of(name, files)) == "menu"


def _revision(connection: Connection, draft_id: int, revision: int) -> tuple[str, dict[str, str]]:
    draft = drafts.by_id(connection, draft_id)
    files = drafts.files_of(connection, draft_id, revision)
    if draft is None or not files:
        raise NotAllowedNow(f"there is no revision {revision} of draft {draft_id}", "no_revision", revision=revision)
    return draft.name, files


def _standing(found: MenuProof, usual: int | None) -> Standing:
    if found.state in ("waiting", "running"):
        return Standing(found.state, found.walked, min(99, 100 * found.walked // usual) if usual else None)
    told = dict(found.found or {})
    proof = Proof(**{**told, "longest": tuple(told["longest"]), "faults": tuple(told["faults"])})
    return Standing(found.state, proof.states, 100, proof.faults, proof)
