"""How each kind of managed object is made, brought back in order, and taken away again.

Everything that can carry a comment says there whose it is. What is already in a database
under one of our names without that comment belongs to somebody else and is left alone.
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are literals

import json
from collections.abc import Sequence
from typing import assert_never

from policy_service.domain.errors import PublicationError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.publication.postgresql.model import NativeObject, ObjectKind, Statement
from policy_service.publication.postgresql.names import literal, place, quoted

COLUMNS_OF = {
    "attribute": "login text, name text, whole bigint, fraction double precision, words text, "
    "truth boolean, PRIMARY KEY (login, name)",
    "managed": "kind text, identity text[], sha256 text, fingerprint text, before text, "
    "PRIMARY KEY (kind, identity)",
    "policy": "revision bigint, expires_at timestamptz",
    "secret": "name text PRIMARY KEY, secret bytea",
}
HELD_BY_NOBODY = "; nobody may take it"
_LIMITS = "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def mark(source: str, database: str) -> str:
    """Write the comment that tells our roles and schemas from everybody else's."""
    return f"policy-service: source {source} in database {database}"


def role(name: str, *, comment: str, held_by_people: bool) -> NativeObject:
    """Make a role that cannot sign in; one that is not held by people has no member."""
    own = quoted(name)
    comment = comment if held_by_people else comment + HELD_BY_NOBODY
    members = "" if held_by_people else f" OR m.roleid = {_role_oid(name)}"
    settled = (
        Statement(sql=f"ALTER ROLE {own} {_LIMITS}"),
        Statement(sql=f"COMMENT ON ROLE {own} IS {literal(comment)}"),
        Statement(
            sql=_for_each(
                "SELECT m.roleid::regrole AS one, m.member::regrole AS two FROM pg_auth_members "
                f"AS m WHERE m.member = {_role_oid(name)}{members}",
                "EXECUTE format('REVOKE %s FROM %s', r.one, r.two)",
            )
        ),
    )
    return NativeObject(
        kind=ObjectKind.ROLE,
        identity=(name,),
        create=(Statement(sql=f"CREATE ROLE {own} {_LIMITS}"), settled[1]),
        amend=settled,
    )


def schema(name: str, *, owner: str, comment: str, users: Sequence[str]) -> NativeObject:
    """Make a schema that only `users` look into."""
    own = quoted(name)
    settled = (
        Statement(sql=f"ALTER SCHEMA {own} OWNER TO {quoted(owner)}"),
        Statement(sql=f"COMMENT ON SCHEMA {own} IS {literal(comment)}"),
        _only_owner(
            "SCHEMA",
            own,
            f"SELECT nspacl, nspowner FROM pg_namespace WHERE nspname = {literal(name)}",
        ),
        *(Statement(sql=f"GRANT USAGE ON SCHEMA {own} TO {quoted(one)}") for one in users),
    )
    return NativeObject(
        kind=ObjectKind.SCHEMA,
        identity=(name,),
        create=(Statement(sql=f"CREATE SCHEMA {own}"), *settled),
        amend=settled,
    )


def state_table(base: str, name: str, *, readers: Sequence[str]) -> NativeObject:
    """Make a table of our own in the schema `base`, which only `readers` may read."""
    own = f"{quoted(base)}.{quoted(name)}"
    settled = (
        Statement(sql=f"ALTER TABLE {own} OWNER TO {quoted(base)}"),
        _only_owner(
            "TABLE",
            own,
            f"SELECT relacl, relowner FROM pg_class WHERE oid = {literal(own)}::regclass",
        ),
        *(Statement(sql=f"GRANT SELECT ON {own} TO {quoted(one)}") for one in readers),
    )
    return NativeObject(
        kind=ObjectKind.TABLE,
        identity=(base, name),
        create=(Statement(sql=f"CREATE TABLE {own} ({COLUMNS_OF[name]})"), *settled),
        amend=settled,
    )


