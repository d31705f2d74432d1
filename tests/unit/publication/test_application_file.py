"""Application policy files: what is read, and what is said of whatever is wrong."""

from pathlib import Path

import pytest

from policy_service.domain.bundle import KnownResource
from policy_service.domain.control import Operator
from policy_service.domain.errors import UsageError
from policy_service.domain.parameters import Parameters
from policy_service.publication.application_file import read_application
from tests.fixtures.applications import NOTES


def read(text: str) -> object:
    """Read a file called `notes.yaml`."""
    return read_application(text, file="notes.yaml")


def test_the_shipped_examples_are_read(repository: Path) -> None:
    """Each file of the folder is a policy of its own name."""
    for path in sorted((repository / "policies" / "applications").glob("*.yaml")):
        policy = read_application(path.read_text(encoding="utf-8"), file=path.name)
        assert policy.name == path.stem
        assert policy.tests


def test_a_file_becomes_typed_values() -> None:
    """Roles, types, rules with their grounds, tests with their made-up people."""
    policy = read_application(NOTES, file="notes.yaml")
    assert [role.inherits for role in policy.roles] == [(), ("reader",)]
    read_rule, write = policy.rules
    assert read_rule.purposes == ("*",)
    assert read_rule.resources == ("type:note",)
    assert write.when == "resource.owner == subject.id"
    assert write.grounds[0].quote == "a person without that attribute sees no row"
    assert policy.tests[1].request.properties == Parameters(owner="wim")
    assert policy.rule("read") is read_rule
    assert policy.rule("nothing") is None


def test_values_are_typed_as_in_json_and_names_stay_texts() -> None:
    """`no` is a word, `"7"` is a text, `010` is no number; an id of digits is an id."""
    text = NOTES + (
        "resources:\n"
        "  - type: note\n"
        "    id: 101\n"
        '    properties: {a: 7, b: "7", c: 1.5, d: true, e: no, f: 010, g: [x, y], h: -0.25}\n'
    )
    (resource,) = read_application(text, file="notes.yaml").resources
    assert resource == KnownResource(
        type="note",
        id="101",
        properties=Parameters(a=7, b="7", c=1.5, d=True, e="no", f="010", g=("x", "y"), h=-0.25),
    )


