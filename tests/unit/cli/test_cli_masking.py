"""`policy-service mask`: the live policy over a table in files, recorded, resumable."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from policy_service.app import build_platform, close_platform
from policy_service.cli import masking
from policy_service.cli.masking import _Lines
from policy_service.domain.bundle import Directory
from policy_service.domain.control import CLEAR, Control, Join, Operator, RowFilter
from policy_service.domain.errors import ConflictError, PolicyServiceError, UsageError
from policy_service.domain.identifiers import AssetId, RoleId
from policy_service.domain.parameters import Parameters
from policy_service.domain.progress import silent
from policy_service.encryption.keyring import PURPOSES
from policy_service.masking.values import mask_value
from policy_service.middleware.rows import visible_rows
from policy_service.publication.signing import sign_bundle
from policy_service.settings import Settings
from policy_service.storage import bundles
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.mask import MaskRequest, mask_to_files
from policy_service.workflows.people import replace_people
from policy_service.workflows.platform import Platform
from tests.builders import (
    ACCOUNTS,
    ANALYST,
    ANALYTICS,
    CLIENTS,
    FINANCIAL,
    PSEUDONYM,
    SERVICE,
    TELLER,
    make_bundle,
    make_directory,
    make_draft,
    make_person,
    make_rule,
)
from tests.fixtures.command_line import CommandLine, in_process

OWNERS = RowFilter(
    table=ACCOUNTS,
    column="district_id",
    subject_attribute="district_id",
    path=(Join(column="client_id", references_table=CLIENTS, references_column="client_id"),),
)
TOKENS = Control(operator=Operator.TOKENISE, parameters=Parameters(key="audit"))
AUDITOR = RoleId("auditor")
PEOPLE: Directory = make_directory()


def clients() -> pl.DataFrame:
    """Clients of two districts, with a column the policy does not know."""
    return pl.DataFrame(
        {
            "client_id": range(40),
            "birth_number": [f"70{one:02d}15/{one:03d}1" for one in range(40)],
            "email": [f"c{one}@example.test" for one in range(40)],
            "district_id": [1 + one % 2 for one in range(40)],
            "note": ["CANARY"] * 40,
        }
    )


def accounts() -> pl.DataFrame:
    """One account for each client."""
    return pl.DataFrame(
        {"account_id": range(40), "balance": [one / 2 for one in range(40)], "client_id": range(40)}
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a live policy and people, made without scanning or drafting."""
    home = tmp_path_factory.mktemp("published") / "home"
    platform = build_platform(Settings(home=home, tenant="test-bank"))
    draft = make_draft()
    rules = tuple(
        make_rule(5, TELLER, ACCOUNTS, FINANCIAL, CLEAR, row_filter=OWNERS)
        if one.id == "R-0005"
        else one
        for one in draft.access
    )
    tokens = make_rule(11, AUDITOR, ACCOUNTS, FINANCIAL, TOKENS)
    bundle = make_bundle(draft=replace(draft, access=(*rules, tokens)), issued_at=datetime.now(UTC))
    with platform.database.write() as session:
        bundles.add_bundle(session, sign_bundle(bundle, signer=platform.signer))
    people = (*PEOPLE.people, make_person("engineer", ANALYST))
    replace_people(platform, people, actor="author")
    close_platform(platform)
    return home


