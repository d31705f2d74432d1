"""Access rules of one role: weigh each decision point, ground the answer, write it down.

Rules are made for what is granted, and for denials that the duties or a floor ask
for; everything else is denied by default and needs no rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import DENY, Action, Control, Operator
from policy_service.domain.draft import AccessRule, Candidate
from policy_service.domain.identifiers import (
    AssetId,
    DataCategory,
    ModelVersion,
    ObligationId,
    Purpose,
    RoleId,
    RuleId,
)
from policy_service.domain.provision import Citation, ControlKind, Obligation
from policy_service.drafting.assess import needs_person, rationale, risk_of
from policy_service.drafting.candidates import candidates_for
from policy_service.drafting.duties import Coverage, DutyProfile, Stance
from policy_service.drafting.floors import floor_against, purpose_within
from policy_service.drafting.grounding import Ground, Grounder
from policy_service.drafting.needs import ColumnKind, Need, is_card
from policy_service.drafting.points import PointFacts, RoleView
from policy_service.drafting.policy import choose, weigh_candidates
from policy_service.drafting.prior import Feature, Weighing, prior_features, prior_probabilities
from policy_service.drafting.sentences import access_sentence

_UNNUMBERED = RuleId("")
_STANCE_THEMES = {
    Stance.STRUCTURE: "engineers pipelines structure counts statistics",
    Stance.AGGREGATE: "aggregates bands groups marketing",
    Stance.PSEUDONYM: "analysts scientists join keyed pseudonyms",
    Stance.OVERSIGHT: "auditors read records justified engagement limited time",
    Stance.IDENTITY: "",
    Stance.TASK: "",
}


class RewardModel(Protocol):
    """What verdicts taught: a reward for each control at each point."""

    @property
    def version(self) -> ModelVersion:
        """Name the model, for the lineage of the draft."""
        ...

    def rewards(
        self,
        points: Sequence[tuple[str, str, str, str]],
        controls: Sequence[Sequence[Control]],
    ) -> list[tuple[float, ...]]:
        """Reward each control of each point."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ungrounded:
    """A point whose answer no clause supports."""

    facts: PointFacts
    control: Control


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A point with its weighed candidates and the control chosen."""

    facts: PointFacts
    candidates: tuple[Candidate, ...]
    chosen: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    controls: tuple[Control, ...]
    priors: tuple[float, ...]
    excluded: tuple[ObligationId | None, ...]
    weighing: Weighing


@dataclass(kw_only=True)
class AccessDrafter:
    """Answers decision points. Equal points are weighed once."""

    grounder: Grounder
    floors: tuple[Obligation, ...]
    categories: CategoryTable
    titles: Mapping[RoleId, str]
    beta: float
    _prepared: dict[object, _Prepared] = field(default_factory=dict)
    _weighed: dict[object, tuple[Candidate, ...]] = field(default_factory=dict)
    _features: dict[object, tuple[Feature, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._advice = self.grounder.obligations(
            (ControlKind.MASKING, ControlKind.PURPOSE_LIMITATION)
        )

    def controls(self, facts: PointFacts) -> tuple[Control, ...]:
        """List the candidate controls of a point."""
        return self._prepare(facts).controls

    def answer(self, facts: PointFacts, rewards: Sequence[float]) -> Answer:
        """Weigh the candidates of a point and choose."""
        prepared = self._prepare(facts)
        key = (id(prepared), tuple(rewards))
        if key not in self._weighed:
            self._weighed[key] = weigh_candidates(
                prepared.controls,
                priors=prepared.priors,
                rewards=rewards,
                excluded=prepared.excluded,
                beta=self.beta,
            )
        candidates = self._weighed[key]
        return Answer(facts=facts, candidates=candidates, chosen=choose(candidates))

    def rules(
        self, view: RoleView, answers: Sequence[Answer]
    ) -> tuple[list[AccessRule], list[Ungrounded]]:
        """Turn a role's answers into grounded rules; what has no clause is returned apart."""
        wanted = [answer for answer in _writes_need_reads(answers) if self._is_rule(answer)]
        grounds = [self._ground(answer, view.profile) for answer in wanted]
        self.grounder.prepare(grounds)
        rules: list[AccessRule] = []
        silent: list[Ungrounded] = []
        for answer, ground in zip(wanted, grounds, strict=True):
            citations = self.grounder.cite(ground)
            if citations:
                rules.append(self._rule(answer, view.profile, citations))
            else:
                silent.append(Ungrounded(facts=answer.facts, control=answer.chosen.control))
        return _writes_have_reads(rules), silent

    def _prepare(self, facts: PointFacts) -> _Prepared:
        purpose, action = facts.point.purpose, facts.point.action
        shape = tuple(
            (column.data_type, column.profile.max_length) for column in facts.facts.columns
        )
        key = (
            facts.need,
            facts.sensitivity,
            facts.facts.kind,
            facts.facts.category,
            facts.facts.reveals,
            facts.facts.coded,
            shape,
            action,
            purpose,
        )
        if key not in self._prepared:
            controls = candidates_for(facts.facts, action=action, purpose=purpose)
            categories = (facts.facts.category, *facts.facts.reveals)
            weighing = Weighing(
                need=facts.need,
                sensitivity=facts.sensitivity,
                categories=categories,
                purpose=purpose,
            )
            self._prepared[key] = _Prepared(
                controls=controls,
                priors=prior_probabilities(controls, weighing, self._advice),
                excluded=tuple(
                    floor_against(
                        self.floors, one, categories=categories, action=action, purpose=purpose
                    )
                    for one in controls
                ),
                weighing=weighing,
            )
        return self._prepared[key]

    def _is_rule(self, answer: Answer) -> bool:
        if answer.chosen.control.operator is not Operator.DENY:
            return True
        facts = answer.facts
        if facts.point.action is not Action.READ:
            return False
        if facts.kept_away:
            return True
        return _decisive_floor(answer) is not None

    def _rule(
        self, answer: Answer, profile: DutyProfile, citations: tuple[Citation, ...]
    ) -> AccessRule:
        facts, control = answer.facts, answer.chosen.control
        prepared = self._prepare(facts)
        key = (id(prepared), control)
        if key not in self._features:
            self._features[key] = prior_features(control, prepared.weighing, self._advice)
        risk = risk_of(facts.sensitivity, control, facts.point.action, facts.facts.kind)
        row_filter = None if control.operator is Operator.DENY else facts.row_filter
        return AccessRule(
            id=_UNNUMBERED,
            point=facts.point,
            control=control,
            row_filter=row_filter,
            citations=citations,
            sentence=access_sentence(
                facts.point,
                control,
                row_filter,
                titles=self.titles,
                categories=self.categories,
            ),
            rationale=rationale(
                facts,
                profile,
                features=self._features[key],
                candidates=answer.candidates,
                categories=self.categories,
            ),
            confidence=answer.chosen.probability,
            risk=risk,
            needs_person=needs_person(answer.candidates, risk, citations),
            candidates=answer.candidates,
        )

    def _ground(self, answer: Answer, profile: DutyProfile) -> Ground:
        facts, control = answer.facts, answer.chosen.control
        return Ground(
            kinds=_kinds(answer),
            category=facts.facts.category,
            categories=(facts.facts.category, *facts.facts.reveals),
            label=self.categories.label(facts.facts.category),
            action=facts.point.action,
            control=control,
            purpose=facts.point.purpose,
            theme=_theme(facts, profile),
            actors=_actors(facts, profile),
            decisive=_decisive_floor(answer),
        )


