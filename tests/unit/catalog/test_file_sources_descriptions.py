"""dbt, OpenMetadata, DataHub and Fides files as sources: structure and meaning without data."""

import json
from pathlib import Path
from typing import Any

import pytest

from policy_service.catalog.file_sources.labels import declared_categories
from policy_service.catalog.file_sources.recognise import open_files
from policy_service.catalog.file_sources.type_names import data_type_of
from policy_service.domain.errors import (
    CatalogError,
    SourceUnreachableError,
)
from tests.fixtures.described_sources import (
    declared_of,
    keys_of,
    open_described,
    tables_of,
    write_described,
)

Json = dict[str, Any]


OPEN_METADATA = """
tables:
  - name: customers
    fullyQualifiedName: mysql.shop.crm.customers
    columns:
      - {name: id, dataType: NUMBER, dataTypeDisplay: "number(38,0)", constraint: PRIMARY_KEY}
      - name: email
        dataType: VARCHAR
        dataTypeDisplay: text of mail
        constraint: UNIQUE
        description: Where we write to
        tags: [{tagFQN: PII.Sensitive, source: Classification}, Tier.Tier1]
      - {name: joined, dataType: DATE, constraint: NOT_NULL, tags: [{tagFQN: PII.None}]}
      - name: home
        dataType: STRUCT
        children: [{name: city, dataType: STRING}, {name: zip, dataType: STRING}]
  - name: orders
    databaseSchema: {name: crm, type: databaseSchema}
    columns:
      - {name: a, dataType: INT}
      - {name: b, dataType: INT}
      - {name: customer, dataType: BIGINT}
    tableConstraints:
      - {constraintType: PRIMARY_KEY, columns: [a, b]}
      - {constraintType: UNIQUE, columns: [b]}
      - constraintType: FOREIGN_KEY
        columns: [customer]
        referredColumns: ['mysql."shop.db".crm.customers.id']
      - {constraintType: FOREIGN_KEY, columns: [a], referredColumns: [mysql.shop.other.x.id]}
"""


@pytest.mark.parametrize("form", ["tables", "data", "list"])
def test_open_metadata_tables_are_read(tmp_path: Path, form: str) -> None:
    """Constraints, children and tags of the standard's table entity, in any of its wrappings."""
    path = write_described(tmp_path, OPEN_METADATA.replace("tables:", f"{form}:"), "t.yaml")
    if form == "list":
        path.write_text("\n".join(line[2:] for line in OPEN_METADATA.splitlines()[2:]))
    source = open_described(path)
    customers, orders = tables_of(source).values()
    assert (source.dialect, source.shown_schema) == ("openmetadata", "crm")
    assert [(one.name, one.data_type, one.nullable, one.primary_key, one.unique)
            for one in customers.columns] == [
        ("id", "integer", False, True, True),
        ("email", "text", True, False, True),
        ("joined", "date", False, False, False),
        ("home.city", "text", True, False, False),
        ("home.zip", "text", True, False, False),
    ]  # fmt: skip
    assert [(one.name, one.primary_key, one.unique) for one in orders.columns] == [
        ("a", True, False),
        ("b", True, True),
        ("customer", False, False),
    ]
    assert keys_of(orders) == {("customer", "shop.crm.customers", "id")}
    assert declared_of(source)["customers", "email"][0] == ("user",)
    assert declared_of(source)["customers", "joined"][0] == ("system",)


def test_one_open_metadata_table_may_stand_alone(tmp_path: Path) -> None:
    """A single entity of the API, in JSON, with a schema written as text or not at all."""
    table = {"name": "t", "databaseSchema": "a.b", "columns": [{"name": "x", "dataType": "INT"}]}
    assert open_described(write_described(tmp_path, table, "t.json")).shown_schema == "b"
    del table["databaseSchema"]
    assert open_described(write_described(tmp_path, table, "t.json")).shown_schema == "public"


_URN = "urn:li:dataset:(urn:li:dataPlatform:postgres,db.crm.{},PROD)"


def _datahub_schema() -> Json:
    return {
        "schemaName": "db.crm.orders",
        "fields": [
            {"fieldPath": "[version=2.0].[type=struct].[type=long].id", "nativeDataType": "bigint"},
            {
                "fieldPath": "mail",
                "nativeDataType": "text",
                "nullable": True,
                "globalTags": {"tags": [{"tag": "urn:li:tag:email"}]},
            },
            {
                "fieldPath": "home",
                "type": {"type": {"com.linkedin.pegasus2avro.schema.RecordType": {}}},
            },
            {
                "fieldPath": "home.since",
                "nullable": True,
                "type": {"type": {"com.linkedin.pegasus2avro.schema.DateType": {}}},
            },
        ],
        "primaryKeys": ["id"],
        "foreignKeys": [
            {
                "sourceFields": [f"urn:li:schemaField:({_URN.format('orders')},mail)"],
                "foreignFields": [f"urn:li:schemaField:({_URN.format('people')},mail)"],
                "foreignDataset": _URN.format("people"),
            }
        ],
    }


