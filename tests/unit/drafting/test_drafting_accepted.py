"""Accepted periods: they shorten what digests set, or lead where digests set nothing."""

from dataclasses import replace

from policy_service.corpus.collection import Corpus
from policy_service.domain.draft import EncryptionRule, RetentionRule
from policy_service.domain.identifiers import DataCategory, ObligationId, ProvisionId
from policy_service.domain.parameters import Parameters
from policy_service.domain.provision import ControlKind, Obligation, Strength
from tests.unit.drafting import tools

GUESTS = tools.catalog(
    {
        "guests": [
            tools.column("guest_id", "user.unique_id", data_type="integer", key=True),
            tools.column("name", "user.name"),
            tools.column("illness", "user.health_and_medical"),
        ]
    }
)
ORGANISED = tools.organisation(tools.job("teller", "Serves guests by name."))


def with_obligation(
    kind: ControlKind,
    *,
    advice: bool = True,
    category: str = "user",
    beside: Corpus | None = None,
    **parameters: object,
) -> Corpus:
    """The shipped corpus with one obligation that somebody accepted on its first provision."""
    grounds = beside or tools.corpus()
    first = grounds.digests[0]
    provision = first.provisions[0]
    accepted = Obligation(
        id=ObligationId(f"{provision.id}#x1"),
        provision=ProvisionId(provision.id),
        kind=kind,
        strength=Strength.ADVICE if advice else Strength.FLOOR,
        data_categories=(DataCategory(category),),
        parameters=Parameters(parameters),
    )
    more = replace(provision, obligations=(*provision.obligations, accepted))
    digest = replace(first, provisions=(more, *first.provisions[1:]))
    return replace(grounds, digests=(digest, *grounds.digests[1:]))


def without_periods() -> Corpus:
    """The shipped corpus without a single period in days."""
    grounds = tools.corpus()
    digests = tuple(
        replace(
            digest,
            provisions=tuple(
                replace(
                    one,
                    obligations=tuple(
                        each for each in one.obligations if "max_days" not in each.parameters
                    ),
                )
                for one in digest.provisions
            ),
        )
        for digest in grounds.digests
    )
    return replace(grounds, digests=digests)


def kept(grounds: Corpus) -> tuple[RetentionRule, ...]:
    """The retention rules of a draft on this corpus."""
    return tools.draft(ORGANISED, GUESTS, grounds=grounds).retention


def encrypted(grounds: Corpus) -> tuple[EncryptionRule, ...]:
    """The encryption rules of a draft on this corpus."""
    return tools.draft(ORGANISED, GUESTS, grounds=grounds).encryption


def test_an_accepted_floor_shortens_a_period_and_keeps_its_day() -> None:
    """Fewer days from the day that the digest names, with the accepted clause cited first."""
    (before,) = kept(tools.corpus())
    grounds = with_obligation(
        ControlKind.RETENTION, advice=False, max_days=5, criteria="legal_minimum"
    )
    (after,) = kept(grounds)
    assert (after.max_days, after.basis) == (5, before.basis)
    assert after.citations[0].provision == grounds.digests[0].provisions[0].id


def test_a_longer_or_empty_accepted_period_changes_nothing() -> None:
    """Neither as advice nor as a floor, nor where it says no days at all."""
    before = kept(tools.corpus())
    for days in (0, 9000):
        for advice in (True, False):
            grounds = with_obligation(
                ControlKind.RETENTION,
                advice=advice,
                category="user.health_and_medical",
                max_days=days,
            )
            assert kept(grounds) == before


def test_an_accepted_rotation_shortens_and_never_lengthens() -> None:
    """Keys are replaced as often as before, or more often."""
    before = encrypted(tools.corpus())
    assert before
    shorter = encrypted(with_obligation(ControlKind.KEY_MANAGEMENT, rotation_days=7))
    assert {one.rotation_days for one in shorter} == {7}
    longer = encrypted(with_obligation(ControlKind.KEY_MANAGEMENT, rotation_days=9000))
    assert [one.rotation_days for one in longer] == [one.rotation_days for one in before]


def test_without_a_digest_s_period_an_accepted_one_leads_or_a_person_is_asked() -> None:
    """Where neither a digest nor anybody's acceptance gives days, there is a question."""
    made = tools.draft(ORGANISED, GUESTS, grounds=without_periods())
    assert made.retention == ()
    assert any("retention period" in one.text for one in made.questions)
    grounds = with_obligation(ControlKind.RETENTION, beside=without_periods(), max_days=400)
    assert [one.max_days for one in kept(grounds)] == [400]
