"""OSCAL in three syntaxes: statements, parameters, profiles, and what is refused."""

import copy
import gzip
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.oscal import importer as oscal
from policy_service.domain.errors import CorpusError

_METADATA = {
    "title": "NIST SP 800-999 Controls of *invention*",
    "last-modified": "2025-02-03T10:00:00Z",
    "version": "1.10",
    "oscal-version": "1.1.2",
}
_CATALOG: dict[str, object] = {
    "uuid": "b5b31b1d-0000-4000-8000-000000000001",
    "metadata": _METADATA,
    "groups": [
        {
            "id": "zz",
            "title": "Zoo keeping",
            "parts": [{"id": "zz_ovw", "name": "overview", "prose": "Why *animals* are kept."}],
            "controls": [
                {
                    "id": "zz-1",
                    "title": "Cages",
                    "params": [
                        {"id": "zz-1_prm_1", "label": "organization-defined keepers"},
                        {
                            "id": "zz-1_prm_2",
                            "select": {
                                "how-many": "one-or-more",
                                "choice": ["lock after {{ insert: param, zz-1_prm_3 }}", "a wall"],
                            },
                        },
                        {"id": "zz-1_prm_3", "label": "time_of_day"},
                        {"id": "zz-1_prm_4", "guidelines": [{"prose": "a number of eyes"}]},
                        {"id": "zz-1_prm_5", "values": ["daily", "at night"]},
                        {"id": "zz-1_prm_6", "select": {"choice": ["left", "right"]}},
                        {"id": "zz-1_prm_7", "label": "{{ insert: param, zz-1_prm_7 }}"},
                    ],
                    "props": [
                        {"name": "label", "value": "ZZ-01", "class": "zero-padded"},
                        {"name": "label", "value": "ZZ-1"},
                    ],
                    "parts": [
                        {
                            "id": "zz-1_smt",
                            "name": "statement",
                            "prose": "Keepers:",
                            "parts": [
                                {
                                    "id": "zz-1_smt.a",
                                    "name": "item",
                                    "props": [{"name": "label", "value": "a."}],
                                    "prose": "Tell {{ insert: param, zz-1_prm_1 }} to "
                                    "{{ insert: param, zz-1_prm_2 }} ; see [ZZ-2](#zz-2);",
                                    "parts": [
                                        {
                                            "id": "zz-1_smt.a.1",
                                            "name": "item",
                                            "props": [{"name": "label", "value": "1."}],
                                            "prose": "count {{ insert: param, zz-1_prm_4 }}, "
                                            "{{zz-1_prm_5}}, {{ insert: param, zz-1_prm_6 }}, "
                                            "{{ insert: param, gone }}",
                                        }
                                    ],
                                }
                            ],
                        },
                        {
                            "id": "zz-1_gdn",
                            "name": "guidance",
                            "prose": "First *block*.\n\nSecond:\n\n1. one\n1. two",
                        },
                        {"name": "assessment-objective", "prose": "It is examined."},
                    ],
                    "controls": [
                        {
                            "id": "zz-1.1",
                            "class": "SP800-53-enhancement",
                            "title": "Glass",
                            "props": [{"name": "label", "value": "ZZ-1(1)"}],
                            "parts": [{"name": "statement", "prose": "Use glass."}],
                        },
                        {
                            "id": "zz-1.2",
                            "class": "SP800-53-enhancement",
                            "title": "Gone",
                            "props": [{"name": "status", "value": "Withdrawn"}],
                        },
                    ],
                },
                {
                    "id": "zz-2",
                    "title": "Food",
                    "parts": [{"id": "zz-2_smt", "name": "statement", "prose": "Feed them."}],
                },
            ],
        }
    ],
}
_XML = """<?xml version="1.0" encoding="UTF-8"?>
<catalog xmlns="http://csrc.nist.gov/ns/oscal/1.0" uuid="b5b31b1d-0000-4000-8000-000000000001">
  <metadata><title>NIST SP 800-999 Controls of <em>invention</em></title>
    <last-modified>2025-02-03T10:00:00Z</last-modified><version>1.10</version>
    <oscal-version>1.1.2</oscal-version></metadata>
  <group id="zz"><title>Zoo keeping</title>
    <part id="zz_ovw" name="overview"><p>Why <em>animals</em> are kept.</p></part>
    <control id="zz-1"><title>Cages</title>
      <param id="zz-1_prm_1"><label>organization-defined keepers</label></param>
      <param id="zz-1_prm_2"><select how-many="one-or-more">
        <choice>lock after <insert type="param" id-ref="zz-1_prm_3"/></choice>
        <choice>a wall</choice></select></param>
      <param id="zz-1_prm_3"><label>time_of_day</label></param>
      <param id="zz-1_prm_4"><guideline><p>a number of eyes</p></guideline></param>
      <param id="zz-1_prm_5"><value>daily</value><value>at night</value></param>
      <param id="zz-1_prm_6"><select><choice>left</choice><choice>right</choice></select></param>
      <param id="zz-1_prm_7"><label><insert type="param" id-ref="zz-1_prm_7"/></label></param>
      <prop name="label" class="zero-padded" value="ZZ-01"/><prop name="label" value="ZZ-1"/>
      <part id="zz-1_smt" name="statement"><p>Keepers:</p>
        <part id="zz-1_smt.a" name="item"><prop name="label" value="a."/>
          <p>Tell <insert type="param" id-ref="zz-1_prm_1"/> to
            <insert type="param" id-ref="zz-1_prm_2"/> ; see <a href="#zz-2">ZZ-2</a>;</p>
          <part id="zz-1_smt.a.1" name="item"><prop name="label" value="1."/>
            <p>count <insert type="param" id-ref="zz-1_prm_4"/>, <insert type="param"
              id-ref="zz-1_prm_5"/>, <insert type="param" id-ref="zz-1_prm_6"/>,
              <insert type="param" id-ref="gone"/></p></part></part></part>
      <part id="zz-1_gdn" name="guidance"><p>First <em>block</em>.</p><p>Second:</p>
        <ol><li>one</li><li>two</li></ol></part>
      <part name="assessment-objective"><p>It is examined.</p></part>
      <control id="zz-1.1" class="SP800-53-enhancement"><title>Glass</title>
        <prop name="label" value="ZZ-1(1)"/>
        <part name="statement"><p>Use glass.</p></part></control>
      <control id="zz-1.2" class="SP800-53-enhancement"><title>Gone</title>
        <prop name="status" value="Withdrawn"/></control>
    </control>
    <control id="zz-2"><title>Food</title>
      <part id="zz-2_smt" name="statement"><p>Feed them.</p></part></control>
  </group>
</catalog>"""


