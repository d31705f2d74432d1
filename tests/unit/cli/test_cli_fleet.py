"""`fleet`, `keys` and `bundles cosign`: what they print, what they refuse."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from policy_service.app import build_platform, close_platform
from policy_service.domain.fleet import PointReport
from policy_service.domain.identifiers import Revision
from policy_service.domain.signed_document import DocumentKind
from policy_service.enforcement.bundle_file import read_document
from policy_service.enforcement.trusted_keys import open_keyset
from policy_service.publication.signing import sign_bundle
from policy_service.settings import Settings
from policy_service.storage import bundles
from policy_service.workflows.fleet import save_report
from policy_service.workflows.platform import Platform
from tests.builders import make_bundle
from tests.fixtures.command_line import CommandLine, in_process


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform in a home of its own, opened once for all commands of a test."""
    opened = build_platform(Settings(home=tmp_path / "home"))
    yield opened
    close_platform(opened)


@pytest.fixture
def run(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """Run one command in process; no engine is loaded."""

    @contextmanager
    def opened() -> Iterator[Platform]:
        yield platform

    for module in ("fleet", "trusted_keys"):
        monkeypatch.setattr(f"policy_service.cli.{module}.open_platform", opened)
    monkeypatch.setenv("COLUMNS", "200")
    return in_process(monkeypatch, capsys)


def test_points_are_listed_and_forgotten(run: CommandLine, platform: Platform) -> None:
    """Nobody yet, then one that is behind with its last error, then nobody again."""
    assert "no enforcement point has reported" in run("fleet", "list").out
    report = PointReport(
        name="orders-1",
        source="bank",
        revision=Revision(3),
        directory=1,
        keyset=1,
        in_force_since="2026-03-02T12:00:00.000000Z",
        stale=False,
        error="the service answers 503",
    )
    save_report(platform, report, account="agents")
    shown = run("fleet", "list").out
    assert "orders-1" in shown
    assert "failing" in shown
    assert "3 (live: 0)" in shown
    assert run("fleet", "list", "--json").json[0]["state"] == "failing"
    assert run("fleet", "forget", "orders-1").out == "forgot orders-1\n"
    again = run("fleet", "forget", "orders-1", "--json")
    assert (again.exit_code, again.line) == (
        3,
        "policy-service: no enforcement point `orders-1` has reported",
    )


def test_keys_are_made_trusted_rotated_and_retired(run: CommandLine, tmp_path: Path) -> None:
    """The whole life of a second person's key, and the threshold that asks for it."""
    alice = tmp_path / "alice.pem"
    made = run("keys", "create", str(alice), "--json").json
    said = run("keys", "create", str(tmp_path / "bob.pem")).out
    assert "hand over" in " ".join(said.split())
    trust = ("keys", "trust", f"{alice}.pub", "--holder", "alice", "--threshold", "2")
    refused = run(*trust)
    assert refused.exit_code == 4
    assert "--with FILE" in refused.line
    assert "2 holders must sign" in run(*trust, "--with", str(alice)).out
    assert run("keys", "rotate").exit_code == 4
    rotated = run("keys", "rotate", "--with", str(alice), "--overlap-days", "7")
    assert "restart a running service" in rotated.out
    listed = run("keys", "list", "--json").json
    assert [key["holder"] for key in listed["keys"]].count("service") == 2
    retire = ("keys", "retire", made["key_id"], "--threshold", "1", "--with", str(alice), "--json")
    assert run(*retire).json["threshold"] == 1
    assert run("keys", "renew", "--json").json["version"] == 5


def test_exported_keys_are_the_root_of_trust(run: CommandLine, tmp_path: Path) -> None:
    """What `keys export` writes is what an agent starts from."""
    file = tmp_path / "keyset.json"
    said = run("keys", "export", str(file))
    document = read_document(file, DocumentKind.KEYSET)
    assert document.sha256 in said.out.replace("\n", "")
    assert open_keyset(document).version == 1
    assert run("keys", "export", str(file), "--json").json["sha256"] == document.sha256


def test_a_file_that_is_no_public_key_is_named(run: CommandLine, tmp_path: Path) -> None:
    """A file without exactly one public key is refused: which is meant is not guessed."""
    for name in ("a", "b"):
        run("keys", "create", str(tmp_path / name))
    both = "".join((tmp_path / f"{name}.pub").read_text() for name in "ab")
    file = tmp_path / "alice.pub"
    for content, said in (("no key", "no public key found"), ("é", "PEM"), (both, "holds 2 keys")):
        file.write_text(content, encoding="utf-8")
        outcome = run("keys", "trust", str(file), "--holder", "alice")
        assert outcome.exit_code == 1
        assert said in outcome.line


def test_a_second_person_signs_a_published_bundle(
    run: CommandLine, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With their own key file, under a passphrase that is asked for."""
    alice = tmp_path / "alice.pem"
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n" * 3))
    run("keys", "create", str(alice), "--ask-passphrase")
    run("keys", "trust", f"{alice}.pub", "--holder", "alice")
    bundle = replace(make_bundle(issued_at=platform.clock.now()), tenant=platform.tenant)
    with platform.database.write() as session:
        bundles.add_bundle(session, sign_bundle(bundle, signer=platform.signer))
    cosign = ("bundles", "cosign", "1", "--key", str(alice), "--ask-passphrase")
    assert "revision 1 is signed by" in run(*cosign).out
    assert "has signed revision 1 already" in run(*cosign).line
