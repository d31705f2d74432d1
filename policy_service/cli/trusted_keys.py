"""`policy-service keys | bundles cosign`: the keys that points trust, and further signatures."""

import base64
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from policy_service.cli.output import AsJson, console, counted, print_json, table
from policy_service.cli.session import open_platform, operator
from policy_service.domain.errors import PublicationError
from policy_service.domain.identifiers import Revision
from policy_service.domain.keyset import Keyset
from policy_service.encryption.signing_keys import create_signing_key, open_signing_key
from policy_service.enforcement.bundle_file import write_document
from policy_service.enforcement.trusted_keys import open_keyset
from policy_service.engines.cryptography import KEY_BYTES, Ed25519Signer, Ed25519Verifier
from policy_service.settings import load_settings
from policy_service.workflows import trusted_keys as keys_workflow
from policy_service.workflows.publish import cosign

keys_app = typer.Typer(help="The keys that enforcement points trust.", no_args_is_help=True)
bundles_app = typer.Typer(help="Signatures under published bundles.", no_args_is_help=True)

With: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--with", help="A further holder's private key file, brought along to sign."),
]
AskPassphrase: TypeAlias = Annotated[
    bool, typer.Option("--ask-passphrase", help="Ask for the passphrase of the key files.")
]
Threshold: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, help="How many holders must sign a bundle from now on; none: as before."),
]