def _json(model: str, root: Mapping[str, object], name: str = "") -> SourceFile:
    return SourceFile(name=name or f"{model}.json", data=json.dumps({model: root}).encode())


def _catalog() -> Document:
    (document,) = oscal.read([_json("catalog", _CATALOG)])
    return document


def _texts(document: Document) -> dict[str, str]:
    return {"/".join(part.steps): part.text for part in document.parts}


def _profile(**keys: object) -> dict[str, object]:
    imports = [{"href": "catalog.json", "include-all": {}}]
    return {
        "uuid": "b5b31b1d-0000-4000-8000-000000000002",
        "metadata": {**_METADATA, "title": "Zoo baseline"},
        "imports": imports,
        "merge": {"as-is": True},
        **keys,
    }


def _resolved(**keys: object) -> Document:
    (document,) = oscal.read([_json("catalog", _CATALOG), _json("profile", _profile(**keys))])
    return document


def test_a_control_is_one_part_with_its_whole_statement() -> None:
    """Items are lines after their labels, parameters are written as OSCAL prints them."""
    texts = _texts(_catalog())

    assert texts["zz-1"] == (
        "Keepers:\n"
        "a. Tell [Assignment: organization-defined keepers] to "
        "[Selection (one-or-more): lock after [Assignment: time_of_day]; a wall]; see ZZ-2;\n"
        "1. count [Assignment: a number of eyes], daily, at night, [Selection: left; right], "
        "[Assignment: gone]"
    )


