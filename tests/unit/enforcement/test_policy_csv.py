"""Reading an exported policy: what comes back, and what is refused by which line."""

from pathlib import Path

import pytest

from policy_service.domain.errors import EnforcementError, PolicyRowError
from policy_service.enforcement.policy_csv import parse_policy, read_policy_files
from tests.builders import STANDARD_MODEL

POLICY = """\
# a comment

p, teller, bank.public.clients, read, *, allow, R-1
p,teller,bank.public.clients%2Cold,read,service,deny,R-2\r
g, head, teller
g2, bank.public.clients.email, bank.public.clients
"""


def parse(policy: str, model: str = STANDARD_MODEL) -> object:
    """Parse with the standard model."""
    return parse_policy(policy_csv=policy, model_conf=model)


def test_rows_and_links_are_read() -> None:
    """Rows, role links and resource links come back typed; escapes are undone."""
    found = parse_policy(policy_csv=POLICY, model_conf=STANDARD_MODEL)
    assert [row.effect for row in found.rows] == ["allow", "deny"]
    assert found.rows[1].resource == "bank.public.clients,old"
    assert found.role_links == (("head", "teller"),)
    assert found.resource_links == (("bank.public.clients.email", "bank.public.clients"),)


def test_files_are_read(tmp_path: Path) -> None:
    """The two exported files are read as they lie in the folder."""
    (tmp_path / "policy.csv").write_text(POLICY, encoding="utf-8")
    (tmp_path / "model.conf").write_text(STANDARD_MODEL, encoding="utf-8")
    found = read_policy_files(policy=tmp_path / "policy.csv", model=tmp_path / "model.conf")
    assert found.model_conf == STANDARD_MODEL
    assert len(found.rows) == 2


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is named; its folder is not."""
    with pytest.raises(EnforcementError, match=r"cannot read `policy\.csv`") as caught:
        read_policy_files(policy=tmp_path / "policy.csv", model=tmp_path / "model.conf")
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("p, teller, x, read, *, allow", "5 fields after `p`"),
        ("p, teller, x, read, *, allow, R-1, more", "7 fields after `p`"),
        ("g, head", "1 fields after `g`"),
        ("g2, a, b, c", "3 fields after `g2`"),
        ("q, a, b", "begins with `q`"),
        ("p, teller, x%FF, read, *, allow, R-1", "broken `%` escape"),
    ],
)
def test_row_of_wrong_length_names_its_line(line: str, said: str) -> None:
    """A row that is not as defined is refused with its line, before any decision."""
    with pytest.raises(PolicyRowError, match=said) as caught:
        parse(f"{POLICY}{line}\n")
    assert caught.value.line == 7


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("p, teller, x, read, *, permit, R-1", "effect `permit`"),
        ("p, teller, , read, *, allow, R-1", "empty field"),
        ("g, head,", "`g` link 2"),
    ],
)
def test_doubtful_row_is_refused(line: str, said: str) -> None:
    """An unknown effect and an empty field are refused."""
    with pytest.raises(PolicyRowError, match=said):
        parse(f"{POLICY}{line}\n")


@pytest.mark.parametrize("policy", ["", "# only a comment\n", "g, head, teller\n"])
def test_empty_policy_is_refused(policy: str) -> None:
    """A file without a `p` row is refused, where pycasbin loads it as a policy."""
    with pytest.raises(EnforcementError, match="empty policy is refused"):
        parse(policy)


def test_other_model_is_refused() -> None:
    """A model with another definition of rows is refused."""
    with pytest.raises(EnforcementError, match=r"policy_definition\.p"):
        parse(POLICY, STANDARD_MODEL.replace("eft, rule", "eft"))
