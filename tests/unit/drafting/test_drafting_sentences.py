"""Rules in plain English: every control, action, purpose, row filter and number of columns."""

from pathlib import Path

import pytest

from policy_service.corpus.categories import load_category_table
from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator, RowFilter
from policy_service.domain.draft import DecisionPoint
from policy_service.domain.identifiers import AssetId, DataCategory, Purpose, RoleId
from policy_service.domain.parameters import Parameters
from policy_service.drafting.sentences import (
    access_sentence,
    control_words,
    people,
    purpose_name,
)

REPOSITORY = Path(__file__).resolve().parents[3]
CATEGORIES = load_category_table(REPOSITORY / "policies" / "data_categories.yaml")
TABLE = AssetId("bank.public.customers")
ANALYST = RoleId("marketing-analyst")


def _control(operator: Operator, **parameters: str | int) -> Control:
    return Control(operator=operator, parameters=Parameters(parameters))


def _say(
    control: Control,
    *,
    columns: tuple[str, ...] = ("national_id",),
    action: Action = Action.READ,
    purpose: str = "marketing",
    category: str = "user.government_id.national_identification_number",
    row_filter: RowFilter | None = None,
) -> str:
    point = DecisionPoint(
        role=ANALYST,
        table=TABLE,
        category=DataCategory(category),
        columns=tuple(AssetId(f"{TABLE}.{column}") for column in columns),
        action=action,
        purpose=Purpose(purpose),
    )
    titles = {ANALYST: "Marketing analyst"}
    return access_sentence(point, control, row_filter, titles=titles, categories=CATEGORIES)


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (CLEAR, "see {} in clear, for marketing."),
        (DENY, "may not see {} for marketing."),
        (_control(Operator.NULL), "see {} only as empty values, for marketing."),
        (_control(Operator.REDACT), "see {} only with every value redacted, for marketing."),
        (_control(Operator.REPLACE, **{"with": "x"}), "see {} only as a constant, for marketing."),
        (
            _control(Operator.GENERALISE, to="sex_and_year"),
            "see {} only as sex and year of birth, for marketing.",
        ),
        (_control(Operator.GENERALISE, to="year"), "see {} only as a year, for marketing."),
        (
            _control(Operator.GENERALISE, to="prefix", keep=3),
            "see only the first 3 characters of {}, for marketing.",
        ),
        (_control(Operator.BUCKET, width=1000), "see {} only in bands of 1000, for marketing."),
        (
            _control(Operator.PARTIAL, first=0, last=4),
            "see only the last 4 characters of {}, for marketing.",
        ),
        (
            _control(Operator.PARTIAL, first=6, last=4),
            "see only the first 6 and the last 4 characters of {}, for marketing.",
        ),
        (
            _control(Operator.PARTIAL, first=1, last=0),
            "see only the first character of {}, for marketing.",
        ),
        (
            _control(Operator.PARTIAL, first=0, last=0),
            "see {} only with every character covered, for marketing.",
        ),
        (
            _control(Operator.PSEUDONYMISE, key="marketing"),
            "see {} only as keyed pseudonyms, for marketing.",
        ),
        (
            _control(Operator.PSEUDONYMISE, key="analytics"),
            "see {} only as keyed pseudonyms that join within analytics, for marketing.",
        ),
        (
            _control(Operator.FORMAT_PRESERVING, key="marketing"),
            "see {} only as made-up values of the same format, for marketing.",
        ),
        (_control(Operator.ENCRYPT, key="x"), "see {} only encrypted, for marketing."),
        (
            _control(Operator.TOKENISE, key="marketing"),
            "see {} only as tokens, for marketing.",
        ),
        (
            _control(Operator.TOKENISE, key="analytics"),
            "see {} only as tokens that join within analytics, for marketing.",
        ),
        (
            _control(Operator.SYNTHETIC, kind="name"),
            "see {} only as made-up values of the same kind, for marketing.",
        ),
        (
            _control(Operator.GENERALISE, to="level", hierarchy="countries", level=2),
            "see {} only as what they belong to, 2 levels up, for marketing.",
        ),
        (
            _control(Operator.NOISE, scale=5, subject="client_id"),
            "see {} only with noise of about 5, alike for each `client_id`, for marketing.",
        ),
        (
            _control(Operator.DATE_SHIFT, days=30),
            "see {} only moved by up to 30 days, for marketing.",
        ),
        (
            _control(Operator.TOP_BOTTOM, low=18, high=89),
            "see {} with extremes shown as the limit, at least 18 and at most 89, for marketing.",
        ),
        (
            _control(Operator.SUPPRESS, k=5, by="age+sex"),
            "see {} only where at least 5 rows share the values by `age` and `sex`, for marketing.",
        ),
        (
            _control(Operator.AGGREGATE, of="mean", by="city"),
            "see {} only as the mean of at least 10 rows by `city`, for marketing.",
        ),
    ],
)
def test_each_control_is_said_in_plain_english(control: Control, said: str) -> None:
    """A rule about reading says what people see, and only that."""
    what = "the national identifier in `customers`"
    assert _say(control) == f"Marketing analysts {said.format(what)}"