def test_parts_are_named_by_control_and_kind() -> None:
    """Controls, enhancements and discussion have the digests' ids; examinations are left out."""
    document = _catalog()

    assert [(part.steps, part.kind, part.section) for part in document.parts] == [
        (("zz", "overview"), PartKind.PASSAGE, "Zoo keeping, overview"),
        (("zz-1",), PartKind.CONTROL, "ZZ-1"),
        (("zz-1", "guidance"), PartKind.PASSAGE, "ZZ-1, guidance"),
        (("zz-1", "1"), PartKind.ENHANCEMENT, "ZZ-1(1)"),
        (("zz-1", "2"), PartKind.ENHANCEMENT, "ZZ-1.2"),
        (("zz-2",), PartKind.CONTROL, "ZZ-2"),
    ]
    assert document.parts[3].heading == ("Zoo keeping", "ZZ-1 Cages")
    assert document.parts[2].text == "First block.\nSecond:\n1. one\n2. two"


def test_a_withdrawn_control_counts_and_says_nothing() -> None:
    """What was withdrawn has no text and says so in its title."""
    gone = _catalog().parts[4]

    assert (gone.text, gone.title) == ("", "Gone (withdrawn)")


def test_metadata_is_carried_as_it_stands() -> None:
    """Version, date and name come from the file; a version is never read as a number."""
    document = _catalog()

    assert document.format == "oscal-1.1.2"
    assert document.title == "NIST SP 800-999 Controls of invention"
    assert (document.version, document.version_date) == ("1.10", "2025-02-03")
    assert document.identifiers[0] == "oscal:nist-sp-800-999"


def test_three_syntaxes_give_equal_documents() -> None:
    """JSON, YAML and XML of the same content are read to the same document."""
    as_yaml = yaml.safe_dump({"catalog": _CATALOG}, sort_keys=False).encode()
    files = [
        _json("catalog", _CATALOG, "c"),
        SourceFile(name="c", data=as_yaml),
        SourceFile(name="c", data=_XML.encode()),
    ]

    assert [oscal.recognises(file) for file in files] == [True, True, True]
    first, second, third = (oscal.read([file])[0] for file in files)
    assert first == second == third


def test_a_profile_selects_by_id_pattern_and_child() -> None:
    """What is included less what is excluded, in the catalogue's order."""
    included = _resolved(
        imports=[
            {
                "href": "#1",
                "include-controls": [
                    {"with-ids": ["zz-1"], "with-child-controls": "yes"},
                    {"matching": [{"pattern": "zz-2*"}]},
                ],
                "exclude-controls": [{"with-ids": ["zz-1.2", "unknown"]}],
            }
        ],
        **{"back-matter": {"resources": [{"uuid": "1", "rlinks": [{"href": "a/catalog.xml"}]}]}},
    )

    assert list(_texts(included)) == ["zz/overview", "zz-1", "zz-1/guidance", "zz-1/1", "zz-2"]
    assert included.title == "Zoo baseline"
    assert included.files == ("profile.json", "catalog.json")
    assert included.identifiers == ("oscal:zoo-baseline",)


def test_as_is_an_enhancement_brings_its_control() -> None:
    """As NIST's resolver does; without as-is it stands alone, and still names its control."""
    imports = [{"href": "catalog", "include-controls": [{"with-ids": ["zz-1.1"]}]}]

    assert list(_texts(_resolved(imports=imports))) == [
        "zz/overview",
        "zz-1",
        "zz-1/guidance",
        "zz-1/1",
    ]
    flat = _resolved(imports=imports, merge={"flat": {}})
    assert list(_texts(flat)) == ["zz-1/1"]
    assert flat.parts[0].heading == ()