def _edits() -> Json:
    info = {
        "fieldPath": "home.since",
        "description": "Moved in",
        "glossaryTerms": {"terms": [{"urn": "urn:li:glossaryTerm:Classification.PersonalData"}]},
    }
    return {"editableSchemaFieldInfo": [info]}


def _in_avro(schema: Json, edits: Json) -> tuple[Json, Json]:
    """Write optional values as Avro's JSON does, and others as null."""
    space = "com.linkedin.pegasus2avro.common."
    mail, info = schema["fields"][1], edits["editableSchemaFieldInfo"][0]
    mail["globalTags"] = {f"{space}GlobalTags": mail["globalTags"]}
    info["glossaryTerms"] = {f"{space}GlossaryTerms": info["glossaryTerms"]}
    info["description"] = {"string": info["description"]}
    schema["primaryKeys"] = None
    schema["fields"][0] |= {"isPartOfKey": {"boolean": True}, "jsonPath": None}
    schema["foreignKeys"] = {"array": schema["foreignKeys"]}
    return schema, edits


def _snapshot(people: Json) -> list[Json]:
    space = "com.linkedin.pegasus2avro."
    schema, edits = _in_avro(_datahub_schema(), _edits())
    both = [(_URN.format("orders"), [("schema.SchemaMetadata", schema),
                                     ("schema.EditableSchemaMetadata", edits),
                                     ("common.Status", {"removed": False})]),
            (_URN.format("people"), [("schema.SchemaMetadata", people)])]  # fmt: skip
    return [
        {
            "proposedSnapshot": {
                f"{space}metadata.snapshot.DatasetSnapshot": {
                    "urn": urn,
                    "aspects": [{space + name: aspect} for name, aspect in aspects],
                }
            }
        }
        for urn, aspects in both
    ] + [{"proposedSnapshot": {f"{space}metadata.snapshot.TagSnapshot": {"urn": "x"}}}]


def _proposals(people: Json) -> list[Json]:
    def one(urn: str, name: str, aspect: Json) -> Json:
        return {"entityType": "dataset", "entityUrn": urn, "aspectName": name, "aspect": aspect}

    return [
        one(_URN.format("orders"), "schemaMetadata", {"value": json.dumps(_datahub_schema())}),
        one(_URN.format("orders"), "editableSchemaMetadata", {"json": _edits()}),
        one(_URN.format("people"), "schemaMetadata", {"json": people}),
        {"entityType": "tag", "entityUrn": "x", "aspectName": "tagKey", "aspect": {"json": {}}},
    ]


def _entities(people: Json) -> list[Json]:
    schema, edits = {"value": _datahub_schema()}, {"value": _edits()}
    return [
        {
            "urn": _URN.format("orders"),
            "aspects": {"schemaMetadata": schema, "editableSchemaMetadata": edits},
        },
        {"urn": _URN.format("people"), "aspects": {"schemaMetadata": people}},
    ]


@pytest.mark.parametrize("wrapped", [_snapshot, _proposals, _entities])
def test_datahub_aspects_are_read_however_they_are_wrapped(tmp_path: Path, wrapped: Any) -> None:
    """Snapshots, proposals and entities give the same tables, keys and meanings."""
    people = {"fields": [{"fieldPath": "mail", "nativeDataType": "text"}]}
    source = open_described(write_described(tmp_path, wrapped(people), "events.json"))
    tables = tables_of(source)
    assert (source.dialect, source.shown_schema) == ("datahub", "crm")
    assert [(one.name, one.data_type, one.nullable, one.primary_key)
            for one in tables["orders"].columns] == [
        ("id", "integer", False, True),
        ("mail", "text", True, False),
        ("home.since", "date", True, False),
    ]  # fmt: skip
    assert keys_of(tables["orders"]) == {("mail", "shop.crm.people", "mail")}
    assert declared_of(source)["orders", "mail"][0] == ("user.contact.email",)
    assert declared_of(source)["orders", "home.since"][0] == ("user",)
    assert declared_of(source)["orders", "home.since"][1] == "Moved in"


def test_a_single_datahub_aspect_is_a_table(tmp_path: Path) -> None:
    """The bare schema aspect, named by its `schemaName`."""
    source = open_described(write_described(tmp_path, _datahub_schema(), "schema.json"))
    assert (source.shown_schema, source.table_names()) == ("crm", ("orders",))


