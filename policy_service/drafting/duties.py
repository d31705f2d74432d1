"""Duties in prose to a typed profile: what a job touches, changes, must not see, and how clearly.

A small grammar over clauses: verbs open an object, negations turn its polarity,
markers set the identity stance. It is no parser and no model; what it cannot read
it leaves out, and what is left out is denied.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.control import Action
from policy_service.domain.identifiers import DataCategory, Purpose, RoleId, category_covers
from policy_service.domain.organisation import JobFunction
from policy_service.drafting import duty_words as lists
from policy_service.drafting.words import stem, words

_SENTENCE = re.compile(r"[.;!?:]+(?:\s+|$)")
_TOKEN = re.compile(r"[a-z0-9][a-z0-9'-]*|,")


class Stance(StrEnum):
    """How clearly a job needs to see persons."""

    STRUCTURE = "structure"  # shapes and counts, no personal value
    AGGREGATE = "aggregate"
    PSEUDONYM = "pseudonym"
    OVERSIGHT = "oversight"  # reads records of persons, but is not about persons
    TASK = "task"  # what the task at hand names
    IDENTITY = "identity"


class Coverage(StrEnum):
    """Which tables a job reaches."""

    MENTIONED = "mentioned"
    PERSONAL = "personal"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One stretch of a duty with one polarity. `nouns` are stems, `phrases` as written."""

    text: str
    nouns: tuple[str, ...]
    phrases: tuple[str, ...]
    actions: tuple[Action, ...] = ()
    negative: bool = False
    everything: bool = False  # `all tables`, `any record`


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Rows of the holder's own `attribute`, as far as `anchor` (a stem, or empty) is concerned."""

    attribute: str
    anchor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyProfile:
    """What the duties of one role say, in typed form."""

    role: RoleId
    clauses: tuple[Clause, ...]
    stance: Stance
    coverage: Coverage
    read_only: bool
    joins: bool
    investigates: bool
    justified: bool
    scope: Scope | None
    title_nouns: tuple[str, ...]
    categories: tuple[DataCategory, ...]  # that the duties speak of
    excluded_categories: tuple[DataCategory, ...]

    @property
    def nouns(self) -> tuple[str, ...]:
        """List what the duties are about, stems in order, the title's included."""
        said = (noun for one in self.clauses if not one.negative for noun in one.nouns)
        return tuple(dict.fromkeys((*said, *self.title_nouns)))

    @property
    def phrases(self) -> tuple[str, ...]:
        """List what the duties are about as written, without what they exclude."""
        said = (phrase for one in self.clauses if not one.negative for phrase in one.phrases)
        return tuple(dict.fromkeys(said))

    @property
    def exclusions(self) -> tuple[Clause, ...]:
        """List the clauses that keep the role away from something."""
        return tuple(one for one in self.clauses if one.negative and not one.actions)

    def mentions(self, category: DataCategory) -> bool:
        """Tell whether the duties speak of this category, of a wider or of a narrower one."""
        return any(
            category_covers(said, category) or category_covers(category, said)
            for said in self.categories
            if said != "user"
        )

    def excludes(self, category: DataCategory) -> bool:
        """Tell whether the duties keep the role away from this category."""
        return any(category_covers(said, category) for said in self.excluded_categories)

    def stance_for(self, purpose: Purpose) -> Stance:
        """Return the stance for one purpose: secondary uses never see persons in clear."""
        if is_secondary(purpose) and self.stance in (Stance.TASK, Stance.IDENTITY):
            marketing = category_covers(DataCategory("marketing"), DataCategory(purpose))
            return Stance.AGGREGATE if marketing else Stance.PSEUDONYM
        return self.stance


def is_secondary(purpose: Purpose) -> bool:
    """Tell whether a purpose goes beyond serving the person the data is about."""
    return any(
        category_covers(DataCategory(use), DataCategory(purpose))
        for use in lists.SECONDARY_PURPOSES
    )


