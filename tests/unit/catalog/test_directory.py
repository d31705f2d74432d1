"""The directory of people: read whole, or refused with the line that is wrong."""

from pathlib import Path

import pytest

from policy_service.catalog.directory import read_people
from policy_service.domain.errors import CatalogError
from policy_service.domain.identifiers import RoleId
from policy_service.domain.organisation import Person

_ROLES = frozenset(map(RoleId, ("branch-teller", "fraud-analyst", "card-operations")))
_SEPARATION = ((RoleId("card-operations"), RoleId("fraud-analyst")),)


def _read(folder: Path, text: str, *, known: bool = True) -> tuple[Person, ...]:
    path = folder / "people.csv"
    path.write_bytes(text.encode())
    return read_people(path, roles=_ROLES if known else None, separation=_SEPARATION)


def test_people_are_read_with_their_attributes(tmp_path: Path) -> None:
    """Whole numbers stay numbers, codes stay text, empty cells are left out, subjects sorted."""
    people = _read(
        tmp_path,
        "\ufeffsubject,job_function,district_id,desk,long\r\n"
        "teller-7,branch-teller,7,007,1234567890123456789\r\n\r\n"
        "cards-1, card-operations ,,,\r\n",
    )
    assert [person.subject for person in people] == ["cards-1", "teller-7"]
    assert dict(people[1].attributes) == {
        "desk": "007",
        "district_id": 7,
        "long": "1234567890123456789",
    }
    assert dict(people[0].attributes) == {}


def test_several_jobs_come_in_one_cell_or_in_several_rows(tmp_path: Path) -> None:
    """Jobs of one person are joined and sorted; an attribute may be repeated."""
    text = (
        "subject,job_function,district_id\n"
        "a,fraud-analyst; branch-teller,3\n"
        "b,fraud-analyst,-2\nb,branch-teller,-2\n"
    )
    first, second = _read(tmp_path, text)
    assert first.roles == second.roles == ("branch-teller", "fraud-analyst")
    assert second.attributes["district_id"] == -2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: no column `subject`"),
        ("subject,role\na,b\n", "line 1: no column `job_function`"),
        ("subject,job_function,x,x\n", "line 1: column `x`"),
        ("subject,job_function,\n", "line 1: column ``"),
        ("subject,job_function\na,branch-teller\n,branch-teller\n", "line 3: the subject is empty"),
        ("subject,job_function\na, ;\n", "line 2: `a` has no job function"),
        ("subject,job_function\na,branch-tellr\n", "did you mean `branch-teller`"),
        ("subject,job_function\na,zzz\n", "line 2: unknown job function `zzz`; add it"),
        ("subject,job_function\na,branch-teller,9\n", "line 2: 3 fields, but the header has 2"),
        (
            "subject,job_function,d\na,branch-teller,1\na,fraud-analyst,2\n",
            "line 3: `a` has another",
        ),
        ("subject,job_function\na,fraud-analyst\na,card-operations\n", "may not hold both"),
        ('subject,job_function\n"a,branch-teller\n', "not a CSV file"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, said: str) -> None:
    """Each fault is one line that names the place and what to do."""
    with pytest.raises(CatalogError) as caught:
        _read(tmp_path, text)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_without_a_list_of_roles_any_job_is_taken(tmp_path: Path) -> None:
    """Where the roles are not known yet, jobs are not checked, but separation still is."""
    assert _read(tmp_path, "subject,job_function\na,new-job\n", known=False)[0].roles == (
        "new-job",
    )


def test_a_missing_or_foreign_file_is_said(tmp_path: Path) -> None:
    """A path that is not there and bytes that are no UTF-8 are told apart."""
    with pytest.raises(CatalogError, match="cannot read"):
        read_people(tmp_path / "none.csv", roles=None, separation=())
    path = tmp_path / "people.csv"
    path.write_bytes(b"subject,job_function\n\xff\xfe,x\n")
    with pytest.raises(CatalogError, match="not a CSV file in UTF-8"):
        read_people(path, roles=None, separation=())