FIDES = """
dataset:
  - fides_key: shop_db
    collections:
      - name: customers
        data_categories: [user]
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true, data_type: integer}
          - name: address
            fides_meta: {data_type: object}
            fields:
              - {name: city, data_categories: [user.contact.address.city]}
              - {name: note, description: Anything}
      - name: orders
        fields:
          - name: customer_id
            data_categories: [user.unique_id]
            fidesops_meta:
              references:
                - {dataset: shop_db, field: customers.id, direction: from}
                - {dataset: shop_db, field: customers.note, direction: to}
                - {dataset: other_db, field: x.id}
"""


def test_fides_datasets_are_read_with_their_categories(tmp_path: Path) -> None:
    """Nested fields, references, and categories that a collection hands down."""
    source = open_described(write_described(tmp_path, FIDES, "dataset.yml"))
    customers, orders = tables_of(source).values()
    assert (source.dialect, source.shown_schema) == ("fides", "shop_db")
    assert [(one.name, one.data_type, one.primary_key) for one in customers.columns] == [
        ("id", "integer", True),
        ("address.city", "other", False),
        ("address.note", "other", False),
    ]
    assert keys_of(orders) == {("customer_id", "shop.shop_db.customers", "id")}
    assert {place: said[0] for place, said in declared_of(source).items()} == {
        ("customers", "id"): ("user.unique_id",),
        ("customers", "address.city"): ("user.contact.address.city",),
        ("customers", "address.note"): ("user",),
        ("orders", "customer_id"): ("user.unique_id",),
    }


@pytest.mark.parametrize(
    ("labels", "categories"),
    [
        (["PII.Sensitive"], ["user"]),
        (["urn:li:tag:pii", "EmailAddress"], ["user.contact.email"]),
        (["user.name", "user.name.first"], ["user.name.first"]),
        (["PersonalData.SpecialCategory", "PII.None"], ["user"]),
        (["PII.None", "Tier.Tier1"], ["system"]),
        (["user.Name!", "users", ""], []),
    ],
)
def test_labels_mean_categories(labels: list[str], categories: list[str]) -> None:
    """The narrowest of what tags say; that a column is personal outweighs that it is not."""
    assert list(declared_categories(labels)) == categories


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("VARCHAR(20)", "text"),
        ("timestamp with time zone", "timestamp"),
        ("Nullable(Int64)", "integer"),
        ("NUMBER(38,0)", "integer"),
        ("numeric(10, 2)", "decimal"),
        ("double precision", "decimal"),
        ("DATE", "date"),
        ("bytea", "binary"),
        ("bool", "boolean"),
        ("text[]", "other"),
        ("STRUCT<a:INT>", "other"),
        ("", "other"),
    ],
)
def test_type_names_of_many_databases_are_known(declared: str, kind: str) -> None:
    """What is not known is `other`."""
    assert data_type_of(declared) == kind


def _version(number: int) -> Json:
    url = f"https://schemas.getdbt.com/dbt/manifest/v{number}.json"
    return {"metadata": {"dbt_schema_version": url}}


