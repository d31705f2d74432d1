"""`policy-service corpus …`: what the drafts stand on."""

from collections import Counter
from typing import Annotated

import typer

from policy_service.cli.output import AsJson, console, print_json, progress_bars, table
from policy_service.cli.session import open_platform
from policy_service.domain.identifiers import ProvisionId
from policy_service.domain.provision import ControlKind
from policy_service.workflows.corpus import search_corpus

app = typer.Typer(
    help="Regulations, standards and internal policies, as cited.", no_args_is_help=True
)


@app.command("list", epilog="Example: policy-service corpus list --json")
def list_instruments(as_json: AsJson = False) -> None:
    """List the instruments with how many provisions and obligations each has."""
    with open_platform() as platform:
        corpus = platform.corpus
        provisions = Counter(one.instrument for one in corpus.provisions)
        obligations = Counter(one.instrument for one in corpus.provisions for _ in one.obligations)
        if as_json:
            print_json(
                {
                    "sha256": corpus.sha256,
                    "instruments": [
                        {
                            "id": one.id,
                            "title": one.title,
                            "kind": one.kind,
                            "jurisdictions": one.jurisdictions,
                            "version_date": one.version_date,
                            "url": one.url,
                            "provisions": provisions[one.id],
                            "obligations": obligations[one.id],
                        }
                        for one in corpus.instruments
                    ],
                }
            )
            return
        shown = table("instrument", "title", "kind", "version", "provisions", "obligations")
        for one in corpus.instruments:
            shown.add_row(
                one.id,
                one.title,
                one.kind,
                one.version_date,
                str(provisions[one.id]),
                str(obligations[one.id]),
            )
        console.print(shown)
        console.print(
            f"\n{len(corpus.instruments)} instruments, {len(corpus.provisions)} provisions, "
            f"{sum(obligations.values())} obligations"
        )


@app.command(
    "search", epilog='Example: policy-service corpus search "encryption of personal data at rest"'
)
def search(
    query: Annotated[str, typer.Argument(help="What you are looking for, in words.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many provisions at most.")] = 5,
    instrument: Annotated[
        list[str] | None, typer.Option(help="Only this instrument; may be repeated.")
    ] = None,
    kind: Annotated[ControlKind | None, typer.Option(help="Only this kind of control.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find the provisions that say something about QUERY."""
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        found = search_corpus(
            platform,
            query,
            limit=limit,
            instruments=frozenset(instrument) if instrument else None,
            kind=kind,
            progress=progress,
        )
    if as_json:
        print_json({"query": query, "passages": found})
        return
    for passage in found:
        provision = passage.provision
        console.print(
            f"[bold]{provision.heading[0]}, {provision.section}[/] · {provision.title} "
            f"[dim]{provision.id}  {passage.score:.2f}[/]"
        )
        console.print(f"  {provision.text}\n")


@app.command("show", epilog="Example: policy-service corpus show gdpr/art-32/1/a")
def show(
    provision_id: Annotated[str, typer.Argument(help="A provision's id.")], as_json: AsJson = False
) -> None:
    """Show one provision with its obligations and where to read the original."""
    with open_platform() as platform:
        provision = platform.corpus.get(ProvisionId(provision_id))
    if as_json:
        print_json(provision)
        return
    console.print(f"[bold]{provision.heading[0]}, {provision.section}[/] · {provision.title}")
    console.print(f"\n{provision.text}\n")
    for one in provision.obligations:
        settings = ", ".join(f"{name}={value}" for name, value in one.parameters.items())
        console.print(f"  {one.strength} · {one.kind} · {settings}")
    console.print(f"\n[dim]digest in our own words; original: {provision.url}[/]")