def read_duties(job: JobFunction) -> DutyProfile:
    """Read title and duties of one job function."""
    text = " ".join(job.duties.lower().replace("’", "'").split())
    title = tuple(stem(word) for word in words(job.title))
    prose, masked = _without_markers(text)
    clauses = tuple(
        clause for sentence in _SENTENCE.split(prose) if sentence for clause in _clauses(sentence)
    )
    clauses = (*clauses, *_maintained(text))
    read_only = bool(lists.READ_ONLY.search(text)) or _writes_nothing(clauses)
    said = {noun for one in clauses if not one.negative for noun in (*one.nouns, *words(one.text))}
    kept_away = {
        phrase.split()[-1]
        for one in clauses
        if one.negative and not one.actions
        for phrase in one.phrases
    }
    return DutyProfile(
        role=job.id,
        clauses=clauses,
        stance=_stance(text, " ".join(title), masked=masked),
        coverage=_coverage(text, " ".join(title)),
        read_only=read_only,
        joins=bool(lists.JOINS.search(text)),
        investigates=bool(lists.INVESTIGATES.search(text)),
        justified=bool(lists.JUSTIFIED.search(text)),
        scope=_scope(text),
        title_nouns=tuple(
            word for word in title if _is_noun(word) and word not in lists.STAFF_WORDS
        ),
        categories=_categories(said),
        excluded_categories=tuple(
            one for one in _categories(kept_away) if one not in _categories(said)
        ),
    )


def _without_markers(text: str) -> tuple[str, bool]:
    """Take out the phrases that say how clearly, so that their negation excludes no table."""
    masked = bool(lists.MASKED_IN_CLEAR.search(text))
    text = lists.MASKED_IN_CLEAR.sub(" ", text)
    text = lists.UNKNOWN_PERSON.sub(" works with ", text)
    text = lists.NO_VALUES.sub(" ", text)
    return lists.FULL_NUMBER.sub(" ", text), masked


def _stance(text: str, title: str, *, masked: bool) -> Stance:
    pseudonyms = lists.PSEUDONYMS.search(text) or lists.UNKNOWN_PERSON.search(text) or masked
    if lists.STRUCTURE.search(text) or lists.NO_VALUES.search(text):
        return Stance.STRUCTURE
    if lists.AGGREGATES.search(text) and not (pseudonyms and lists.JOINS.search(text)):
        return Stance.AGGREGATE
    if pseudonyms:
        return Stance.PSEUDONYM
    if lists.AUDITOR.search(title):
        return Stance.OVERSIGHT
    if lists.IDENTITY.search(text):
        return Stance.IDENTITY
    return Stance.OVERSIGHT if lists.EVERYTHING.search(text) else Stance.TASK


def _coverage(text: str, title: str) -> Coverage:
    everything = lists.EVERYTHING.search(text) or lists.AUDITOR.search(title)
    if everything or (lists.PIPELINES.search(text) and lists.NO_VALUES.search(text)):
        return Coverage.ALL
    if lists.PERSONAL_SCOPE.search(text):
        return Coverage.PERSONAL
    return Coverage.MENTIONED


def _scope(text: str) -> Scope | None:
    for found in lists.OWN_SCOPE.finditer(text):
        attribute = stem(found["attribute"])
        if attribute not in lists.NOT_A_SCOPE:
            return Scope(attribute=attribute, anchor=stem(found["anchor"] or ""))
    return None


def _maintained(text: str) -> tuple[Clause, ...]:
    return tuple(
        clause
        for found in lists.MAINTAINS.finditer(text)
        for clause in _clauses(f"updates {found['what']}")
    )


def _writes_nothing(clauses: tuple[Clause, ...]) -> bool:
    return any(
        one.negative and one.actions and set(one.nouns) <= lists.READ_ONLY_OBJECTS
        for one in clauses
    )


def _categories(said: set[str]) -> tuple[DataCategory, ...]:
    found = {category for word in said for category in lists.CATEGORY_WORDS.get(stem(word), ())}
    return tuple(sorted(found))


