"""How managed objects look in the database: one query for each kind, read only.

Each takes up to three arrays, the parts of the identities, and returns for each place a text:
NULL where there is no such object, else all that somebody could change about it. Not a
definition to run again: PostgreSQL writes definitions its own way.
"""

# ruff: noqa: S608 - this file's work is writing SQL; what varies are parameters

from typing import Final

from policy_service.publication.postgresql.model import ObjectKind
from policy_service.publication.postgresql.names import quoted
from policy_service.publication.postgresql.objects import HELD_BY_NOBODY

_WANTED = (
    "FROM unnest(%(a)s::text[], %(b)s::text[], %(c)s::text[]) WITH ORDINALITY AS w (a, b, c, n)"
)
_RELATION = (
    "(SELECT c.oid FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace "
    "WHERE s.nspname = w.a AND c.relname = w.b)"
)
_RELATION_ACL = (
    "SELECT concat_ws('|', c.relkind, c.relowner::regrole, "
    "(SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(c.relacl) AS x), "
    "c.reloptions::text{more}) FROM pg_class c WHERE c.oid = " + _RELATION
)
_ROLE: Final = (
    "SELECT concat_ws('|', r.rolcanlogin, r.rolsuper, r.rolcreaterole, r.rolcreatedb, "
    "r.rolbypassrls, r.rolreplication, shobj_description(r.oid, 'pg_authid'), "
    "(SELECT string_agg(m.roleid::regrole::text, ' ' ORDER BY m.roleid) FROM pg_auth_members m "
    "WHERE m.member = r.oid), (SELECT string_agg(m.member::regrole::text, ' ' ORDER BY m.member) "
    "FROM pg_auth_members m WHERE m.roleid = r.oid AND shobj_description(r.oid, 'pg_authid') "
    f"LIKE '%%{HELD_BY_NOBODY}')) "
    "FROM pg_roles r WHERE r.rolname = w.a"
)
_SCHEMA: Final = (
    "SELECT concat_ws('|', s.nspowner::regrole, obj_description(s.oid, 'pg_namespace'), "
    "(SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(s.nspacl) AS x)) "
    "FROM pg_namespace s WHERE s.nspname = w.a"
)
_TABLE: Final = _RELATION_ACL.format(
    more=", (SELECT string_agg(a.attname || ' ' || a.atttypid::regtype, ',' ORDER BY a.attnum) "
    "FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)"
)
_VIEW: Final = _RELATION_ACL.format(more=", pg_get_viewdef(c.oid)")
_USE: Final = (
    "SELECT string_agg(x.privilege_type, ' ' ORDER BY x.privilege_type) FROM pg_namespace s, "
    "aclexplode(s.nspacl) AS x JOIN pg_roles r ON r.oid = x.grantee "
    "WHERE s.nspname = w.a AND r.rolname = w.b"
)
_GRANT: Final = (
    "SELECT string_agg(g, ' ' ORDER BY g) FROM (SELECT x.privilege_type || coalesce(': ' || "
    "a.attname, '') AS g FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid "
    "AND a.attacl IS NOT NULL, aclexplode(a.attacl) AS x JOIN pg_roles r ON r.oid = x.grantee "
    f"WHERE c.oid = {_RELATION} AND r.rolname = w.c UNION ALL SELECT x.privilege_type "
    "FROM pg_class c, aclexplode(c.relacl) AS x JOIN pg_roles r ON r.oid = x.grantee "
    f"WHERE c.oid = {_RELATION} AND r.rolname = w.c) AS q"
)
PUBLIC_READS: Final = (  # `true` is the whole table, a text one of its columns
    "SELECT coalesce((SELECT jsonb_agg(q.g ORDER BY q.g) FROM ("
    "SELECT to_jsonb(true) AS g FROM pg_class c, aclexplode(c.relacl) AS x "
    f"WHERE c.oid = {_RELATION} AND x.grantee = 0 AND x.privilege_type = 'SELECT' "
    "UNION SELECT to_jsonb(a.attname::text) FROM pg_attribute a, aclexplode(a.attacl) AS x "
    f"WHERE a.attrelid = {_RELATION} AND x.grantee = 0 AND x.privilege_type = 'SELECT'"
    ") AS q), '[]')::text"
)
ROW_SECURITY: Final = f"SELECT c.relrowsecurity::text FROM pg_class c WHERE c.oid = {_RELATION}"
_POLICY: Final = (
    "SELECT concat_ws('|', p.polcmd, p.polpermissive, (SELECT string_agg(CASE x WHEN 0 THEN "
    "'PUBLIC' ELSE x::regrole::text END, ' ' ORDER BY x) FROM unnest(p.polroles) AS x), "
    "pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) "
    f"FROM pg_policy p WHERE p.polrelid = {_RELATION} AND p.polname = w.c"
)
_MEMBERSHIP: Final = (
    "SELECT 'member' FROM pg_auth_members m JOIN pg_roles t ON t.oid = m.member "
    "JOIN pg_roles g ON g.oid = m.roleid WHERE t.rolname = w.a AND g.rolname = w.b LIMIT 1"
)
_LOOKS: Final = {
    ObjectKind.ROLE: _ROLE,
    ObjectKind.SCHEMA: _SCHEMA,
    ObjectKind.TABLE: _TABLE,
    ObjectKind.PATH: _VIEW,
    ObjectKind.USE: _USE,
    ObjectKind.COLUMN_GRANT: _GRANT,
    ObjectKind.PUBLIC: PUBLIC_READS,
    ObjectKind.ROW_SECURITY: ROW_SECURITY,
    ObjectKind.POLICY: _POLICY,
    ObjectKind.VIEW: _VIEW,
    ObjectKind.MEMBERSHIP: _MEMBERSHIP,
}
COLUMNS: Final = (  # of the tables (schema a, name b): their columns with the types' names
    f"SELECT w.n, a.attname, t.typname {_WANTED} JOIN pg_attribute a ON a.attrelid = {_RELATION} "
    "JOIN pg_type t ON t.oid = a.atttypid WHERE a.attnum > 0 AND NOT a.attisdropped"
)
LOGINS: Final = (
    "SELECT rolname, rolinherit FROM pg_roles WHERE rolcanlogin AND rolname = ANY(%(a)s)"
)


def look_query(kind: ObjectKind) -> str:
    """Return the query that tells how objects of a kind look: (place from 1, text)."""
    return f"SELECT w.n, ({_LOOKS[kind]}) {_WANTED}"


def content_query(base: str, name: str) -> str:
    """Return the query that tells what one of our tables holds, as a hash."""
    own = f"{quoted(base)}.{quoted(name)}"
    return f"SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {own} AS t"
