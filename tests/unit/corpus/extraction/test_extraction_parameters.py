"""Parameters and data categories: what is read, and what never is."""

import pytest

from policy_service.corpus.extraction.data_terms import (
    NARROW,
    WIDE,
    categories_in,
    main_category,
)
from policy_service.corpus.extraction.parameters import parameters_of
from policy_service.corpus.obligation_parameters import parameter_problem
from policy_service.corpus.taxonomy import data_categories
from policy_service.domain.provision import ControlKind as K


@pytest.mark.parametrize(
    ("kind", "text", "name", "value"),
    [
        (K.ACCESS, "on a need-to-know basis", "basis", "need_to_know"),
        (K.ACCESS, "apply least privilege", "basis", "least_privilege"),
        (K.ACCESS, "access is denied by default", "basis", "default_deny"),
        (K.ACCESS, "terminate access on the last day", "revoke", True),
        (K.ACCESS, "assign a unique name to each user", "unique_ids", True),
        (K.ACCESS, "review access rights every six months", "review_days", 180),
        (K.PURPOSE_LIMITATION, "not for direct marketing", "excluded_purposes", ("marketing",)),
        (K.PURPOSE_LIMITATION, "for specified purposes", "compatible_only", True),
        (K.MASKING, "show the last four digits", "visible_last", 4),
        (K.MASKING, "the initial three digits only", "visible_first", 3),
        (
            K.MASKING,
            "by pseudonymisation",
            "operators",
            ("pseudonymise", "format_preserving"),
        ),
        (K.MASKING, "keys are kept separately", "separate_keys", True),
        (K.ENCRYPTION_AT_REST, "with AES and 256-bit keys", "min_key_bits", 256),
        (K.ENCRYPTION_AT_REST, "with AES and 256-bit keys", "algorithm", "AES"),
        (K.ENCRYPTION_AT_REST, "prevent unauthorized modification", "aead", True),
        (K.ENCRYPTION_IN_TRANSIT, "use TLS version 1.2 or later", "min_tls", "1.2"),
        (K.KEY_MANAGEMENT, "rotate keys after 2 years", "rotation_days", 730),
        (K.KEY_MANAGEMENT, "at least 112 bits", "min_key_bits", 112),
        (K.KEY_MANAGEMENT, "split knowledge of each key", "split_knowledge", True),
        (K.RETENTION, "retain for six years", "min_days", 2192),
        (K.RETENTION, "keep for no longer than two years", "max_days", 730),
        (K.RETENTION, "no longer than is necessary", "criteria", "no_longer_needed"),
        (K.ERASURE, "delete within 45 days of a request", "deadline_days", 45),
        (K.ERASURE, "delete within 45 days of a request", "on_request", True),
        (K.ERASURE, "sanitize media", "method", "sanitise"),
        (K.AUDIT, "retain logs for one year, reviewed every 90 days", "min_days", 366),
        (K.AUDIT, "retain logs for one year, reviewed every 90 days", "review_days", 90),
        (K.AUDIT, "who did it and when", "record", ("who", "when")),
        (K.AUDIT, "logs are tamper-evident", "tamper_evident", True),
        (K.AUTHENTICATION, "multi-factor authentication", "mfa", True),
        (K.AUTHENTICATION, "after 15 minutes of inactivity", "idle_minutes", 15),
        (K.AUTHENTICATION, "after ten failed attempts", "max_attempts", 10),
        (K.AUTHENTICATION, "passwords of at least 12 characters", "min_length", 12),
        (K.CLASSIFICATION, "an inventory of systems", "inventory", True),
        (K.CLASSIFICATION, "assess the risks", "risk_based", True),
        (K.CLASSIFICATION, "label the data", "labels", True),
    ],
)
def test_parameters_are_read_from_the_clause(kind: K, text: str, name: str, value: object) -> None:
    """Each parameter comes from words that state it, and is one the corpus would accept."""
    found = parameters_of(kind, text)
    assert found[name] == value
    plain = {key: list(one) if isinstance(one, tuple) else one for key, one in found.items()}
    assert parameter_problem(kind, plain) == ""


@pytest.mark.parametrize("kind", list(K))
def test_parameters_never_loosen(kind: K) -> None:
    """No exception, no linkable values and no operator that clears is ever read."""
    text = (
        "Clear the data unless for fraud detection or employment; equal values may stay equal; "
        "show everything; join on them."
    )
    found = parameters_of(kind, text)
    assert not {"unless_purposes", "join_ok"} & set(found)
    assert "clear" not in found.texts("operators")


def test_gaps_give_no_numbers() -> None:
    """`[Assignment: …]` is for the organisation to fill."""
    text = "after [Assignment: organization-defined 5 attempts within 3 days] lock the account"
    assert "max_attempts" not in parameters_of(K.AUTHENTICATION, text)


def test_context_gives_flags_and_no_numbers() -> None:
    """A point inherits what the text above says of its purpose, not its deadlines."""
    found = parameters_of(K.ERASURE, "erase the data", context="On request, answer within 30 days.")
    assert dict(found) == {"method": "erase", "on_request": True}
    assert parameters_of(K.ACCESS, "the data", context="need to know")["basis"] == "need_to_know"


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("personal data are processed", ("user",)),
        ("data concerning health", ("user.health_and_medical",)),
        ("Social Security numbers", ("user.government_id.national_identification_number",)),
        ("cardholder data", ("user.financial.credit_card",)),
        ("nonpublic personal information about a consumer", ("user", "user.financial")),
        ("biometric identifiers and personal data", ("user.biometric",)),
        ("the personal data of a child", ("user.childrens",)),
        ("the weather", ()),
    ],
)
def test_data_categories_are_named_narrow_first(text: str, categories: tuple[str, ...]) -> None:
    """A clause about a kind of personal data is about that kind."""
    named = categories_in(text)
    assert named == tuple(one for one in categories if not _covered(one, categories))


def _covered(category: str, among: tuple[str, ...]) -> bool:
    return any(category.startswith(f"{one}.") for one in among)


def test_every_category_is_of_the_taxonomy() -> None:
    """The tables name keys of fideslang only."""
    named = {key for table in (NARROW, WIDE) for _, keys in table for key in keys}
    assert named <= data_categories()


def test_the_subject_of_an_instrument_is_what_it_mostly_names() -> None:
    """A fifth of the texts must name a kind of data; an empty instrument is about none."""
    texts = ["protected health information is kept", "nothing", "nothing", "nothing"]
    assert main_category(texts) == ("user.health_and_medical",)
    assert main_category([*texts, *["nothing"] * 4]) == ()
    assert main_category([]) == ()