def _is_noun(word: str) -> bool:
    return (
        len(word) > 2
        and word.isalpha()
        and word not in lists.STOP_WORDS
        and word not in lists.GENERIC
        and not (word.endswith("ly") and len(word) > 4)
    )


class _Reader:
    """Walks over one sentence and closes a clause whenever verb or polarity changes."""

    def __init__(self) -> None:
        self.clauses: list[Clause] = []
        self.actions: list[Action] = []
        self.tokens: list[str] = []
        self.verbs: list[str] = []
        self.negative = False
        self.negated_next = False  # `never`, `not`: waits for its verb or noun
        self.objects = 0

    def close(self) -> None:
        nouns = tuple(dict.fromkeys(stem(one) for one in self.tokens if _is_noun(stem(one))))
        everything = bool(lists.EVERYTHING.search(" ".join(self.tokens)))
        if nouns or (self.actions and (self.negative or everything)):
            self.clauses.append(
                Clause(
                    text=" ".join((*self.verbs, *self.tokens)),
                    nouns=nouns,
                    phrases=_phrases(self.tokens),
                    actions=tuple(dict.fromkeys(self.actions)),
                    negative=self.negative,
                    everything=everything,
                )
            )
        self.tokens, self.verbs = [], []
        self.objects = 0

    def verb(self, token: str) -> None:
        if self.objects or self.negative or self.negated_next:
            self.close()
            self.actions = []
            self.negative = self.negated_next
            self.negated_next = False
        self.actions.extend(lists.VERBS[token])
        self.verbs.append(token)

    def negation(self, token: str) -> None:
        if token in ("nobody", "nothing", "none"):
            self.close()
            self.negative = True
            self.tokens.append(token)
        elif token in ("nor", "neither", "no", "without", "except", "excluding"):
            actions = self.actions
            self.close()
            self.actions, self.negative = actions, True
        else:
            self.negated_next = True

    def word(self, token: str) -> None:
        if self.negated_next and _is_noun(stem(token)):
            self.close()
            self.actions, self.negative, self.negated_next = [], True, False
        self.tokens.append(token)
        if token != "," and token not in lists.STOP_WORDS:  # noqa: S105 - a word, no secret
            self.objects += 1


def _clauses(sentence: str) -> list[Clause]:
    reader = _Reader()
    tokens = _TOKEN.findall(sentence)
    for place, token in enumerate(tokens):
        if token in ("but", "although", "while"):
            reader.close()
            reader.actions, reader.negative, reader.negated_next = [], False, False
        elif token in lists.NEGATIONS:
            reader.negation(token)
        elif token in lists.VERBS and _verb_here(tokens, place, chained=not reader.objects):
            reader.verb(token)
        else:
            reader.word(token)
    reader.close()
    return reader.clauses


def _verb_here(tokens: list[str], place: int, *, chained: bool) -> bool:
    """Tell a verb from the noun of the same form by what stands around it."""
    before = tokens[place - 1] if place else ""
    after = tokens[place + 1] if place + 1 < len(tokens) else ""
    if not before or before in lists.CLAUSE_WORDS or before in ("never", "not", "cannot"):
        return True
    if before in lists.SEPARATORS:
        # A list of objects goes on (`orders, changes and returns`) unless something follows it.
        later = tokens[place + 2] if place + 2 < len(tokens) else ""
        return chained or later in lists.VERBS or after not in ("", ",", "and", "or", "of")
    return before.endswith("ly") or (
        tokens[place].endswith("ing") and before in ("for", "of", "by")
    )


def _phrases(tokens: list[str]) -> tuple[str, ...]:
    """Cut a clause into its noun phrases of at most three words."""
    found: list[list[str]] = [[]]
    for token in tokens:
        if token == "," or token in lists.STOP_WORDS:  # noqa: S105 - a word, no secret
            found.append([])
        else:
            found[-1].append(stem(token))
    return tuple(
        " ".join(phrase[-3:]) for phrase in found if any(_is_noun(word) for word in phrase)
    )
