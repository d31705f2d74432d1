"""A dbt manifest as a source: models, sources, contracts, tests and what people wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from policy_service.catalog.file_sources.declared import DeclaredSource
from policy_service.catalog.file_sources.recognise import open_files
from policy_service.catalog.observation import ObservedTable
from policy_service.domain.errors import (
    CatalogError,
    EmptySourceError,
    NotFoundError,
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


def _write(folder: Path, content: object, name: str = "manifest.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def _open(path: Path, url: str = "{}") -> DeclaredSource:
    with open_files(url.format(path)) as source:
        assert isinstance(source, DeclaredSource)
        return source


def _tables(source: DeclaredSource) -> dict[str, ObservedTable]:
    return {
        name: source.read_table(name, source="shop", sample_rows=10)
        for name in source.table_names()
    }


def _keys(table: ObservedTable) -> set[tuple[str, str, str]]:
    return {(key.column, key.references_table, key.references_column) for key in table.foreign_keys}


@pytest.mark.parametrize("version", [9, 10, 11, 12])
def test_a_dbt_manifest_gives_tables_keys_and_meanings(tmp_path: Path, version: int) -> None:
    """Contracts and tests say what is unique, filled and a reference; those that warn do not."""
    source = _open(_write(tmp_path, _manifest(version)))
    tables = _tables(source)
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
    assert _keys(orders) == {
        ("customer_id", "shop.marts.dim_customers", "id"),
        ("parent_id", "shop.marts.orders", "id"),
    }
    assert not any(key.inferred for key in orders.foreign_keys)
    said = source.declared
    assert said["dim_customers", "email"].categories == ("user.contact.email",)
    assert said["dim_customers", "email"].description == "Where we write to"
    assert said["dim_customers", "born"].categories == ("user",)
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
    _write(tmp_path, {"nodes": {"model.shop.customers": held}, "sources": {}}, "catalog.json")
    table = _tables(_open(_write(tmp_path, _manifest())))["dim_customers"]
    assert [(one.name, one.data_type) for one in table.columns] == [
        ("id", "integer"),
        ("email", "text"),
        ("SSN", "text"),
        ("born", "other"),
    ]
    assert table.row_count == 1_234


def test_a_description_answers_nothing_about_values(tmp_path: Path) -> None:
    """Rows, distinct values and inclusion cannot be told without data."""
    source = _open(_write(tmp_path, _manifest()))
    table = _tables(source)["orders"]
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
    path = _write(tmp_path, manifest)
    with pytest.raises(CatalogError, match=r"schemas `marts`, `raw`.*`\?schema=raw`"):
        _open(path)
    source = _open(path, "dbt:///{}?schema=raw")
    assert list(_tables(source)) == ["PEOPLE_V1"]
    assert source.declared["PEOPLE_V1", "mail"].categories == ("user",)
    with pytest.raises(EmptySourceError, match="no schema `x`; it describes `marts`, `raw`"):
        _open(path, "dbt:///{}?schema=x")


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
    source = _open(_write(tmp_path, manifest))
    table = _tables(source)["lands"]
    assert [(one.name, one.data_type, one.unique) for one in table.columns] == [
        ("code", "text", True),
        ("name", "other", False),
    ]
    assert source.declared["lands", "code"].description == "ISO 3166"
    assert source.declared["lands", "code"].categories == ("user",)
