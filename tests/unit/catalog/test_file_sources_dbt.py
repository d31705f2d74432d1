"""A dbt manifest as a source: models, sources, contracts, tests and what people wrote."""

from pathlib import Path
from typing import Any

import pytest

from policy_service.domain.errors import (
    CatalogError,
    EmptySourceError,
    NotFoundError,
)
from tests.fixtures.described_sources import (
    declared_of,
    keys_of,
    open_described,
    tables_of,
    write_described,
)

Json = dict[str, Any]
MAIL = {
    "name": "email",
    "data_type": "varchar(200)",
    "description": "Where we write to",
    "meta": {"data_category": "user.contact.email", "owner": "crm", "pii": True, "phi": False},
    "tags": ["nightly"],
}


def _test(kind: str, column: str, on: str, *, config: Json | None = None, **told: Any) -> Json:
    node: Json = {
        "resource_type": "test",
        "column_name": column,
        "test_metadata": {"name": kind, "kwargs": {"column_name": column, **told}},
        "attached_node": on,
        "depends_on": {"nodes": told.pop("nodes", [on])},
        "config": {"severity": "ERROR", "where": None, **(config or {})},
    }
    return node


def _manifest(version: int = 12) -> Json:
    customers, orders = "model.shop.customers", "model.shop.orders"
    nodes: Json = {
        customers: {
            "resource_type": "model",
            "schema": "marts",
            "name": "customers",
            "alias": "dim_customers",
            "description": "One row a customer",
            "config": {"materialized": "table"},
            "columns": {
                "id": {"name": "id", "data_type": "bigint", "constraints": [{"type": "not_null"}]},
                "email": MAIL,
                "born": {"name": "born", "config": {"meta": {"classification": ["PII", 7]}}},
            },
            "constraints": [{"type": "primary_key", "columns": ["id"]}],
        },
        orders: {
            "resource_type": "model",
            "schema": "marts",
            "name": "orders",
            "columns": {
                "id": {"name": "id", "constraints": [{"type": "unique"}]},
                "customer_id": {"name": "customer_id"},
                "parent_id": {"name": "parent_id"},
                "code": {"name": "code"},
                "maybe": {"name": "maybe"},
            },
            "constraints": [{"type": "unique", "columns": ["code"]}],
            "primary_key": ["maybe"],
        },
        "model.shop.step": {
            "resource_type": "model",
            "schema": "marts",
            "name": "step",
            "config": {"materialized": "ephemeral"},
            "columns": {"x": {"name": "x"}},
        },
        "seed.shop.lands": {
            "resource_type": "seed",
            "schema": "marts",
            "name": "lands",
            "columns": {"code": {"name": "code", "tags": ["pii"]}},
        },
        "test.shop.1": _test("unique", "email", customers),
        "test.shop.2": _test("not_null", "customer_id", orders),
        "test.shop.3": _test("unique", "maybe", orders, config={"severity": "warn"}),
        "test.shop.4": _test("not_null", "maybe", orders, config={"where": "id > 7"}),
        "test.shop.5": _test("relationships", "customer_id", orders, field="id",
                             to="ref('customers')", nodes=[customers, orders]),
        "test.shop.6": _test("relationships", "parent_id", orders, field="id",
                             to="ref('orders')", nodes=[orders]),
        "test.shop.7": {"resource_type": "test", "test_metadata": None},
        "test.shop.8": _test("accepted_values", "code", orders),
        "operation.shop.hook": {"resource_type": "operation"},
    }  # fmt: skip
    if version < 10:
        for name, node in nodes.items():
            if name.startswith("test.") and node.get("attached_node"):
                model = node.pop("attached_node").rsplit(".", 1)[-1]
                node["test_metadata"]["kwargs"]["model"] = f"{{{{ get_where(ref('{model}')) }}}}"
    url = f"https://schemas.getdbt.com/dbt/manifest/v{version}.json"
    return {"metadata": {"dbt_schema_version": url}, "nodes": nodes, "sources": {}}


