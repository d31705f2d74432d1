"""The command line: `policy-service …`; every command has `--json` and a meaningful exit code.

0 done; 1 failed; 2 wrong usage; 3 not found; 4 the state forbids it; 5 not yours to do;
6 denied; 7 the audit log is not whole; 130 interrupted.
"""

import os

import typer

from policy_service.cli import (
    access,
    applications,
    catalog,
    catalog_corrections,
    corpus,
    fleet,
    masking,
    masking_choice,
    native,
    operations,
    policy,
    quickstart,
    refinement,
    relevance,
    serving,
    trusted_keys,
)
from policy_service.cli.errors import guarded

app = typer.Typer(
    name="policy-service",
    help="Turn regulations into enforced, audited and reviewed data security.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(corpus.app, name="corpus")
app.add_typer(catalog.app, name="catalog")
app.add_typer(catalog.people_app, name="people")
app.add_typer(operations.audit_app, name="audit")
app.add_typer(operations.accounts_app, name="accounts")
app.add_typer(applications.app, name="applications")
app.add_typer(fleet.app, name="fleet")
app.add_typer(trusted_keys.keys_app, name="keys")
app.add_typer(trusted_keys.bundles_app, name="bundles")
policy.register(app)
native.register(app)
access.register(app)
masking.register(app)
masking_choice.register(app)
serving.register(app)
refinement.register(app)
relevance.register(corpus.app)
catalog_corrections.register(catalog.app)
quickstart.register(app)


def main() -> None:
    """Run the command line; errors end in one line and an exit code, never a traceback."""
    # Idle OpenMP threads that spin would slow the rest of the work; set before torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    guarded(app)