@pytest.mark.parametrize(
    ("action", "verb"),
    [(Action.CREATE, "enter"), (Action.UPDATE, "change"), (Action.DELETE, "delete")],
)
def test_writing_is_said_with_its_verb(action: Action, verb: str) -> None:
    """Who may enter, change or delete something may do so; who may not, may not."""
    what = "the national identifier in `customers`"
    allowed = _say(CLEAR, action=action, purpose="essential.service")
    assert allowed == f"Marketing analysts may {verb} {what}, for service."
    denied = _say(DENY, action=action, purpose="essential.service")
    assert denied == f"Marketing analysts may not {verb} {what} for service."


def test_several_columns_are_listed() -> None:
    """One category may span columns: then each is named."""
    said = _say(CLEAR, category="user.financial", columns=("product", "opened_on", "balance"))
    what = "the financial data in `customers` (`product`, `opened_on` and `balance`)"
    assert said == f"Marketing analysts see {what} in clear, for marketing."


def test_a_row_filter_names_whose_rows() -> None:
    """The key column's name becomes the thing it is the key of."""
    own = RowFilter(table=TABLE, column="district_id", subject_attribute="district_id")
    said = _say(CLEAR, row_filter=own)
    assert said.endswith("in clear, for marketing, and only rows of their own district.")
    entered = _say(CLEAR, action=Action.CREATE, row_filter=own)
    assert entered.endswith("for marketing, and only rows of their own district.")
    bare = RowFilter(table=TABLE, column="id", subject_attribute="id")
    assert _say(CLEAR, row_filter=bare).endswith("only rows of their own id.")


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Branch teller", "Branch tellers"),
        ("Head of risk", "Heads of risk"),
        ("Deputy", "Deputies"),
        ("Attorney", "Attorneys"),
        ("Nurse in charge", "Nurses in charge"),
        ("Coach", "Coaches"),
        ("Doorman", "Doormen"),
        ("Ward staff", "Ward staff"),
        ("HR partner", "HR partners"),
        ("Teller (branch)", "People who work as Teller (branch)"),
    ],
)
def test_titles_are_said_of_the_people(title: str, said: str) -> None:
    """A title goes into the plural; one with signs in it is left as it is."""
    assert people(title) == said


def test_a_role_without_a_title_is_named_by_its_id() -> None:
    """Nothing is lost where the organisation gives a role no title."""
    point = DecisionPoint(
        role=RoleId("night-clerk"),
        table=TABLE,
        category=DataCategory("user.name"),
        columns=(AssetId(f"{TABLE}.name"),),
        action=Action.READ,
        purpose=Purpose("employment"),
    )
    said = access_sentence(point, CLEAR, None, titles={}, categories=CATEGORIES)
    assert said == "Night clerks see the name in `customers` in clear, for employment."


@pytest.mark.parametrize(
    ("purpose", "said"),
    [
        ("essential.service", "service"),
        ("essential.fraud_detection", "fraud detection"),
        ("essential.legal_obligation", "a legal obligation"),
        ("essential.service.payment_processing", "service payment processing"),
        ("essential.service.operations.improve", "improving service operations"),
        ("train_ai_system", "training AI systems"),
        ("marketing.communications", "marketing communications"),
    ],
)
def test_purposes_are_said_in_words(purpose: str, said: str) -> None:
    """A data use reads on after `for`."""
    assert purpose_name(purpose) == said


def test_a_control_is_said_without_its_data() -> None:
    """An amended rule names the columns first and says then how they are shown."""
    assert control_words(_control(Operator.PARTIAL, first=0, last=4)) == (
        "only by the last 4 characters"
    )
    assert control_words(_control(Operator.GENERALISE)) == "only as coarser values"
    assert control_words(DENY) == "as the policy says"