def test_a_profile_sets_parameters_and_alters_controls() -> None:
    """Set values replace the brackets; parts are removed and added where the profile says."""
    document = _resolved(
        modify={
            "set-parameters": [
                {"param-id": "zz-1_prm_1", "values": ["the head keeper"]},
                {"param-id": "zz-1_prm_2", "select": {"how-many": "one", "choice": ["a fence"]}},
            ],
            "alters": [
                {
                    "control-id": "zz-1",
                    "removes": [{"by-name": "guidance"}, {"by-id": "zz-1_smt.a.1"}],
                    "adds": [
                        {"position": "after", "by-id": "zz-1_smt.a", "parts": [_item("b.", "B.")]},
                        {"position": "before", "by-id": "zz-1_smt.a", "parts": [_item("-", "A.")]},
                        {"by-id": "zz-1_smt", "parts": [_item("c.", "C.")]},
                        {"position": "starting", "parts": [{"name": "note", "prose": "N."}]},
                        {"title": "Fences"},
                    ],
                },
                {"control-id": "zz-2", "removes": [{"by-item-name": "part", "by-class": "x"}, {}]},
            ],
        }
    )

    texts = _texts(document)
    assert texts["zz-1"] == (
        "Keepers:\n- A.\na. Tell the head keeper to [Selection (one): a fence]; see ZZ-2;\n"
        "b. B.\nc. C."
    )
    assert "zz-1/guidance" not in texts
    assert texts["zz-1/note"] == "N."
    assert texts["zz-2"] == "Feed them."
    assert document.parts[1].title == "Fences"


def _item(label: str, prose: str) -> dict[str, object]:
    return {"name": "item", "props": [{"name": "label", "value": label}], "prose": prose}


def test_a_profile_of_a_profile_is_resolved() -> None:
    """Profiles import profiles; the one in between is no document of its own."""
    inner = _json("profile", _profile(), "inner.json")
    outer = _json(
        "profile",
        _profile(
            imports=[{"href": "inner.json", "include-controls": [{"with-ids": ["zz-2"]}]}],
            metadata={**_METADATA, "title": "Outer"},
        ),
        "outer.json",
    )

    documents = oscal.read([_json("catalog", _CATALOG), inner, outer])

    assert [one.title for one in documents] == ["Zoo baseline", "Outer"]
    assert list(_texts(documents[1])) == ["zz/overview", "zz-2"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"imports": [{"href": "profile.json"}]}, "imports itself"),
        (
            {"imports": [{"href": "catalog", "include-controls": [{"with-ids": ["qq-1"]}]}]},
            "`qq-1`, which its catalogue lacks",
        ),
        ({"modify": {"alters": [{"control-id": "qq-9"}]}}, "alters `qq-9`"),
    ],
)
def test_a_profile_that_cannot_be_resolved_is_refused(
    keys: dict[str, object], message: str
) -> None:
    """A ring, an unknown control and an alteration of none are named."""
    with pytest.raises(CorpusError, match=message):
        _resolved(**keys)


def test_a_profile_without_its_catalogue_names_it() -> None:
    """The line says which catalogue to put beside the profile."""
    with pytest.raises(CorpusError, match=r"`catalog\.json`, which is not among the files"):
        oscal.read([_json("profile", _profile())])


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (_json("system-security-plan", {"uuid": "1"}), "is an OSCAL system security plan"),
        (_json("component-definition", {"uuid": "1"}), "is an OSCAL component definition"),
        (_json("catalog", {"uuid": "1"}), "without metadata"),
        (_json("catalog", {"uuid": "1", "metadata": _METADATA}), "holds no controls"),
        (
            _json("catalog", {"uuid": "1", "metadata": _METADATA, "controls": [{"id": "a"}] * 2}),
            "gives `a` twice",
        ),
        (SourceFile(name="x", data=b'{"catalog": {"uuid": "1",}}'), "line 1: not valid JSON"),
        (SourceFile(name="x", data=b"catalog:\n  uuid: 1\n  a: [\n"), "not valid YAML"),
        (SourceFile(name="x", data=b"catalog:\n  uuid: 1\n  uuid: 2\n"), "`uuid` is given twice"),
        (SourceFile(name="x", data=b"catalog:\n  uuid: 1\n  ? [a]\n  : 1\n"), "a key must be"),
    ],
)
def test_what_holds_no_provisions_is_refused_in_one_line(file: SourceFile, message: str) -> None:
    """Other models and broken files are named with what is wrong."""
    assert oscal.recognises(file)
    with pytest.raises(CorpusError, match=message):
        oscal.read([file])


@pytest.mark.parametrize(
    "data", [b"", b"catalog", b'{"catalog": 1}', b"catalog: of books\n", b"<catalog/>", b"\x00\xff"]
)
def test_other_files_are_not_oscal(data: bytes) -> None:
    """A catalogue of something else is not taken for one of controls."""
    assert not oscal.recognises(SourceFile(name="catalog.json", data=data))