def _kinds(answer: Answer) -> tuple[ControlKind, ...]:
    facts = answer.facts
    if facts.kept_away or facts.point.action is not Action.READ:
        return (ControlKind.ACCESS,)
    if facts.facts.kind is ColumnKind.BUSINESS:
        return (ControlKind.ACCESS, ControlKind.CLASSIFICATION)
    if answer.chosen.control.operator is Operator.CLEAR:
        return (ControlKind.ACCESS, ControlKind.MASKING, ControlKind.PURPOSE_LIMITATION)
    return (ControlKind.MASKING, ControlKind.PURPOSE_LIMITATION, ControlKind.ACCESS)


def _theme(facts: PointFacts, profile: DutyProfile) -> str:
    if facts.kept_away:
        return "business lines stay apart no business with other tables"
    if facts.row_filter is not None:
        return "own district branch ward rows front-line staff"
    if profile.coverage is Coverage.PERSONAL:
        return "data protection officer oversee requests of data subjects"
    if profile.investigates and facts.stance is Stance.IDENTITY:
        return "fraud analysts investigation link accounts people justified logged"
    return _STANCE_THEMES[facts.stance]


def _decisive_floor(answer: Answer) -> ObligationId | None:
    """Name the floor that forbids what the duties would best be served by; None if none does."""
    if answer.facts.need is Need.NONE:
        return None
    best = max(answer.candidates, key=lambda one: one.prior)
    return best.excluded_by


def _actors(facts: PointFacts, profile: DutyProfile) -> frozenset[str]:
    """Name whom the clauses under a rule may be about."""
    found = {
        "lines": bool(facts.kept_away),
        "frontline": facts.row_filter is not None,
        "cards": is_card(facts.facts),
        "officer": profile.coverage is Coverage.PERSONAL,
        "subject": profile.coverage is Coverage.PERSONAL,
        "auditor": facts.stance is Stance.OVERSIGHT,
        "engineer": facts.stance is Stance.STRUCTURE,
        "marketing": purpose_within(("marketing",), facts.point.purpose),
        "fraud": profile.investigates
        or purpose_within(("essential.fraud_detection",), facts.point.purpose),
    }
    return frozenset(name for name, meant in found.items() if meant)


def _writes_need_reads(answers: Iterable[Answer]) -> list[Answer]:
    """Drop writes of what the role does not read in clear for the same purpose."""
    listed = list(answers)
    clear = {
        _place(answer)
        for answer in listed
        if answer.facts.point.action is Action.READ
        and answer.chosen.control.operator is Operator.CLEAR
    }
    return [
        answer
        for answer in listed
        if answer.facts.point.action is Action.READ or _place(answer) in clear
    ]


def _writes_have_reads(rules: Sequence[AccessRule]) -> list[AccessRule]:
    """Drop writes whose read could not be grounded: nobody writes what they may not read."""
    readable = {
        (rule.point.group, rule.point.purpose)
        for rule in rules
        if rule.point.action is Action.READ and rule.control != DENY
    }
    return [
        rule
        for rule in rules
        if rule.point.action is Action.READ or (rule.point.group, rule.point.purpose) in readable
    ]


def _place(answer: Answer) -> tuple[AssetId, DataCategory, Purpose]:
    point = answer.facts.point
    return (point.table, point.category, point.purpose)