def content(base: str, name: str, rows: Sequence[tuple[object, ...]]) -> NativeObject:
    """Fill a table of our own; values travel as parameters, never in the statement."""
    own = f"{quoted(base)}.{quoted(name)}"
    statements = [Statement(sql=f"DELETE FROM {own}")]
    for row in rows:
        marks = ", ".join(["%s"] * len(row))
        statements.append(Statement(sql=f"INSERT INTO {own} VALUES ({marks})", parameters=row))
    return NativeObject(
        kind=ObjectKind.CONTENT,
        identity=(base, name),
        create=tuple(statements),
        amend=tuple(statements),
    )


def view(
    kind: ObjectKind, schema_name: str, name: str, sql: str, *, owner: str, readers: Sequence[str]
) -> NativeObject:
    """Make a view that runs no condition of its readers on rows that it leaves out."""
    own = f"{quoted(schema_name)}.{quoted(name)}"
    statements = (
        Statement(sql=f"CREATE OR REPLACE VIEW {own} WITH (security_barrier = true) AS {sql}"),
        Statement(sql=f"ALTER VIEW {own} OWNER TO {quoted(owner)}"),
        _only_owner(
            "TABLE",
            own,
            f"SELECT relacl, relowner FROM pg_class WHERE oid = {literal(own)}::regclass",
        ),
        *(Statement(sql=f"GRANT SELECT ON {own} TO {quoted(one)}") for one in readers),
    )
    # A path's columns never change, and row policies stand on it; other views are made anew.
    return NativeObject(
        kind=kind,
        identity=(schema_name, name),
        create=statements,
        amend=statements if kind is ObjectKind.PATH else (),
    )


def schema_use(schema_name: str, role_name: str) -> NativeObject:
    """Let an owner of views find the tables of a schema."""
    sql = f"GRANT USAGE ON SCHEMA {quoted(schema_name)} TO {quoted(role_name)}"
    return NativeObject(
        kind=ObjectKind.USE,
        identity=(schema_name, role_name),
        create=(Statement(sql=sql),),
        amend=(Statement(sql=sql),),
    )


def column_grant(table: AssetId, role_name: str, columns: Sequence[str]) -> NativeObject:
    """Let an owner of views read just the columns that its views are made of."""
    own, to = place(table), quoted(role_name)
    grant = Statement(sql=f"GRANT SELECT ({', '.join(map(quoted, columns))}) ON {own} TO {to}")
    return NativeObject(
        kind=ObjectKind.COLUMN_GRANT,
        identity=(*_schema_and_name(table), role_name),
        create=(grant,),
        amend=(Statement(sql=f"REVOKE ALL ON {own} FROM {to}"), grant),
    )


def public_revocation(table: AssetId) -> NativeObject:
    """Take from PUBLIC what it may read of a table: every role would read it past the views."""
    sql = (Statement(sql=f"REVOKE SELECT ON {place(table)} FROM PUBLIC"),)
    return NativeObject(
        kind=ObjectKind.PUBLIC, identity=_schema_and_name(table), create=sql, amend=sql
    )


def row_security(table: AssetId) -> NativeObject:
    """Switch row-level security on."""
    sql = (Statement(sql=f"ALTER TABLE {place(table)} ENABLE ROW LEVEL SECURITY"),)
    return NativeObject(
        kind=ObjectKind.ROW_SECURITY, identity=_schema_and_name(table), create=sql, amend=sql
    )


def open_policy(table: AssetId, name: str, *, roles: Sequence[str] = ()) -> NativeObject:
    """Let everybody else (or just `roles`) see rows as before row-level security."""
    to = ", ".join(map(quoted, roles)) or "PUBLIC"
    rest = "FOR SELECT" if roles else "FOR ALL"
    check = "" if roles else " WITH CHECK (true)"
    return _policy(table, name, f"AS PERMISSIVE {rest} TO {to} USING (true){check}")


def row_policy(table: AssetId, name: str, *, role_name: str, condition: str) -> NativeObject:
    """Let one owner of views see only the rows for which `condition` holds."""
    rule = f"AS RESTRICTIVE FOR SELECT TO {quoted(role_name)} USING ({condition})"
    return _policy(table, name, rule)


