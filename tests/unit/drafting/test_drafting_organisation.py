"""Organisation files: read whole, or refused with the key and the line that is wrong."""

from pathlib import Path

import pytest

from policy_service.domain.errors import OrganisationError
from policy_service.domain.organisation import ReviewQuorum
from policy_service.drafting.organisation import read_organisation

GOOD = """\
name: Shop
sector: retail
jurisdictions: [EU]
regulations: [gdpr]
data_residency: EU
job_functions:
  - id: clerk
    title: Clerk
    duties: Serves customers.
    purposes: [essential.service]
    headcount: 3
  - id: checker
    title: Checker
    duties: Checks what clerks do.
    purposes: [essential.legal_obligation]
separation_of_duties:
  - [clerk, checker]
review:
  high: 2
"""


def read(tmp_path: Path, text: str, known: frozenset[str] | None = None):
    """Read `text` as an organisation file."""
    path = tmp_path / "organisation.yaml"
    path.write_text(text, encoding="utf-8")
    return read_organisation(path, known_purposes=known)


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    """Jobs, pairs and quorum arrive; what may be left out has its default."""
    organisation = read(tmp_path, GOOD)
    assert [job.id for job in organisation.job_functions] == ["clerk", "checker"]
    assert [job.headcount for job in organisation.job_functions] == [3, 0]
    assert organisation.separation_of_duties == (("clerk", "checker"),)
    assert organisation.quorum == ReviewQuorum(low=1, medium=1, high=2)


@pytest.mark.parametrize("name", ["bank.yaml", "hospital.yaml"])
def test_the_shipped_organisations_are_read(repository: Path, name: str) -> None:
    """Both sample organisations are valid."""
    organisation = read_organisation(repository / "policies" / "organisations" / name)
    assert len(organisation.job_functions) >= 10


@pytest.mark.parametrize(
    ("old", "new", "key", "line", "said"),
    [
        ("job_functions:", "job_functons:", "job_functons", 6, "did you mean `job_functions`?"),
        ("    duties: Serves", "    dutys: Serves", "dutys", 9, "did you mean `duties`?"),
        ("sector: retail\n", "", "sector", 1, "lacks `sector`"),
        ("    title: Clerk\n", "", "title", 7, "lacks `title`"),
        ("headcount: 3", "headcount: many", "headcount", 11, "whole number"),
        ("headcount: 3", "headcount: -1", "headcount", 11, "negative"),
        ("id: checker", "id: clerk", "id", 12, "there twice"),
        ("[clerk, checker]", "[clerk, cheker]", "separation_of_duties", 17, "`checker`"),
        ("[clerk, checker]", "[clerk]", "separation_of_duties", 17, "two different"),
        ("[clerk, checker]", "[clerk, clerk]", "separation_of_duties", 17, "two different"),
        ("[essential.service]", "[esential.service]", "purposes", 10, "`essential.service`"),
        ("[essential.service]", "[]", "purposes", 10, "at least one"),
        ("jurisdictions: [EU]", "jurisdictions: EU", "jurisdictions", 3, "list"),
        ("name: Shop", "name: [Shop]", "name", 1, "text"),
        ("name: Shop", "name:", "name", 1, "text"),
        ("name: Shop", "name: Shop\nname: Shop", "name", 2, "twice"),
        ("high: 2", "high: 0", "high", 19, "at least 1"),
        ("high: 2", "higher: 2", "higher", 19, "`high`"),
        ("review:\n  high: 2", "review: high", "review", 18, "key: value"),
        ("sector: retail", "ßßßß: retail", "ßßßß", 2, "use one of"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, key: str, line: int, said: str
) -> None:
    """Each slip is one line of text with key and line number."""
    assert old in GOOD
    with pytest.raises(OrganisationError, match=said) as caught:
        read(
            tmp_path,
            GOOD.replace(old, new, 1),
            frozenset({"essential.service", "essential.legal_obligation"}),
        )
    assert (caught.value.key, caught.value.line) == (key, line)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("- a list", "key: value"),
        ("name: [open", "not YAML"),
        ("name: a\nsector: b\x01\n", "line 2"),
        (
            GOOD.split("job_functions", maxsplit=1)[0] + "job_functions: []\n",
            "at least one job function",
        ),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Empty files, lists, broken YAML and no jobs at all are refused."""
    with pytest.raises(OrganisationError, match=said):
        read(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A path that is not there names the file."""
    with pytest.raises(OrganisationError, match=r"gone\.yaml"):
        read_organisation(tmp_path / "gone.yaml")
