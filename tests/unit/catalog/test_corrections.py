"""What a person said of a column outweighs every detector."""

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.classification.corrections import Correction
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.domain.identifiers import AssetId, DataCategory

_CARDS = [f"411111111111{tail}" for tail in ("1111", "1129", "1137", "1145", "1152", "1160")]


def _tables() -> tuple[ObservedTable, ...]:
    return (
        ObservedTable(
            id="s.public.things",
            schema="public",
            name="things",
            row_count=6,
            columns=(
                ObservedColumn(name="number.of", data_type="text", values=tuple(_CARDS)),
                ObservedColumn(name="handle", data_type="text", values=("a", "b")),
                ObservedColumn(name="colour", data_type="text", values=("red", "blue")),
            ),
        ),
    )


def test_a_correction_wins_and_says_who_and_when() -> None:
    """Card numbers that a person calls test data are no cards any more; the words are kept."""
    column = AssetId("s.public.things.number%2Eof")
    said = Correction(
        category=DataCategory("system.operations"), by="dana", at="2026-03-01T10:00:00Z"
    )
    before = Classifier(text_finder=None).classify(_tables())["s.public.things"].columns[0]
    after = Classifier(text_finder=None, corrections={column: said}).classify(_tables())
    found = after["s.public.things"].columns[0]
    assert before.category == "user.financial.credit_card"
    assert found.category == "system.operations"
    assert found.confidence >= 0.99
    assert found.evidence[0].detector == "person"
    assert "`dana` at 2026-03-01T10:00:00Z" in found.evidence[0].detail
    assert found.reveals == ()


def test_a_bare_category_is_a_correction_too() -> None:
    """Without a name and a time the evidence says that a person set it."""
    corrections = {AssetId("s.public.things.handle"): DataCategory("user.account.username")}
    found = Classifier(text_finder=None, corrections=corrections).classify(_tables())
    column = found["s.public.things"].columns[1]
    assert column.category == "user.account.username"
    assert column.evidence[0].detail == "set to user.account.username by a person"


def test_a_correction_teaches_what_the_table_is_about() -> None:
    """Two columns corrected to facts of people make the rows people, and their keys personal."""
    corrections = {
        AssetId("s.public.things.handle"): DataCategory("user.name"),
        AssetId("s.public.things.colour"): DataCategory("user.contact.email"),
    }
    plain = Classifier(text_finder=None).classify(_tables())["s.public.things"]
    taught = Classifier(text_finder=None, corrections=corrections).classify(_tables())
    assert not plain.topic.linked
    assert taught["s.public.things"].topic.linked


def test_a_correction_of_another_column_changes_nothing() -> None:
    """Ids compare byte for byte."""
    corrections = {AssetId("s.public.things.Handle"): DataCategory("user.name")}
    plain = Classifier(text_finder=None).classify(_tables())
    assert Classifier(text_finder=None, corrections=corrections).classify(_tables()) == plain