def membership(login: str, role_name: str, *, options: bool) -> NativeObject:
    """Let a login take a profile; where the server can say so, only by `SET ROLE`."""
    how = " WITH INHERIT FALSE, SET TRUE" if options else ""
    return NativeObject(
        kind=ObjectKind.MEMBERSHIP,
        identity=(login, role_name),
        create=(Statement(sql=f"GRANT {quoted(role_name)} TO {quoted(login)}{how}"),),
    )


def taken_away(kind: ObjectKind, identity: tuple[str, ...], before: str) -> tuple[Statement, ...]:
    """Write how an object is taken away; what it changed becomes what it was `before`.

    Needs nothing but what is kept of it. Raises `PublicationError` for an identity that none
    of ours has.
    """
    try:
        return tuple(Statement(sql=sql) for sql in _dropped(kind, identity, before))
    except (ValueError, TypeError, IndexError) as error:
        raise PublicationError(
            f"the list of managed objects holds a `{kind.value}` that is none of ours; "
            "restore the list, or take the objects away by hand"
        ) from error


def _dropped(kind: ObjectKind, identity: tuple[str, ...], before: str) -> list[str]:  # noqa: PLR0911 - one return for each kind
    names = [quoted(name) for name in identity]
    at = ".".join(names[:2])
    match kind:
        case ObjectKind.ROLE:
            return [f"DROP ROLE {names[0]}"]
        case ObjectKind.SCHEMA:
            return [f"DROP SCHEMA {names[0]}"]
        case ObjectKind.TABLE:
            return [f"DROP TABLE {at}"]
        case ObjectKind.CONTENT:
            return []
        case ObjectKind.PATH | ObjectKind.VIEW:
            return [f"DROP VIEW {at}"]
        case ObjectKind.USE:
            return [f"REVOKE USAGE ON SCHEMA {names[0]} FROM {names[1]}"]
        case ObjectKind.COLUMN_GRANT:
            return [f"REVOKE ALL ON {at} FROM {names[2]}"]
        case ObjectKind.PUBLIC:
            return [f"GRANT {one} ON {at} TO PUBLIC" for one in _read_grants(before)]
        case ObjectKind.ROW_SECURITY:
            return [] if before == "true" else [f"ALTER TABLE {at} DISABLE ROW LEVEL SECURITY"]
        case ObjectKind.POLICY:
            return [f"DROP POLICY {names[2]} ON {at}"]
        case ObjectKind.MEMBERSHIP:
            return [f"REVOKE {names[1]} FROM {names[0]}"]
        case _:
            assert_never(kind)


def _read_grants(before: str) -> list[str]:
    """Read what PUBLIC could read: `true` the whole table, a text one column of it."""
    found = json.loads(before or "[]")
    return ["SELECT" if one is True else f"SELECT ({quoted(str(one))})" for one in found]


def _policy(table: AssetId, name: str, rule: str) -> NativeObject:
    return NativeObject(
        kind=ObjectKind.POLICY,
        identity=(*_schema_and_name(table), name),
        create=(Statement(sql=f"CREATE POLICY {quoted(name)} ON {place(table)} {rule}"),),
    )


def _schema_and_name(table: AssetId) -> tuple[str, str]:
    _, schema_name, name = asset_parts(table)
    return schema_name, name


def _role_oid(name: str) -> str:
    return f"{literal(quoted(name))}::regrole"


def _only_owner(kind: str, own: str, acl: str) -> Statement:
    """Take every right that anybody but the owner has on one of our objects."""
    command = literal(f"REVOKE ALL ON {kind} {own.replace('%', '%%')} FROM %s")
    return Statement(
        sql=_for_each(
            "SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END "
            f"AS one FROM ({acl}) AS o (acl, owner), aclexplode(o.acl) AS a "
            "WHERE a.grantee <> o.owner",
            f"EXECUTE format({command}, r.one)",
        )
    )


def _for_each(query: str, command: str) -> str:
    body = f"DECLARE r record; BEGIN FOR r IN {query} LOOP {command}; END LOOP; END"
    return f"DO {literal(body)}"