@pytest.fixture
def run(
    published: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    """Run commands on a copy of the home, in a folder with the tables."""
    shutil.copytree(published, tmp_path / "home")
    monkeypatch.setenv("POLICY_SERVICE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("POLICY_SERVICE_TENANT", "test-bank")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    clients().write_parquet("clients.parquet")
    accounts().write_parquet("accounts.parquet")
    return in_process(monkeypatch, capsys)


def ask(reader: str, purpose: str, table: str = CLIENTS, out: str = "out.parquet") -> list[str]:
    """Write the command for one reader."""
    source = f"{table.rpartition('.')[2]}.parquet"
    return ["mask", source, out, "--as", reader, "--purpose", purpose, "--table", table]


def opened(home: Path) -> Platform:
    """Open the platform that the command used."""
    return build_platform(Settings(home=home, tenant="test-bank"))


def test_a_role_gets_its_columns_masked_and_the_run_is_recorded(
    run: CommandLine, tmp_path: Path
) -> None:
    """Every cell is the scalar mask; decisions and run are in the log, without a value."""
    done = run(*ask("analyst", ANALYTICS), "--json")
    assert done.exit_code == 0, done.err
    found = pl.read_parquet("out.parquet")
    assert found.columns == ["birth_number", "email", "district_id"]
    platform = opened(tmp_path / "home")
    try:
        first = clients()["birth_number"][0]
        assert found["birth_number"][0] == mask_value(first, PSEUDONYM, keys=platform.keyring)
    finally:
        close_platform(platform)
    assert set(found["email"]) == {"[redacted]"}
    assert done.json["subject"] == "role:analyst"
    assert done.json["left_out"] == ["client_id", "note"]
    assert (done.json["rows_read"], done.json["rows_written"]) == (40, 40)
    decision = done.json["decisions"][0]
    assert run("trace", decision).exit_code in {0, 3}  # the draft itself is not stored here
    log = (tmp_path / "home" / "audit.log").read_text()
    assert '"masked_files"' in log
    assert done.json["controls_sha256"] in log
    assert "_".join(decision.split("_")[:2]) in log
    assert not any(one in log for one in ("CANARY", "@example.test", first))


def test_a_person_sees_only_their_rows(run: CommandLine) -> None:
    """Row filters hold: a teller gets the clients of their district, and people read it so."""
    done = run(*ask("teller-1", SERVICE))
    assert done.exit_code == 0, done.err
    found = pl.read_parquet("out.parquet")
    assert set(found["district_id"]) == {1}
    assert found["birth_number"][0].endswith("0001")
    assert found["birth_number"][0].startswith("•")
    assert "partial(first=0, last=4)" in done.out
    assert "20 rows of 40" in done.out
    assert "left out" in done.out


def test_filters_through_another_table_need_it(run: CommandLine) -> None:
    """The table on the way is asked for by name, must hold its columns, and decides the rows."""
    missing = run(*ask("teller-2", SERVICE, ACCOUNTS))
    assert missing.exit_code == 2
    assert f"--related {CLIENTS}=FILE" in missing.line
    wrong = run(*ask("teller-2", SERVICE, ACCOUNTS), "--related", f"{CLIENTS}=accounts.parquet")
    assert wrong.exit_code == 6
    assert "district_id" in wrong.line
    assert run(*ask("teller-2", SERVICE, ACCOUNTS), "--related", "x").exit_code == 2
    related = ("--related", f"{CLIENTS}=clients.parquet")
    assert run(*ask("teller-2", SERVICE, ACCOUNTS), *related).exit_code == 0
    assert pl.read_parquet("out.parquet")["balance"].to_list() == [
        one / 2 for one in range(1, 40, 2)
    ]


def test_what_cannot_be_is_said_and_refusals_are_recorded(run: CommandLine, tmp_path: Path) -> None:
    """Each misuse has its exit code; what is denied is in the log; nothing is written."""
    assert run(*ask("nobody", SERVICE)).exit_code == 6
    cases: dict[tuple[str, str, str, str, str], tuple[int, str]] = {
        ("role:teller", SERVICE, CLIENTS, "clients.parquet", "out.csv"): (2, "a role has none"),
        ("role:nobody", SERVICE, CLIENTS, "clients.parquet", "out.csv"): (6, "no column"),
        ("subject:analyst", ANALYTICS, CLIENTS, "clients.parquet", "out"): (6, "no column"),
        ("engineer", ANALYTICS, CLIENTS, "clients.parquet", "out"): (2, "a person and a role"),
        ("analyst", "marketing", CLIENTS, "clients.parquet", "out"): (6, "no column"),
        ("analyst", ANALYTICS, CLIENTS, "clients.parquet", "clients.parquet"): (2, "written over"),
        ("analyst", ANALYTICS, "bank.clients", "clients.parquet", "out"): (2, "is no table"),
        ("analyst", ANALYTICS, "shop.public.clients", "clients.parquet", "out"): (6, "no policy"),
        ("analyst", ANALYTICS, CLIENTS, "none.parquet", "out"): (3, "no file"),
    }
    platform = opened(tmp_path / "home")
    try:
        desk = DecisionDesk(platform)
        for (reader, purpose, table, source, target), (code, said) in cases.items():
            request = MaskRequest(
                reader=reader,
                purpose=purpose,
                table=AssetId(table),
                source=Path(source),
                target=Path(target),
            )
            with pytest.raises(PolicyServiceError, match=said) as caught:
                mask_to_files(platform, desk, request, row_rule=visible_rows, progress=silent)
            assert caught.value.exit_code == code
    finally:
        close_platform(platform)
    log = (tmp_path / "home" / "audit.log").read_text()
    assert log.count('"masking_refused"') == 1 + sum(code == 6 for code, _ in cases.values())
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "accounts.parquet",
        "clients.parquet",
        "home",
    ]


def test_what_exists_stays_unless_told(run: CommandLine) -> None:
    """An existing target is refused with exit 4; `--overwrite` replaces it."""
    Path("out.csv").write_text("before")
    refused = run(*ask("analyst", ANALYTICS, out="out.csv"), "--json")
    assert refused.exit_code == 4
    assert refused.json["error"] == "ConflictError"
    assert Path("out.csv").read_text() == "before"
    assert run(*ask("analyst", ANALYTICS, out="out.csv"), "--overwrite").exit_code == 0
    assert Path("out.csv").read_text().startswith("birth_number,email,district_id\n")


def test_an_interrupted_run_ends_with_130_and_goes_on(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C leaves no target; the same command ends it."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("policy_service.workflows.mask.record_event", interrupt)
        stopped = run(*ask("analyst", ANALYTICS))
    assert stopped.exit_code == 130
    assert "goes on" in stopped.line
    assert not Path("out.parquet").exists()
    again = run(*ask("analyst", ANALYTICS))
    assert again.exit_code == 0
    assert "1 of 1 batches from before" in again.out


def test_tokens_come_from_the_vault_of_the_home(run: CommandLine) -> None:
    """`tokenise` works here as everywhere: the same value, the same token."""
    for out in ("first.parquet", "second.parquet"):
        assert run(*ask("auditor", SERVICE, ACCOUNTS, out=out)).exit_code == 0
    tokens = pl.read_parquet("first.parquet")["balance"]
    assert all(one.startswith("t_") for one in tokens)
    assert tokens.equals(pl.read_parquet("second.parquet")["balance"])


def test_a_key_rotated_meanwhile_shows_nothing(run: CommandLine, tmp_path: Path) -> None:
    """Pseudonyms of two key versions never stand in one table."""
    platform = opened(tmp_path / "home")
    request = MaskRequest(
        reader="analyst",
        purpose=ANALYTICS,
        table=AssetId(CLIENTS),
        source=Path("clients.parquet"),
        target=Path("out.parquet"),
    )

    def rotate(stage: str, done: int, total: int) -> None:
        platform.keyring.rotate(PURPOSES)

    try:
        desk = DecisionDesk(platform)
        with pytest.raises(ConflictError, match="rotated"):
            mask_to_files(platform, desk, request, row_rule=visible_rows, progress=rotate)
        with pytest.raises(ConflictError, match="from other keys"):
            mask_to_files(platform, desk, request, row_rule=visible_rows, progress=silent)
    finally:
        close_platform(platform)
    assert not Path("out.parquet").exists()


def test_progress_is_shown_to_people_and_logs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal gets a bar; a log gets a line every ten seconds with the rate and the rest."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with masking._rows_shown(quiet=False) as report:
        report("rows", 1, 10)
        report("rows", 10, 10)
    with masking._rows_shown(quiet=True) as report:
        report("rows", 1, 10)
    times = iter([0.0, 1.0, 5.0, 11.0])
    capsys.readouterr()
    lines = _Lines(lambda: next(times))
    for done in (100, 500, 1_100):
        lines("rows", done, 2_100)
    assert "rows: 1,100 of 2,100, 100 rows/s, 10 s left" in capsys.readouterr().err


def test_related_tables_are_written_as_pairs() -> None:
    """Half a pair is wrong usage."""
    with pytest.raises(UsageError, match="--related"):
        masking._related(["a.b.c="])