def test_reading_does_not_change_what_it_was_given() -> None:
    """A profile's changes are made on copies: the catalogue reads the same afterwards."""
    before = copy.deepcopy(_CATALOG)
    _resolved(modify={"set-parameters": [{"param-id": "zz-1_prm_1", "values": ["x"]}]})

    assert before == _CATALOG


def test_markup_of_the_three_syntaxes_is_one() -> None:
    """Lists in lists, tables, quotations and links of XML read as their Markdown does."""
    prose = (
        "See ( [ZZ-2](#zz-2) ) and \\*stars\\*:\n\n- one\n  - inner\n- two\n\n"
        '| Role | Sees |\n| --- | --- |\n| Keeper | all |\n\n> said "so"'
    )
    xml = (
        '<p>See ( <a href="#zz-2">ZZ-2</a> ) and *stars*:</p><ul><li>one<ul><li>inner</li></ul>'
        "</li><li>two</li></ul><table><tr><th>Role</th><th>Sees</th></tr><tr><td>Keeper</td>"
        "<td>all</td></tr></table><blockquote><p>said <q>so</q></p></blockquote>"
    )
    root = {
        "uuid": "1",
        "metadata": _METADATA,
        "controls": [{"id": "a", "parts": [{"name": "statement", "prose": prose}]}],
    }
    head, _, _ = _XML.partition("<group")
    as_xml = f"""{head.replace("b5b31b1d-0000-4000-8000-000000000001", "1")}<control id="a"><part
        name="statement">{xml}</part></control></catalog>"""

    (first,) = oscal.read([_json("catalog", root, "c")])
    (second,) = oscal.read([SourceFile(name="c", data=as_xml.encode())])

    assert first == second
    assert first.parts[0].text == (
        'See (ZZ-2) and *stars*:\n— one\n— inner\n— two\nRole | Sees\nKeeper | all\nsaid "so"'
    )


def _shared(shared_data: Path, name: str) -> SourceFile:
    data = (shared_data / "oscal" / name).read_bytes()
    if name.endswith(".gz"):
        data = gzip.decompress(data)
    return SourceFile(name=name.removesuffix(".gz"), data=data)


def test_the_catalogue_of_nist_is_read_whole(shared_data: Path) -> None:
    """SP 800-53 r5 has 322 controls and 867 enhancements."""
    (document,) = oscal.read([_shared(shared_data, "NIST_SP-800-53_rev5_catalog.json.gz")])

    kinds = Counter(part.kind for part in document.parts)
    assert (kinds[PartKind.CONTROL], kinds[PartKind.ENHANCEMENT]) == (322, 867)
    assert document.identifiers[0] == "oscal:nist-sp-800-53"
    assert not any("{{" in part.text for part in document.parts)
    by_steps = {part.steps: part for part in document.parts}
    assert by_steps["ac-2", "3"].section == "AC-2(3)"
    assert isinstance(by_steps["ac-2", "guidance"], Part)


@pytest.mark.parametrize(
    ("name", "resolved"),
    [
        ("HIGH", "HIGH-baseline-resolved-profile_catalog-min.json.gz"),
        ("PRIVACY", "PRIVACY-baseline-resolved-profile_catalog-min.json.gz"),
        ("LOW", "LOW-baseline-resolved-profile_catalog.xml.gz"),
    ],
)
def test_profiles_select_what_nist_resolved(shared_data: Path, name: str, resolved: str) -> None:
    """Every baseline resolved here has the parts of NIST's own resolution, in its order."""
    prefix = "NIST_SP-800-53_rev5"
    files = [
        _shared(shared_data, f"{prefix}_catalog.json.gz"),
        _shared(shared_data, f"{prefix}_{name}-baseline_profile.json"),
    ]

    (ours,) = oscal.read(files)
    (theirs,) = oscal.read([_shared(shared_data, f"{prefix}_{resolved}")])

    assert [part.steps for part in ours.parts] == [part.steps for part in theirs.parts]
    assert "note" in theirs.facts
