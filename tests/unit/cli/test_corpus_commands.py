"""`policy-service corpus …`: official texts imported, approved, compared and shown."""

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from policy_service.app import close_platform
from policy_service.cli.corpus_words import changed_words, first_line, shown
from policy_service.cli.output import counted
from policy_service.domain.edition import TextChange
from policy_service.domain.progress import silent
from policy_service.kit.clock import FixedClock
from policy_service.workflows.edition_review import approve_edition
from policy_service.workflows.editions import import_editions, prepare_indexes
from tests.builders import NOW
from tests.edition_builders import make_text, write_gdpr, write_policy
from tests.fixtures.command_line import CommandLine, command_line_in
from tests.fixtures.platform import open_test_platform

DAY = "2016-05-04"
ACCEPTED = "gdpr/art-32/1/a"


@pytest.fixture
def act(tmp_path: Path) -> str:
    """A file with an invented act under the GDPR's name."""
    return str(write_gdpr(tmp_path / "files"))


@pytest.fixture(scope="module")
def homes(indexed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Homes that hold the act, imported by `ann`, and approved by `bob`; to be copied."""
    folder = tmp_path_factory.mktemp("homes")
    found = {name: folder / name for name in ("imported", "approved")}
    shutil.copytree(indexed_home / "index", found["imported"] / "index")
    platform = open_test_platform(found["imported"], FixedClock(NOW))
    file = write_gdpr(folder / "files")
    import_editions(platform, file, actor="ann", progress=silent)
    assert prepare_indexes(platform, silent) == ""
    close_platform(platform)
    shutil.copytree(found["imported"], found["approved"])
    platform = open_test_platform(found["approved"], FixedClock(NOW))
    approve_edition(platform, "gdpr", actor="bob")
    close_platform(platform)
    return found


@pytest.fixture
def imported(
    homes: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    """A command line whose state holds the act, imported by `ann`."""
    home = tmp_path / "imported"
    shutil.copytree(homes["imported"], home)
    return command_line_in(home, monkeypatch, capsys)


@pytest.fixture
def approved(
    homes: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    """A command line whose state holds the act, approved by `bob`."""
    home = tmp_path / "approved"
    shutil.copytree(homes["approved"], home)
    return command_line_in(home, monkeypatch, capsys)


def test_an_import_is_summed_up(command_line: CommandLine, act: str) -> None:
    """What was read, what lands on our digest, what to do next; a dry run keeps nothing."""
    dry = command_line("corpus", "import", act, "--dry-run")
    assert "would be imported" in dry.out
    assert "next:" not in dry.out
    assert "no text is imported" in command_line("corpus", "editions").out
    found = command_line("corpus", "import", act)
    assert "gdpr of 2016-05-04" in found.out
    assert "with words of our digest (82 entries)" in found.out
    assert "corpus approve gdpr --version-date 2016-05-04 --by NAME" in found.out
    again = command_line("corpus", "import", act)
    assert again.exit_code == 0
    assert "unchanged" in again.out


def test_an_import_is_read_by_machines(command_line: CommandLine, act: str, tmp_path: Path) -> None:
    """One object: the edition, what became of it, and what changed against what was held."""
    first = command_line("corpus", "import", act, "--json").json
    assert first["dry_run"] is False
    assert first["editions"][0]["outcome"] == "imported"
    assert first["editions"][0]["changes"] is None
    later = write_gdpr(tmp_path / "later", day="20200101", second="The keeper shall sleep.")
    (second,) = command_line("corpus", "import", str(later), "--json").json["editions"]
    assert second["edition"]["version_date"] == "2020-01-01"
    assert second["changes"]["before"] == DAY
    assert second["changes"]["changed"] == ["gdpr/art-32/2"]
    words = command_line("corpus", "import", str(later), "--dry-run", "--by", "ann").out
    assert "unchanged" in words


def test_a_policy_of_the_house_is_described_by_who_imports_it(
    command_line: CommandLine, tmp_path: Path
) -> None:
    """Title, kind, place, sector and date are options; a missing date is asked for."""
    undated = write_policy(tmp_path / "undated", "# Rules\n\n## 1 One\n\nDoors are shut.\n")
    asked = command_line("corpus", "import", str(undated))
    assert asked.exit_code == 1
    assert "--version-date" in asked.line
    options = ("--instrument", "doors", "--title", "Doors", "--short", "Doors")
    places = ("--kind", "internal", "--jurisdiction", "EU-DE", "--sector", "hotels")
    dated = ("--version-date", "2025-01-01", "--url", "https://house.example/doors", "--json")
    made = command_line("corpus", "import", str(undated), *options, *places, *dated).json
    assert made["editions"][0]["edition"]["instrument"] == "doors"
    listed = command_line("corpus", "list", "--json").json["instruments"]
    (doors,) = [one for one in listed if one["id"] == "doors"]
    assert (doors["kind"], doors["jurisdictions"], doors["sectors"]) == (
        "internal",
        ["EU-DE"],
        ["hotels"],
    )
    assert (doors["provisions"], doors["apart"]) == (0, 1)


def test_editions_are_listed_with_their_standing(imported: CommandLine) -> None:
    """Before and after the approval, for people and for machines."""
    assert "unreviewed" in imported("corpus", "editions").out
    assert imported("corpus", "approve", "gdpr", "--by", "bob").exit_code == 0
    assert "approved, quoted" in imported("corpus", "editions").out
    (row,) = imported("corpus", "editions", "--json").json
    assert row["quoted"] is True
    assert row["edition"]["decided_by"] == "bob"
    assert row["open"] == row["edition"]["proposals"]
    listed = imported("corpus", "list").out
    assert "obligations" in listed


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("approve", "gdpr", "--by", "ann"), 5, "has no say in it"),
        (("approve", "gdpr", "--by", "bob", "--sha256", "0000"), 4, "look again"),
        (("approve", "nis2", "--by", "bob"), 3, "no unreviewed edition of `nis2`"),
        (("withdraw", "gdpr", "--version-date", "1999-01-01"), 3, "held: 2016-05-04 unreviewed"),
        (("accept", "gdpr/art-32/1/a#x1", "--by", "bob"), 3, "no approved edition"),
        (("diff", "gdpr", DAY, "1999-01-01"), 3, "no approved or unreviewed edition"),
        (("show", "gdpr/art-999"), 1, "nearest"),
        (("search", "keys", "--instrument", "gpdr"), 2, "nearest `gdpr`"),
        (("search", "keys", "--category", "user.nam"), 2, "nearest `user.name`"),
        (("search", "keys", "--in-force", "soon"), 2, "`soon` is no date"),
        (("import", "/nowhere.xml"), 1, "nowhere.xml"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    imported: CommandLine, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """Each mistake ends in its exit code and a line that says the next step."""
    ended = imported("corpus", *arguments)
    assert ended.exit_code == code
    assert said in ended.line


def test_an_approval_and_a_withdrawal_are_told(imported: CommandLine) -> None:
    """Both say what follows; both have JSON."""
    assert "no obligation comes with it" in imported("corpus", "approve", "gdpr", "--by", "bob").out
    gone = imported("corpus", "withdraw", "gdpr", "--by", "eve")
    assert "what our digest says of it stands again" in gone.out
    assert "withdrawn" in imported("corpus", "editions").out


def test_what_falls_is_told(approved: CommandLine, act: str, tmp_path: Path) -> None:
    """A replacement, a newer version and a withdrawal each name the accepted obligations."""
    assert approved("corpus", "accept", f"{ACCEPTED}#x1", "--by", "bob").exit_code == 0
    refused = approved("corpus", "withdraw", "gdpr", "--by", "ann")
    assert refused.exit_code == 5
    assert "1 accepted obligation (0 floors) would fall" in refused.line
    other = str(write_gdpr(tmp_path / "other", second="The keeper shall lock the keys away."))
    told = approved("corpus", "import", other, "--replace", "--dry-run", "--by", "eve").out
    assert "until it is approved 1 accepted obligation (0 floors)" in told
    later = str(write_gdpr(tmp_path / "later", day="20200101"))
    assert approved("corpus", "import", later, "--by", "eve").exit_code == 0
    approved_again = approved("corpus", "approve", "gdpr", "--by", "bob")
    assert f"1 accepted obligation (0 floors) of the version of {DAY}" in " ".join(
        (approved_again.out + approved_again.err).split()
    )
    gone = approved("corpus", "withdraw", "gdpr", "--version-date", DAY, "--by", "bob")
    assert "1 accepted obligation (0 floors) of this text" in gone.out + gone.err


def test_decisions_have_json(imported: CommandLine) -> None:
    """Approval and withdrawal print the edition as it stands after them."""
    assert imported("corpus", "approve", "gdpr", "--by", "bob", "--json").json["state"] == (
        "approved"
    )
    assert imported("corpus", "withdraw", "gdpr", "--json").json["state"] == "withdrawn"


def test_search_marks_what_nobody_has_reviewed(imported: CommandLine) -> None:
    """A hit says that it is unreviewed, with its path and neighbours; a filter leaves it out."""
    question = ("search", "keys apart from the book", "--instrument", "gdpr", "--limit", "3")
    found = imported("corpus", *question)
    assert "UNREVIEWED import" in found.out
    assert "keep the keys apart" in found.out
    assert "… " in found.out
    reviewed = imported("corpus", *question, "--standing", "digest", "--json").json
    assert {one["provision"]["standing"] for one in reviewed["passages"]} == {"digest"}
    nothing = imported("corpus", *question, "--in-force", "1990-01-01", "--sector", "hotels")
    assert "nothing found" in nothing.out


def test_a_text_is_shown_as_what_it_is(approved: CommandLine) -> None:
    """Official text with our words beneath, obligations, neighbours, provenance; or a digest."""
    found = approved("corpus", "show", ACCEPTED).out
    assert "official text, approved" in found
    assert "in our own words:" in found
    assert "before: gdpr/art-32/1" in found
    assert "imported by ann" in found
    assert "approved by bob" in found
    assert "proposed" in found
    machine = approved("corpus", "show", ACCEPTED, "--json").json
    assert machine["official"] is True
    assert machine["edition"]["provenance"]["files"] == ["act.md"]
    digest = approved("corpus", "show", "ccpa/1798.100/a/1")
    assert "digest in our own words; original:" in digest.out


def test_other_texts_of_a_provision_are_named(imported: CommandLine, tmp_path: Path) -> None:
    """The digest is shown, the unreviewed text is named and shown when asked for."""
    found = imported("corpus", "show", ACCEPTED).out
    assert "digest in our own words" in found
    assert "also held" in found
    later = write_gdpr(tmp_path / "later", day="20180101")
    assert imported("corpus", "import", str(later)).err == ""
    asked = imported("corpus", "show", ACCEPTED, "--version-date", "2018-01-01")
    assert asked.err == ""
    assert "UNREVIEWED" in asked.out


def test_proposals_are_listed_accepted_and_rejected(approved: CommandLine) -> None:
    """Ids are copied from the list; what was decided leaves the open ones."""
    listed = approved("corpus", "proposals", "gdpr", "--json").json
    (name, *_) = [one["id"] for one in listed if one["proposal"]["mandatory"]]
    assert name in approved("corpus", "proposals", "gdpr").out
    taken = approved("corpus", "accept", name, "--floor", "--by", "bob")
    assert "a floor for every draft" in taken.out
    still_open = approved("corpus", "proposals", "gdpr", "--json").json
    assert name not in [one["id"] for one in still_open]
    kept = approved("corpus", "proposals", "gdpr", "--decided", "accepted").out
    assert "floor by bob" in kept
    assert "accepted" in approved("corpus", "editions").out
    gone = approved("corpus", "reject", name, "--by", "bob", "--json").json
    assert gone[0]["decision"]["choice"] == "rejected"
    assert "rejected: 1 proposal" in approved("corpus", "reject", name, "--by", "bob").out
    (kind,) = {one["proposal"]["obligation"]["kind"] for one in listed if one["id"] == name}
    rejected = ("--decided", "rejected", "--kind", kind)
    assert name in approved("corpus", "proposals", "gdpr", *rejected).out


def test_versions_are_compared_word_by_word(imported: CommandLine, tmp_path: Path) -> None:
    """Removed and added words are marked without colour too; JSON has the runs."""
    second = "The keeper shall keep the keys close to the book."
    later = str(write_gdpr(tmp_path / "later", day="20200101", second=second))
    told = imported("corpus", "diff", "gdpr", DAY, later)
    assert "[-apart from-] {+close to+}" in told.out
    assert "0 added, 0 removed, 1 changed" in told.out
    assert "our digest speaks of: gdpr/art-32/2" in told.out
    machine = imported("corpus", "diff", "gdpr", DAY, later, "--json").json
    (change,) = machine["changed"]
    wordings = [one["wording"] for one in change["words"]]
    assert wordings == ["same", "removed", "added", "same"]
    shorter = write_policy(
        tmp_path / "short",
        "> **CELEX:** 02016R0679-20210101\n\n# Regulation (EU) 2016/679\n\n### Article 91\n\n"
        "1. Guests shall be counted.\n",
    )
    cut = imported("corpus", "diff", "gdpr", DAY, str(shorter)).out
    assert "+ GDPR, Article 91(1)" in cut
    assert "− GDPR, Article 32(2)" in cut


def test_imported_text_is_shown_as_text() -> None:
    """Markup, escape codes and other control characters in a text do nothing on a terminal."""
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=200, highlight=False)
    terminal.print(shown("[bold red]see[/] \x1b[2J\x07here [link=https://x.example]y[/link]"))
    printed = stream.getvalue()
    assert "[bold red]see[/]" in printed
    assert "\x1b[2J" not in printed
    assert "\x07" not in printed
    assert "[link=https://x.example]y[/link]" in printed


def test_long_changes_are_shortened_between() -> None:
    """Only the words next to a change are shown of a long text."""
    many = " ".join(f"w{number}" for number in range(60))
    change = TextChange(
        before=make_text("act/art-1", f"{many} old {many}"),
        after=make_text("act/art-1", f"{many} new [x] {many}"),
    )
    words = changed_words(change)
    assert words.count("…") == 2
    assert "w59 [red]" in words
    assert first_line("a" * 200, 20).endswith("…")
    assert (counted(1, "entry", "entries"), counted(1200, "entry", "entries")) == (
        "1 entry",
        "1,200 entries",
    )