@keys_app.command("list", epilog="Example: policy-service keys list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys that enforcement points trust now."""
    with open_platform() as platform:
        keyset = open_keyset(keys_workflow.trusted_keys(platform)).keyset
    _print_keyset(keyset, as_json=as_json)


@keys_app.command("export", epilog="Example: policy-service keys export keyset.json")
def export_keys(
    file: Annotated[Path, typer.Argument(help="Where to write the key set.")],
    as_json: AsJson = False,
) -> None:
    """Write the trusted keys for a new enforcement point; hand them over on a way you trust."""
    with open_platform() as platform:
        document = keys_workflow.trusted_keys(platform)
    write_document(document, file)
    if as_json:
        print_json({"file": str(file), "sha256": document.sha256})
        return
    console.print(f"wrote {file}, hash {document.sha256}")


@keys_app.command("create", epilog="Example: policy-service keys create alice.pem")
def create_key(
    file: Annotated[Path, typer.Argument(help="Where to write the private key.")],
    ask_passphrase: AskPassphrase = False,
    as_json: AsJson = False,
) -> None:
    """Make a key for a second person; its public half, FILE.pub, is what `keys trust` takes."""
    signer = create_signing_key(file, passphrase=_passphrase(ask_passphrase))
    if as_json:
        print_json({"file": str(file), "key_id": signer.key_id})
        return
    console.print(f"made key {signer.key_id}: keep {file} to yourself, hand over {file}.pub")


@keys_app.command("rotate", epilog="Example: policy-service keys rotate")
def rotate(
    overlap_days: Annotated[
        int, typer.Option(min=0, max=365, help="How long the old key is still trusted.")
    ] = keys_workflow.OVERLAP.days,
    others: With = None,
    ask_passphrase: AskPassphrase = False,
    as_json: AsJson = False,
) -> None:
    """Change the service's signing key; enforcement points follow by themselves."""
    secret = load_settings().keyring_passphrase
    with open_platform() as platform:
        made = keys_workflow.rotate_key(
            platform,
            actor=operator(),
            passphrase=None if secret is None else secret.get_secret_value(),
            others=_signers(others, ask_passphrase),
            overlap=timedelta(days=overlap_days),
        )
    _print_keyset(made.keyset, as_json=as_json)
    if not as_json:
        console.print("\nrestart a running service, so that it signs with the new key")


@keys_app.command("trust", epilog="Example: policy-service keys trust alice.pem.pub --holder alice")
def trust(
    file: Annotated[Path, typer.Argument(help="The public key, PEM.")],
    holder: Annotated[str, typer.Option(help="Who holds the private half.")],
    threshold: Threshold = None,
    others: With = None,
    ask_passphrase: AskPassphrase = False,
    as_json: AsJson = False,
) -> None:
    """Trust a second person's key; with a threshold, bundles need their signature."""
    with open_platform() as platform:
        made = keys_workflow.trust_key(
            platform,
            _public_key(file),
            holder=holder,
            threshold=threshold,
            actor=operator(),
            others=_signers(others, ask_passphrase),
        )
    _print_keyset(made.keyset, as_json=as_json)


@keys_app.command("retire", epilog="Example: policy-service keys retire 1f8a2b3c4d5e6f70")
def retire(
    key_id: Annotated[str, typer.Argument(help="The key's id.")],
    threshold: Threshold = None,
    others: With = None,
    ask_passphrase: AskPassphrase = False,
    as_json: AsJson = False,
) -> None:
    """Trust a key no longer; what only it has signed must be published again."""
    with open_platform() as platform:
        made = keys_workflow.retire_key(
            platform,
            key_id,
            threshold=threshold,
            actor=operator(),
            others=_signers(others, ask_passphrase),
        )
    _print_keyset(made.keyset, as_json=as_json)


@keys_app.command("renew", epilog="Example: policy-service keys renew")
def renew(
    others: With = None, ask_passphrase: AskPassphrase = False, as_json: AsJson = False
) -> None:
    """Issue the same keys again, before the set ends."""
    with open_platform() as platform:
        made = keys_workflow.renew_keys(
            platform, actor=operator(), others=_signers(others, ask_passphrase)
        )
    _print_keyset(made.keyset, as_json=as_json)


@bundles_app.command("cosign", epilog="Example: policy-service bundles cosign 7 --key alice.pem")
def cosign_bundle(
    revision: Annotated[int, typer.Argument(min=1, help="The bundle's revision.")],
    key: Annotated[Path, typer.Option(help="Your private key file.")],
    ask_passphrase: AskPassphrase = False,
    as_json: AsJson = False,
) -> None:
    """Sign a published bundle as a second person; points that want both signatures take it then."""
    signer = open_signing_key(key, passphrase=_passphrase(ask_passphrase))
    with open_platform() as platform:
        signed = cosign(platform, Revision(revision), signer=signer, actor=operator())
    signers = (signed.key_id, *(one.key_id for one in signed.cosignatures))
    if as_json:
        print_json({"revision": revision, "sha256": signed.sha256, "signed_by": signers})
        return
    console.print(f"revision {revision} is signed by {', '.join(signers)}")


def _print_keyset(keyset: Keyset, *, as_json: bool) -> None:
    if as_json:
        print_json(keyset)
        return
    shown = table("key", "holder", "trusted until")
    for key in keyset.keys:
        shown.add_row(key.key_id, key.holder, (key.not_after or keyset.expires_at)[:10])
    console.print(shown)
    console.print(
        f"\nkey set {keyset.version}: {counted(keyset.threshold, 'holder')} must sign a bundle"
    )


def _signers(files: list[Path] | None, ask_passphrase: bool) -> tuple[Ed25519Signer, ...]:
    return tuple(
        open_signing_key(file, passphrase=_passphrase(ask_passphrase, file.name))
        for file in files or ()
    )


def _passphrase(ask: bool, name: str = "the key") -> str | None:
    if not ask:
        return None
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt(f"Passphrase of {name}", hide_input=True))


def _public_key(file: Path) -> bytes:
    """Read the one public key of a PEM file; its raw 32 bytes end the DER form (RFC 8410)."""
    try:
        pem = file.read_text(encoding="ascii")
        verifier = Ed25519Verifier.from_pem(pem)
    except (OSError, UnicodeDecodeError) as error:
        raise PublicationError(f"cannot read `{file.name}`; give a PEM public key") from error
    if len(verifier.key_ids) != 1:
        raise PublicationError(f"`{file.name}` holds {len(verifier.key_ids)} keys; give one")
    lines = verifier.pem().splitlines()
    return base64.b64decode("".join(lines[1:-1]))[-KEY_BYTES:]