@pytest.mark.parametrize(
    ("url", "name", "content", "said"),
    [
        ("{}", "m.json", "{", "`m.json`, line 1: not valid JSON"),
        ("{}", "m.json", "[" * 100_000, "nested too deep"),
        ("{}", "m.json", '{"a": 1}', "not clear what `m.json` describes"),
        ("{}", "m.json", "[]", "not clear what `m.json` describes"),
        ("{}", "m.json", "7", "not clear what `m.json` describes"),
        ("{}", "m.db", "SQLite", "not clear what `m.db` describes"),
        ("dbt:///{}", "m.json", {"nodes": {}}, "`metadata.dbt_schema_version` is missing"),
        ("dbt:///{}", "m.json", {"metadata": 3}, "`metadata` must be a mapping"),
        ("dbt:///{}", "m.json", _version(8), "a manifest of version 8; versions 9 to 12"),
        ("dbt:///{}", "m.json", {**_version(12), "nodes": []}, "`nodes` must be a mapping"),
        ("dbt:///{}", "m.json", {**_version(12), "nodes": {}}, "describes no table"),
        (
            "dbt:///{}",
            "m.json",
            {**_version(12), "nodes": {"model.a.b": {"columns": {}}}},
            "`nodes.model.a.b.name` is missing",
        ),
        ("openmetadata:///{}", "t.yaml", "tables: 3", "`tables` must be a list"),
        ("openmetadata:///{}", "t.yaml", "tables: [{name: on}]", "`tables.0.name` must be text"),
        ("openmetadata:///{}", "t.yaml", "a: 1\na: 2", "line 2: a key is given twice"),
        ("openmetadata:///{}", "t.yaml", "a: &a {x: 1}\nb: {<<: *a}", "merge key `<<`"),
        ("openmetadata:///{}", "t.yaml", "? [a]\n: 1", "a key is no single word"),
        ("openmetadata:///{}", "t.yaml", "a: [", "not valid YAML"),
        ("openmetadata:///{}", "t.yaml", "a: !!python/name:os.system", "not valid YAML"),
        ("openmetadata:///{}", "t.yaml", "&a [*a]", "levels deep or grows without end"),
        ("openmetadata:///{}", "t.yaml", "[" * 2_000, "not valid YAML"),
        ("openmetadata:///{}", "t.yaml", "- 3", "`0` must be a mapping"),
        (
            "openmetadata:///{}",
            "t.yaml",
            "columns: [{name: a}, {name: a}]\nname: t",
            "column name `a` twice",
        ),
        (
            "openmetadata:///{}",
            "t.yaml",
            "[{name: t, columns: [{name: a}]}, {name: t, columns: [{name: a}]}]",
            "describes the table `t` twice",
        ),
        ("fides:///{}", "d.yml", "dataset: [{collections: [{}]}]", "`dataset.0.fides_key`"),
        (
            "fides:///{}",
            "d.yml",
            "dataset: {fides_key: a, collections: [{name: c, fields: [{name: f, "
            "data_categories: [1]}]}]}",
            "data_categories.0` must be text",
        ),
        (
            "fides:///{}",
            "d.yml",
            "dataset: {fides_key: a, collections: [{name: c, fields: [{name: f, "
            "fides_meta: {primary_key: 'yes'}}]}]}",
            "primary_key` must be true or false",
        ),
        (
            "datahub:///{}",
            "e.json",
            {"entityType": "dataset", "aspectName": "schemaMetadata", "aspect": {"value": "{"}},
            "`aspect.value` must be JSON written as text",
        ),
        ("datahub:///{}", "e.json", [{"aspectName": "x"}], "describes no table"),
    ],
)
def test_wrong_descriptions_end_in_one_line(
    tmp_path: Path, url: str, name: str, content: Any, said: str
) -> None:
    """Each names the file and, where there is one, the key or line."""
    path = write_described(tmp_path, content, name)
    with pytest.raises(CatalogError) as caught:
        open_described(path, url)
    assert said in caught.value.message
    assert f"`{name}" in caught.value.message
    assert "\n" not in caught.value.message


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    """Nine levels of nine aliases each would be a billion parts; none of them is built."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    path = write_described(tmp_path, "\n".join(lines), "bomb.yaml")
    with pytest.raises(CatalogError, match="grows without end by its aliases"):
        open_described(path)


def test_documents_are_bounded_in_size(tmp_path: Path) -> None:
    """A YAML file over 32 MB is refused before it is read, a wrong encoding is said."""
    path = tmp_path / "t.yaml"
    with path.open("wb") as file:
        file.truncate((32 << 20) + 1)
    with pytest.raises(CatalogError, match="at most 32 MB of YAML"):
        open_described(path)
    path.write_bytes(b"a: \xff")
    with pytest.raises(CatalogError, match=r"`t\.yaml` is not UTF-8"):
        open_described(path)
    with pytest.raises(SourceUnreachableError, match="cannot read"):
        open_described(tmp_path, "dbt:///{}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("parquet://host/x", "three slashes"),
        ("orc:///x", "no file sources of this kind"),
        ("csv:///nowhere", "no file or folder `nowhere`; check the path"),
        ("parquet:///tmp", "an absolute path has four slashes"),
        ("csv:///.?header=maybe", "`header` is `first` or `none`"),
        ("csv:///.?delimiter=ab", "`delimiter` is one sign"),
        ("csv:///.?encoding=klingon", "no text encoding `klingon`"),
        ("csv:///.?encoding=rot13", "no text encoding `rot13`"),
        ("parquet:///.?header=none", "of the kind `parquet` has no option `header`"),
        ("csv:///" + "x" * 5_000, "cannot be looked up"),
        ("a\0b", "cannot be looked up"),
    ],
)
def test_wrong_addresses_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    """What is wrong with an address, and what to write instead."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CatalogError) as caught, open_files(url):
        pass
    assert said in caught.value.message


def test_addresses_may_be_relative_and_name_a_delimiter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three slashes come before a relative path; `tab` stands for the sign."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.txt").write_text("a b\tc\n1\t2\n")
    with open_files("csv:///t.txt?delimiter=tab&header=first") as source:
        table = source.read_table("t", source="s", sample_rows=1)
    assert [column.name for column in table.columns] == ["a b", "c"]
    (tmp_path / "u.csv").write_text("a\n1\n")
    with open_files("csv:///.") as source:
        assert source.table_names() == ("t", "u")
    with open_files(".") as source:
        assert source.table_names() == ("u",)
