"""The draft's folder: what engines load, what people read, and that nothing is lost."""

import json
from dataclasses import replace
from pathlib import Path

import casbin
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from policy_service.domain.asset import Sensitivity
from policy_service.domain.categories import CategoryEntry, CategoryTable
from policy_service.domain.draft import Draft
from policy_service.domain.errors import PublicationError
from policy_service.domain.hashes import draft_sha256
from policy_service.engines.casbin_csv import decode_line, encode_line
from policy_service.publication.export import read_draft_file, write_draft_folder
from policy_service.publication.policy_csv import policy_csv
from tests.builders import (
    CLIENTS,
    EMAIL,
    SERVICE,
    make_bundle,
    make_citation,
    make_draft,
    make_organisation,
    make_provisions,
)

CATEGORIES = CategoryTable(
    (
        CategoryEntry(
            category=EMAIL,
            sensitivity=Sensitivity.CONFIDENTIAL,
            legal_classes=(),
            label="e-mail address",
        ),
    )
)
FILES = {
    "citations.json",
    "draft.json",
    "encryption.yaml",
    "masking.yaml",
    "model.conf",
    "policy.csv",
    "policy.md",
    "retention.yaml",
    "tests.yaml",
}
AWKWARD = 'a,b (c] "d" #e %2C\tf\n\u2028ø'


def write(folder: Path, draft: Draft | None = None) -> Path:
    """Write a draft's folder with everything else as usual."""
    write_draft_folder(
        draft=draft or make_draft(),
        bundle=make_bundle(revision=0),
        organisation=make_organisation(),
        folder=folder,
        provisions=make_provisions(),
        categories=CATEGORIES,
    )
    return folder


def names(folder: Path) -> set[str]:
    """List what a folder holds."""
    return {entry.name for entry in folder.iterdir()}


def test_folder_holds_the_whole_draft(tmp_path: Path) -> None:
    """The folder has its nine files, and nothing is left beside it."""
    folder = write(tmp_path / "out" / "draft")
    assert names(folder) == FILES
    assert names(tmp_path / "out") == {"draft"}


def test_draft_comes_back_as_it_was(tmp_path: Path) -> None:
    """`draft.json`, by itself or by its folder, is the draft."""
    folder = write(tmp_path / "draft")
    assert read_draft_file(folder) == read_draft_file(folder / "draft.json") == make_draft()


def test_same_draft_writes_the_same_bytes(tmp_path: Path) -> None:
    """Two folders of one draft are equal, byte for byte."""
    one, two = write(tmp_path / "one"), write(tmp_path / "two")
    for name in FILES:
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_pycasbin_loads_the_folder(tmp_path: Path) -> None:
    """Pycasbin's own file adapter loads model and policy, and decides by them."""
    folder = write(tmp_path / "draft")
    enforcer = casbin.Enforcer(str(folder / "model.conf"), str(folder / "policy.csv"))
    assert enforcer.enforce("teller", f"{CLIENTS}.email", "read", SERVICE)
    assert not enforcer.enforce("engineer", f"{CLIENTS}.birth_number", "read", SERVICE)


def test_awkward_ids_survive_both_readers(tmp_path: Path) -> None:
    """Ids with commas, brackets, quotes and line ends come back; pycasbin reads one field each."""
    bundle = make_bundle(role_links=(("head-teller", "teller"),))
    bundle = replace(bundle, rows=(replace(bundle.rows[0], resource=AWKWARD),))
    model, policy = tmp_path / "model.conf", tmp_path / "policy.csv"
    model.write_text(bundle.model_conf, encoding="utf-8")
    policy.write_text(policy_csv(bundle), encoding="utf-8")
    loaded = casbin.Enforcer(str(model), str(policy))
    assert [len(row) for row in loaded.get_policy()] == [6]
    assert loaded.get_grouping_policy() == [["head-teller", "teller"]]
    rows = [decode_line(line) for line in policy.read_text(encoding="utf-8").split("\n")]
    assert next(row for row in rows if row and row[0] == "p")[2] == AWKWARD


@settings(deadline=None)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), min_size=1), min_size=1))
def test_any_fields_round_trip(fields: list[str]) -> None:
    """Whatever a field holds, the line is one line and reads back as the same fields."""
    line = encode_line(["p", *fields])
    assert len(line.splitlines()) == 1
    assert list(decode_line(line)) == ["p", *fields]