@pytest.mark.parametrize("version", [9, 10, 11, 12])
def test_a_dbt_manifest_gives_tables_keys_and_meanings(tmp_path: Path, version: int) -> None:
    """Contracts and tests say what is unique, filled and a reference; those that warn do not."""
    source = open_described(write_described(tmp_path, _manifest(version)))
    tables = tables_of(source)
    assert (source.dialect, source.shown_schema) == ("dbt", "marts")
    assert sorted(tables) == ["dim_customers", "lands", "orders"]
    customers, orders = tables["dim_customers"], tables["orders"]
    assert (customers.id, customers.row_count) == ("shop.marts.dim_customers", 0)
    assert [(one.name, one.data_type, one.nullable, one.primary_key, one.unique, one.values)
            for one in customers.columns] == [
        ("id", "integer", False, True, True, ()),
        ("email", "text", True, False, True, ()),
        ("born", "other", True, False, False, ()),
    ]  # fmt: skip
    assert {one.name: (one.nullable, one.unique) for one in orders.columns} == {
        "id": (True, True),
        "customer_id": (False, False),
        "parent_id": (True, False),
        "code": (True, True),
        "maybe": (True, False),
    }
    assert keys_of(orders) == {
        ("customer_id", "shop.marts.dim_customers", "id"),
        ("parent_id", "shop.marts.orders", "id"),
    }
    assert not any(key.inferred for key in orders.foreign_keys)
    said = declared_of(source)
    assert said["dim_customers", "email"] == (("user.contact.email",), "Where we write to")
    assert said["dim_customers", "born"][0] == ("user",)
    assert ("orders", "code") not in said


def test_the_dbt_catalogue_adds_what_the_warehouse_holds(tmp_path: Path) -> None:
    """Types, order, row counts and columns that nobody described come from `catalog.json`."""
    stats = {"has_stats": {"value": True}, "row_count": {"id": "row_count", "value": 1234.0}}
    columns = {
        "SSN": {"name": "SSN", "type": "TEXT", "index": 3},
        "ID": {"name": "ID", "type": "NUMBER(38,0)", "index": 1},
        "EMAIL": {"name": "EMAIL", "type": "TEXT", "index": 2},
    }
    held = {"columns": columns, "stats": stats}
    write_described(
        tmp_path, {"nodes": {"model.shop.customers": held}, "sources": {}}, "catalog.json"
    )
    table = tables_of(open_described(write_described(tmp_path, _manifest())))["dim_customers"]
    assert [(one.name, one.data_type) for one in table.columns] == [
        ("id", "integer"),
        ("email", "text"),
        ("SSN", "text"),
        ("born", "other"),
    ]
    assert table.row_count == 1_234


def test_a_description_answers_nothing_about_values(tmp_path: Path) -> None:
    """Rows, distinct values and inclusion cannot be told without data."""
    source = open_described(write_described(tmp_path, _manifest()))
    table = tables_of(source)["orders"]
    assert source.read_rows(table, ("id",), most=5) == []
    assert source.count_distinct(table, "id") is None
    assert source.count_held(table, "id", [1]) is None
    with pytest.raises(NotFoundError, match="no table `x`"):
        source.read_table("x", source="shop", sample_rows=1)


def test_one_of_several_schemas_is_named_in_the_address(tmp_path: Path) -> None:
    """Sources and models lie in different schemas: the address chooses, the error lists them."""
    manifest = _manifest()
    manifest["sources"]["source.shop.raw.people"] = {
        "resource_type": "source",
        "schema": "raw",
        "name": "people",
        "identifier": "PEOPLE_V1",
        "columns": {"mail": {"name": "mail", "tags": ["pii"]}},
    }
    path = write_described(tmp_path, manifest)
    with pytest.raises(CatalogError, match=r"schemas `marts`, `raw`.*`\?schema=raw`"):
        open_described(path)
    source = open_described(path, "dbt:///{}?schema=raw")
    assert list(tables_of(source)) == ["PEOPLE_V1"]
    assert declared_of(source)["PEOPLE_V1", "mail"][0] == ("user",)
    with pytest.raises(EmptySourceError, match="no schema `x`; it describes `marts`, `raw`"):
        open_described(path, "dbt:///{}?schema=x")


def test_two_nodes_of_one_relation_are_one_table(tmp_path: Path) -> None:
    """A seed that another part of the project names as its source is told once, by both."""
    manifest = _manifest()
    manifest["sources"]["source.shop.raw.lands"] = {
        "resource_type": "source",
        "schema": "marts",
        "name": "lands_of_the_world",
        "identifier": "lands",
        "columns": {
            "code": {"name": "code", "data_type": "char(2)", "description": "ISO 3166"},
            "name": {"name": "name"},
        },
    }
    manifest["nodes"]["test.shop.9"] = _test("unique", "code", "source.shop.raw.lands")
    source = open_described(write_described(tmp_path, manifest))
    table = tables_of(source)["lands"]
    assert [(one.name, one.data_type, one.unique) for one in table.columns] == [
        ("code", "text", True),
        ("name", "other", False),
    ]
    assert declared_of(source)["lands", "code"][1] == "ISO 3166"
    assert declared_of(source)["lands", "code"][0] == ("user",)
