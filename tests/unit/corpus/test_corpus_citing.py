"""Citations: exact quotes, and what is refused."""

import dataclasses

import pytest

from policy_service.corpus.citing import citation_label, cite, sentences, verify_citation
from policy_service.domain.errors import CorpusError
from policy_service.domain.identifiers import ProvisionId, Sha256Hex
from policy_service.domain.provision import Provision, Strength
from policy_service.kit.hashing import sha256_text

TEXT = (
    "Data is collected for stated purposes. Stored data is encrypted with AES, see Art. 32 "
    "of the act. Keys are rotated every 365 days."
)


def _provision(text: str = TEXT, heading: tuple[str, ...] = ("GDPR",)) -> Provision:
    return Provision(
        id=ProvisionId("gdpr/art-32/1/a"),
        instrument="gdpr",
        section="Article 32(1)(a)",
        title="Encryption",
        text=text,
        sha256=Sha256Hex(sha256_text(text)),
        version="1",
        version_date="2016-05-04",
        url="https://law.example",
        heading=heading,
    )


def test_sentences_split_at_their_ends_only() -> None:
    """A text splits into whole sentences; an abbreviation does not end one."""
    assert len(sentences(TEXT)) == 3
    assert " ".join(sentences(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("terms", "start"),
    [
        (("encryption", "stored"), "Stored data"),
        (("key rotation",), "Keys are"),
        (("nothing of it",), "Data is"),
        ((), "Data is"),
    ],
)
def test_the_sentence_nearest_to_the_terms_is_quoted(terms: tuple[str, ...], start: str) -> None:
    """The quote is the sentence that shares most words with the terms; the first in a tie."""
    citation = cite(_provision(), query_terms=terms, strength=Strength.ADVICE)
    assert citation.quote.startswith(start)
    assert citation.quote in TEXT


def test_a_citation_carries_label_hash_and_strength() -> None:
    """A citation names the section as people do, and the hash of the text it quotes."""
    citation = cite(_provision(), strength=Strength.FLOOR)
    assert citation.section == "GDPR, Article 32(1)(a)"
    assert citation.provision_sha256 == sha256_text(TEXT)
    assert citation.strength is Strength.FLOOR


def test_without_a_heading_the_instrument_is_the_label() -> None:
    """A provision without heading is labelled with the id of its instrument."""
    assert citation_label(_provision(heading=())) == "gdpr, Article 32(1)(a)"


def test_a_given_quote_is_kept_letter_for_letter() -> None:
    """A quote that stands in the text is cited as it is given."""
    assert cite(_provision(), quote="encrypted with AES", strength=Strength.ADVICE).quote == (
        "encrypted with AES"
    )


@pytest.mark.parametrize("quote", ["Encrypted with AES", "encrypted with DES", "", " "])
def test_a_quote_that_is_not_in_the_text_is_refused(quote: str) -> None:
    """A quote that differs in one letter, or is empty, cannot be cited."""
    with pytest.raises(CorpusError, match="the quote is not in the text"):
        cite(_provision(), quote=quote, strength=Strength.ADVICE)


def test_a_citation_of_a_changed_text_does_not_hold() -> None:
    """When the text changes, citations of the old one are found out, even if the quote stays."""
    citation = cite(_provision(), quote="encrypted", strength=Strength.ADVICE)
    with pytest.raises(CorpusError, match="has changed since it was cited"):
        verify_citation(citation, _provision(TEXT + " More."))


def test_a_citation_is_checked_against_its_own_provision() -> None:
    """A citation of one provision does not hold for another with the same text."""
    citation = cite(_provision(), strength=Strength.ADVICE)
    other = dataclasses.replace(_provision(), id=ProvisionId("gdpr/art-33"))
    with pytest.raises(CorpusError, match="look the provision up"):
        verify_citation(citation, other)


def test_a_provision_whose_text_was_tampered_with_cannot_be_cited() -> None:
    """A text that does not fit its hash is refused before anything is quoted from it."""
    forged = dataclasses.replace(_provision(), text="Everything is allowed.")
    with pytest.raises(CorpusError, match="does not fit its hash"):
        cite(forged, strength=Strength.ADVICE)
