"""The allow-list of functions names functions of the parser, and nothing that reaches further."""

import pytest
from sqlglot import exp

from policy_service.engines.sqlglot_functions import allowed_functions, named_functions

DIALECTS = ("sqlite", "postgresql", "duckdb")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_name_is_a_node_of_the_parser(dialect: str) -> None:
    """A name that the parser does not have would be dead, or a slip."""
    unknown = [one for one in allowed_functions(dialect) if not hasattr(exp, one)]
    assert not unknown


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_on_the_list_reaches_beyond_its_arguments(dialect: str) -> None:
    """No listed name is one that reads files, settings, catalogues or sessions, or waits."""
    fatal = (
        "FILE", "READ", "QUERY", "SETTING", "CONFIG", "SLEEP", "EXEC", "PG_", "ENV", "USER",
        "SESSION", "SCHEMA", "CATALOG", "EXTENSION", "CURRVAL", "NEXTVAL", "XML", "SERIES",
        "VERSION", "UNNEST", "EXPLODE", "DUCKDB", "PRAGMA", "SNIFF", "GETVARIABLE",
    )  # fmt: skip
    in_from = {"ExplodingGenerateSeries", "GenerateSeries"}  # and there alone
    listed = allowed_functions(dialect) - in_from
    names = {one.upper() for one in listed} | named_functions(dialect)
    assert not [name for name in names if any(part in name for part in fatal)]