@settings(deadline=None)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), min_size=1), min_size=1))
def test_pycasbin_splits_lines_as_we_do(fields: list[str]) -> None:
    """Pycasbin finds the same number of fields in a line, whatever they hold."""
    from casbin.persist.adapter import _extract_tokens

    line = encode_line(["p", *fields])
    assert [decode_line(token)[0] for token in _extract_tokens(line)[1:]] == fields


def test_broken_text_is_refused() -> None:
    """Half a surrogate pair cannot stand in a file and is refused."""
    bundle = make_bundle()
    bundle = replace(bundle, rows=(replace(bundle.rows[0], resource="\ud800"),))
    with pytest.raises(PublicationError, match="surrogate"):
        policy_csv(bundle)


def test_yaml_files_name_rules_and_clauses(tmp_path: Path) -> None:
    """Each YAML file begins with what it is and lists its rules with their clauses."""
    folder = write(tmp_path / "draft")
    found = {}
    for name in ("masking", "encryption", "retention", "tests"):
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
        assert text.startswith("# ")
        found[name] = yaml.safe_load(text)
    masking = found["masking"]["rules"]
    third = next(entry for entry in masking if entry["rule"] == "R-0003")
    assert (third["control"], third["parameters"]) == ("partial", {"first": 0, "last": 4})
    assert third["row_filter"]["subject_attribute"] == "district_id"
    assert third["clauses"] == ["gdpr/art-5/1/c"]
    assert found["encryption"]["columns"][0]["algorithm"] == "AES-256-GCM"
    assert found["retention"]["tables"][0]["max_days"] == 3650
    assert [test["expect"] for test in found["tests"]["tests"]][:3] == [
        "clear",
        "partial(first=0, last=4)",
        "deny",
    ]


def test_citations_name_the_rules_that_stand_on_them(tmp_path: Path) -> None:
    """Every cited provision is listed with its quotes, its address and the rules on it."""
    found = json.loads((write(tmp_path / "draft") / "citations.json").read_text(encoding="utf-8"))
    assert list(found) == ["gdpr/art-32/1/a", "gdpr/art-5/1/c"]
    entry = found["gdpr/art-32/1/a"]
    assert entry["url"].startswith("https://eur-lex.europa.eu/")
    assert entry["quotes"][0]["rules"] == ["E-0001", "S-0001"]


def test_citation_of_an_unknown_provision_stands_by_itself(tmp_path: Path) -> None:
    """A provision that the corpus no longer has is listed as it was cited; doubles are merged."""
    draft = make_draft()
    rule = replace(draft.separation[0], citations=(make_citation(), make_citation()))
    write_draft_folder(
        draft=replace(draft, separation=(rule,)),
        bundle=make_bundle(revision=0),
        organisation=make_organisation(),
        folder=tmp_path / "draft",
        provisions={},
        categories=CATEGORIES,
    )
    found = json.loads((tmp_path / "draft" / "citations.json").read_text(encoding="utf-8"))
    entry = found["gdpr/art-5/1/c"]
    assert "url" not in entry
    assert entry["section"] == "GDPR, Article 5(1)(c)"
    assert entry["quotes"][0]["rules"].count("S-0001") == 1


def test_prose_tells_who_may_do_what_and_why(tmp_path: Path) -> None:
    """The prose goes by job and kind of data, and every rule has its clause and quote."""
    draft = make_draft()
    text = (write(tmp_path / "draft") / "policy.md").read_text(encoding="utf-8")
    for heading in (
        "# Data security policy of Test Bank for `bank`",
        "### Branch teller (`teller`)",
        "#### E-mail address (`user.contact.email`, confidential)",
        "#### `user.location` (confidential)",
        "## Encryption at rest",
        "## Retention",
        "## Separation of duties",
        "## Open questions",
    ):
        assert f"\n{heading}\n" in f"\n{text}"
    for rule in draft.rules:
        assert f"**{rule.id}** {rule.sentence}" in text
    assert "GDPR, Article 5(1)(c) (binding): “Personal data are limited" in text
    assert "9 allowed, 1 denied by a rule, 14 denied because nothing asks for them" in text
    assert "*(high risk)*" in text


def test_prose_says_what_is_absent(tmp_path: Path) -> None:
    """A draft without settings, questions or rules for a job says so."""
    draft = make_draft()
    marked = replace(draft.access[5], needs_person=True)
    bare = replace(
        draft,
        access=(marked,),
        encryption=(),
        retention=(),
        separation=(),
        questions=(),
        roles=(*draft.roles, "guest"),
    )
    text = (write(tmp_path / "draft", bare) / "policy.md").read_text(encoding="utf-8")
    for line in (
        "### Guest (`guest`)",
        "Sees nothing of this source.",
        "No column is encrypted by this draft.",
        "No table gets a time limit by this draft.",
        "No two roles exclude each other by it.",
        "## Open questions\n\nNone.",
        "high risk, needs a person's judgement",
    ):
        assert line in text