def test_a_rule_may_narrow_deny_mask_and_end() -> None:
    """Ids become known resources of their type; a control is written as people write it."""
    text = NOTES.replace(
        "    actions: [read]\n",
        "    actions: [read]\n    ids: [n-1, n-2]\n    purposes: [a, b]\n    control: redact\n"
        "    not_before: 2026-01-01T00:00:00Z\n    not_after: 2027-01-01T00:00:00Z\n",
    ).replace("    when:", "    effect: deny\n    when:")
    policy = read_application(text, file="notes.yaml")
    rule, denial = policy.rules
    assert rule.resources == rule.ids == ("n-1", "n-2")
    assert rule.control.operator is Operator.REDACT
    assert (rule.not_before, rule.not_after) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert not denial.allow
    assert [one.id for one in policy.resources] == ["n-1", "n-2"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("application: notes", "application: Not.es", "line 1: `application` must be made of"),
        ("title: Notes\n", "", "lacks `title`"),
        ("title: Notes", "titel: Notes", "line 2: `titel` is no key of `an application policy`; "),
        ("title: Notes", "title: Notes\ntitle: More", "line 3: `title` is there twice"),
        ("title: Notes", "title: [Notes]", "`title` must be text"),
        ("title: Notes", "title:", "`title` must be text"),
        ("title: Notes", 'title: "a\\u0007b"', "cannot be printed"),
        ("title: Notes", "title: &a Notes\nx: *a", "aliases are not used"),
        ("title: Notes", "title: " + "[" * 30 + "]" * 30, "nested too deeply"),
        ("title: Notes", "title: {", "is not plain YAML"),
        ("title: Notes", "title: \x01", "a character that YAML does not allow"),
        ("title: Notes", "? [a]\n: b\ntitle: Notes", "has a key that is not text"),
        ("  reader: []", "  reader: [writter]", "unknown role `writter`; did you mean `writer`?"),
        ("  reader: []", "  reader: all", "must list the roles it inherits"),
        ("  reader: []", "  reader:", "must be text, a number"),
        ("  reader: []\n  writer: [reader]", "  {}", "must name at least one role"),
        ("  note: [read, write]", "  column: [read]", "cannot name a type of resource"),
        ("  note: [read, write]", "  {}", "must name at least one type"),
        ("  note: [read, write]", "  note: []", "is an empty list"),
        ("  note: [read, write]", "  note: read", "must be a list"),
        ("  note: [read, write]", "  note: [read, read]", "names `read` twice"),
        ("types: [note]", "types: [nte]", "unknown type `nte`; did you mean `note`?"),
        ("actions: [read]", "actions: [raed]", "unknown action of `note` `raed`; did you mean"),
        ("roles: [reader]\n    types", "roles: [nobody]\n    types", "unknown role `nobody`"),
        ("- id: write-own", "- id: read", "has two rules `read`"),
        ("- id: write-own", "- id: Write Own", "`id` must be made of"),
        ("    when: resource.owner == subject.id", "    when: owner ==", "`when` is no condition"),
        ("    when:", "    effect: maybe\n    when:", "must be `allow` or `deny`"),
        ("    when:", "    control: hide\n    when:", "is not a control"),
        ("    when:", "    control: deny\n    when:", "to deny, write `effect: deny`"),
        ("    when:", "    effect: deny\n    control: redact\n    when:", "a rule that allows"),
        ("    when:", "    not_before: tomorrow\n    when:", "must be a time with its zone"),
        ("    when:", "    not_after: 2026-01-01T00:00:00\n    when:", "a time with its zone"),
        (
            "    when:",
            "    not_before: 2026-02-01T00:00:00Z\n    not_after: 2026-01-01T00:00:00Z\n    when:",
            "must be later than `not_before`",
        ),
        ("grounds: [access-control/access-2]", "grounds: []", "is an empty list"),
        ("    grounds: [access-control/access-2]\n", "", "lacks `grounds`"),
        ("      - provision: access-control/access-4\n", "      - {}\n", "is not plain YAML"),
        ("  - says: A reader reads\n", "  - says: x\n    may_not: read\n", "say either `may"),
        ("    may: read\n", "    may: raed\n", "unknown action of `note`"),
        ("    rules: [write-own]", "    rules: [write]", "unknown rule `write`; did you mean"),
        (
            "    may: read\n    on: {type: note, id: n-1}",
            "    may: read\n    on: {}",
            "lacks `type`",
        ),
        ("    may: read\n    on: {type: note", "    may: read\n    on: {type: no", "type `no`"),
        ("    as: {roles: [reader]}\n    may:", "    as: somebody\n    may:", "must be an object"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, said: str) -> None:
    """One line for the author: file, line, key, what to do."""
    assert old in NOTES
    with pytest.raises(UsageError) as caught:
        read(NOTES.replace(old, new, 1))
    assert said in caught.value.message
    assert caught.value.message.startswith("`notes.yaml` ")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "resources:\n  - {type: note, id: a}\n  - {type: note, id: a}\n",
            "two resources `a` of type `note`",
        ),
        ("resources:\n  - {type: note, id: " + "a" * 300 + "}\n", "longer than 200"),
        ("resources:\n  - {type: note, id: a, properties: {b: {c: d}}}\n", "must be text, a num"),
        ("separation_of_duties: [[reader]]\n", "must pair two different roles"),
        ("separation_of_duties: [[reader, other]]\n", "unknown role `other`"),
    ],
)
def test_what_is_known_and_kept_apart_is_checked_too(more: str, said: str) -> None:
    """Optional parts are held to the same strictness."""
    with pytest.raises(UsageError, match=said):
        read(NOTES + more)


def test_separated_roles_are_read() -> None:
    """Nobody may hold both: people's imports are held to it once the policy is live."""
    policy = read_application(
        NOTES + "separation_of_duties: [[reader, writer]]\n", file="notes.yaml"
    )
    assert policy.separation == (("reader", "writer"),)


def test_an_id_names_one_resource() -> None:
    """A rule cannot say that a known resource is of another type, or of two."""
    types = NOTES.replace("  note: [read, write]", "  note: [read, write]\n  book: [read]")
    narrowed = types.replace("    actions: [read]\n", "    actions: [read]\n    ids: [a]\n")
    with pytest.raises(UsageError, match="names `a` as a `note`, and elsewhere it is a `book`"):
        read(narrowed + "resources: [{type: book, id: a}]\n")
    two = narrowed.replace("types: [note]", "types: [note, book]", 1)
    with pytest.raises(UsageError, match="narrow a single type"):
        read(two)


def test_an_empty_file_and_a_huge_one_are_refused() -> None:
    """Before anything is parsed or multiplied out."""
    with pytest.raises(UsageError, match="is empty; describe an application policy"):
        read("# nothing\n")
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        read("#" * ((1 << 20) + 1))
    roles = "".join(f"  r{n}: []\n" for n in range(300))
    actions = ", ".join(f"a{n}" for n in range(300))
    wide = NOTES.replace("  reader: []\n", f"  reader: []\n{roles}")
    wide = wide.replace("note: [read, write]", f"note: [read, write, {actions}]")
    every = ", ".join(f"r{n}" for n in range(300))
    wide = wide.replace("roles: [reader]\n    types", f"roles: [{every}]\n    types", 1)
    wide = wide.replace("actions: [read]", f"actions: [{actions}]", 1)
    with pytest.raises(UsageError, match="come to 90,001 rows"):
        read(wide)
