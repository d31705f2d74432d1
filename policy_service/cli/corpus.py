"""`policy-service corpus list | search | show`: what the drafts stand on.

Importing is in `corpus_editions.py`, extracted obligations in `corpus_proposals.py`.
"""

from typing import Annotated

import typer

from policy_service.cli import corpus_editions, corpus_proposals
from policy_service.cli.corpus_words import (
    first_line,
    obligation_of,
    path_of,
    shown,
    standing_of,
    title_of,
)
from policy_service.cli.output import AsJson, console, print_json, progress_bars, table
from policy_service.cli.session import open_platform
from policy_service.domain.plain import to_plain
from policy_service.domain.provision import ControlKind, Passage, Standing
from policy_service.retrieval.filters import Filters
from policy_service.workflows.corpus import (
    TextReading,
    read_text,
    search_corpus,
    summarise_instruments,
)

app = typer.Typer(
    help="Regulations, standards and internal policies, as cited.", no_args_is_help=True
)


@app.command("list", epilog="Example: policy-service corpus list --json")
def list_instruments(as_json: AsJson = False) -> None:
    """List the instruments: entries of our digests, official texts, obligations."""
    with open_platform() as platform:
        found = summarise_instruments(platform)
        sha256 = platform.corpus.sha256
    if as_json:
        print_json(
            {
                "sha256": sha256,
                "instruments": [
                    {**_mapping(one.instrument), **_mapping(one)} | {"id": one.instrument.id}
                    for one in found
                ],
            }
        )
        return
    listed = table(
        "instrument", "title", "kind", "version", "digest", "official", "unreviewed", "obligations"
    )
    for one in found:
        head = one.instrument
        listed.add_row(
            head.id,
            shown(head.title),
            head.kind,
            head.version_date,
            *(str(count or "–") for count in (one.digested, one.official, one.apart)),
            str(one.obligations),
        )
    console.print(listed)
    console.print(
        f"\n{len(found)} instruments, {sum(one.provisions for one in found)} provisions, "
        f"{sum(one.obligations for one in found)} obligations\n"
        "[dim]unreviewed: found by search, never drafted from; approved older versions count "
        "among them[/]"
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
    jurisdiction: Annotated[
        str | None, typer.Option(help="Only what reaches this place: `EU`, `EU-DE`, `US-CA`.")
    ] = None,
    sector: Annotated[str | None, typer.Option(help="Only what reaches this sector.")] = None,
    kind: Annotated[
        list[ControlKind] | None, typer.Option(help="Only this kind of control; repeatable.")
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="Only obligations on this data category.")
    ] = None,
    in_force: Annotated[
        str | None, typer.Option(help="What held on this date, such as 2024-06-30; default: now.")
    ] = None,
    standing: Annotated[
        list[Standing] | None, typer.Option(help="digest, approved or unreviewed; repeatable.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the provisions that say something about QUERY, unreviewed imports among them."""
    filters = Filters(
        instruments=frozenset(instrument) if instrument else None,
        jurisdiction=jurisdiction,
        sector=sector,
        kinds=frozenset(kind) if kind else None,
        category=category,
        in_force=in_force,
        standings=frozenset(standing) if standing else None,
    )
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        found = search_corpus(platform, query, limit=limit, filters=filters, progress=progress)
    if as_json:
        print_json({"query": query, "passages": found})
        return
    for passage in found:
        _print_passage(passage)
    if not found:
        console.print("nothing found")


@app.command("show", epilog="Example: policy-service corpus show gdpr/art-32/1/a")
def show(
    provision_id: Annotated[str, typer.Argument(help="A provision's id.")],
    version_date: Annotated[
        str, typer.Option(help="The text of this version; default: the one drafts quote.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show one provision: its text and what that is, our digest of it, what it requires."""
    with open_platform() as platform:
        reading = read_text(platform, provision_id, version_date=version_date)
    if as_json:
        print_json(
            {
                **_mapping(reading.provision),
                "official": reading.provision.standing is not Standing.DIGEST,
                "before": reading.before,
                "after": reading.after,
                "edition": reading.edition,
                "proposals": [
                    {**_mapping(one.proposal), "evidence": one.evidence, "decision": one.decision}
                    for one in reading.proposals
                ],
                "other_texts": reading.others,
            }
        )
        return
    _print_reading(reading)


def _print_passage(passage: Passage) -> None:
    provision = passage.provision
    console.print(
        f"{title_of(provision)} [dim]{shown(provision.id)}  {passage.score:.2f}[/] "
        f"{'' if provision.standing is Standing.DIGEST else standing_of(provision)}"
    )
    if path := path_of(provision):
        console.print(f"  [dim]{path}[/]")
    if passage.before is not None:
        console.print(f"  [dim]… {first_line(passage.before.text)}[/]")
    console.print(f"  {shown(provision.text)}")
    if passage.after is not None:
        console.print(f"  [dim]{first_line(passage.after.text)} …[/]")
    console.print()


def _print_reading(reading: TextReading) -> None:
    provision = reading.provision
    console.print(f"{title_of(provision)}\n{standing_of(provision)}")
    if path := path_of(provision):
        console.print(f"[dim]{path}[/]")
    console.print(f"\n{shown(provision.text)}\n")
    if provision.summary:
        console.print(f"in our own words: {shown(provision.summary)}\n")
    for obligation in provision.obligations:
        console.print(f"  {obligation.strength} · {obligation_of(obligation)}")
    for one in reading.proposals:
        if one.decision is None:
            console.print(
                f"  [dim]proposed · {obligation_of(one.proposal.obligation)} "
                f"({shown(one.proposal.id)})[/]"
            )
    if provision.references:
        console.print(f"  refers to {shown(', '.join(provision.references))}")
    _print_surroundings(reading)


def _print_surroundings(reading: TextReading) -> None:
    provision = reading.provision
    for name, one in (("before", reading.before), ("after", reading.after)):
        if one is not None:
            console.print(f"  [dim]{name}: {shown(one.id)} {first_line(one.text, 70)}[/]")
    for other in reading.others:
        console.print(f"  [dim]also held:[/] {standing_of(other)}")
    edition = reading.edition
    if edition is None:
        console.print(f"\n[dim]digest in our own words; original: {shown(provision.url)}[/]")
        return
    source = edition.provenance
    approved = f", approved by {edition.decided_by}" if edition.decided_by else ""
    console.print(
        f"\n[dim]official text as imported by {shown(edition.imported_by)} on "
        f"{edition.imported_at[:10]}{shown(approved)} from {shown(', '.join(source.files))} "
        f"({source.format}, sha256 {source.source_sha256[:12]}…); "
        f"original: {shown(provision.url)}[/]"
    )


def _mapping(value: object) -> dict[str, object]:
    plain = to_plain(value)
    assert isinstance(plain, dict)  # noqa: S101 - a dataclass becomes an object
    return dict(plain)


corpus_editions.register(app)
corpus_proposals.register(app)