def test_prose_takes_text_from_outside_as_text(tmp_path: Path) -> None:
    """Neither HTML nor Markdown in a sentence or quote has any effect."""
    draft = make_draft()
    evil = replace(
        draft.access[0],
        sentence="<script>x</script>\n# Heading [link](http://evil)",
        citations=(replace(make_citation(), quote="`code` *bold*"),),
    )
    text = (
        write(tmp_path / "draft", replace(draft, access=(evil, *draft.access[1:]))) / "policy.md"
    ).read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "\n# Heading" not in text
    assert r"\# Heading \[link\]" in text
    assert r"\`code\` \*bold\*" in text


def test_prose_takes_every_sign_of_a_regulation_as_text(tmp_path: Path) -> None:
    """Neither emphasis, code, lists, tables, formulas nor bare addresses come of a citation."""
    draft = make_draft()
    cited = replace(
        make_citation(),
        section="1. `x` _Act_ §3",
        quote="_soft_ __hard__ ~gone~ $x$ www.evil.example https://evil.example !|| &lt;b> a_b",
    )
    evil = replace(draft.access[0], citations=(cited, replace(cited, section="- Act")))
    text = (
        write(tmp_path / "draft", replace(draft, access=(evil, *draft.access[1:]))) / "policy.md"
    ).read_text(encoding="utf-8")
    assert r"  - 1\. \`x\` \_Act\_ §3" in text
    assert r"  - \- Act" in text
    assert r"www\.evil.example https\://evil.example" in text
    page = MarkdownIt("commonmark").render(text)
    assert "_soft_ __hard__ ~gone~ $x$" in page
    assert "&amp;lt;b&gt; a_b" in page
    assert "evil.example</a>" not in page


def test_earlier_draft_is_replaced(tmp_path: Path) -> None:
    """A second draft takes the first one's place, whole."""
    folder = write(tmp_path / "draft")
    changed = replace(make_draft(), questions=())
    changed = replace(changed, sha256=draft_sha256(changed))
    write(folder, changed)
    assert read_draft_file(folder) == changed
    assert names(tmp_path) == {"draft"}


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    """An empty folder that stands there already is used."""
    (tmp_path / "draft").mkdir()
    assert names(write(tmp_path / "draft")) == FILES


def test_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    """A folder with anything that is not a draft stays as it is."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PublicationError, match="not a draft's folder"):
        write(tmp_path)
    assert names(tmp_path) == {"notes.txt"}


def test_own_files_in_a_draft_folder_are_not_lost(tmp_path: Path) -> None:
    """Somebody's own file among the draft's is named, and the folder stays."""
    folder = write(tmp_path / "draft")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PublicationError, match=r"also holds `notes\.txt`"):
        write(folder)
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A file is not overwritten by a folder."""
    (tmp_path / "draft").write_text("mine", encoding="utf-8")
    with pytest.raises(PublicationError, match="is a file"):
        write(tmp_path / "draft")


@pytest.mark.parametrize("existing", [True, False])
def test_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool
) -> None:
    """When the last step fails, the earlier draft is there again, and nothing half done."""
    folder = tmp_path / "draft"
    if existing:
        write(folder)
    replace_path = Path.replace

    def fail(path: Path, target: Path) -> Path:
        if path.name == "fresh":
            raise OSError(28, "No space left on device")
        return replace_path(path, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PublicationError, match="No space left"):
        write(folder, replace(make_draft(), questions=()))
    assert names(tmp_path) == ({"draft"} if existing else set())
    if existing:
        assert read_draft_file(folder) == make_draft()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Test Bank", "Best Bank", "changed after drafting"),
        ('"organisation"', '"organization"', "not a draft of this service"),
        ("{", "", "not a draft of this service"),
    ],
)
def test_edited_draft_file_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A draft that was edited in its file is refused: review is where rules change."""
    file = write(tmp_path / "draft") / "draft.json"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PublicationError, match=said):
        read_draft_file(file)


def test_missing_draft_file_is_named(tmp_path: Path) -> None:
    """A folder without a draft is refused by the file's name."""
    with pytest.raises(PublicationError, match=r"cannot read `draft\.json`"):
        read_draft_file(tmp_path)
