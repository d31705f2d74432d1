"""The machine-readable files beside `policy.csv`: masking, encryption, retention, tests, citations.

YAML with a header that explains the file; every entry names its rule and its clauses.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from policy_service.domain.draft import (
    AccessRule,
    Draft,
    EncryptionRule,
    PolicyTest,
    RetentionRule,
)
from policy_service.domain.identifiers import AssetId, ProvisionId, asset_parts
from policy_service.domain.plain import to_plain
from policy_service.domain.provision import Citation, Provision

_MASKING = """\
# How values are shown: one entry for each access rule of policy.csv.
# control: deny, null, redact, replace, generalise, bucket, partial, pseudonymise,
# format_preserving or clear. row_filter: only rows whose column equals the subject's attribute.
"""
_ENCRYPTION = """\
# How columns are encrypted at rest. rotation_days: how long one key encrypts new values.
# key_scope: one data key for each table, or for each column.
"""
_RETENTION = """\
# How long rows are kept. max_days counts from `basis`; then `action` happens to them.
"""
_TESTS = """\
# Decisions that this policy must give before it may come into force.
# expect: the control of a permit, or deny.
"""

_ONE_LINE = 1 << 20  # folding differs between the two dumpers of pyyaml


def masking_yaml(draft: Draft) -> str:
    """Write the control and the row filter of each access rule."""
    return _yaml(_MASKING, "rules", (_access(rule) for rule in draft.access))


def encryption_yaml(draft: Draft) -> str:
    """Write the encryption settings."""
    return _yaml(_ENCRYPTION, "columns", (_encryption(rule) for rule in draft.encryption))


def retention_yaml(draft: Draft) -> str:
    """Write the retention settings."""
    return _yaml(_RETENTION, "tables", (_retention(rule) for rule in draft.retention))


def tests_yaml(draft: Draft) -> str:
    """Write the policy tests."""
    return _yaml(_TESTS, "tests", (_test(test) for test in draft.tests))


def citations_json(draft: Draft, provisions: Mapping[ProvisionId, Provision]) -> str:
    """Write every cited provision with its quotes and the rules that stand on them."""
    found: dict[ProvisionId, dict[str, Any]] = {}
    for rule in draft.rules:
        for citation in rule.citations:
            entry = found.setdefault(
                citation.provision, _provision(citation, provisions.get(citation.provision))
            )
            quote = entry["quotes"].setdefault(
                citation.quote, {"strength": citation.strength.value, "rules": []}
            )
            if rule.id not in quote["rules"]:
                quote["rules"].append(rule.id)
    ordered = {
        key: entry
        | {"quotes": [{"quote": text, **entry["quotes"][text]} for text in sorted(entry["quotes"])]}
        for key, entry in sorted(found.items())
    }
    return json.dumps(ordered, ensure_ascii=False, indent=2) + "\n"


def _yaml(header: str, name: str, entries: Iterable[dict[str, Any]]) -> str:
    body = yaml.dump(
        {name: list(entries)},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_ONE_LINE,
    )
    return f"{header}{body}"


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc] # C if built
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 - the signature of pyyaml
        return True  # anchors are for machines; the file is read by people too


def _access(rule: AccessRule) -> dict[str, Any]:
    return {
        "rule": str(rule.id),
        "role": str(rule.point.role),
        "table": str(rule.point.table),
        "category": str(rule.point.category),
        "columns": _names(rule.point.columns),
        "action": rule.point.action.value,
        "purpose": str(rule.point.purpose),
        "control": rule.control.operator.value,
        "parameters": to_plain(rule.control.parameters),
        "row_filter": to_plain(rule.row_filter),
        "clauses": _clauses(rule.citations),
    }


def _encryption(rule: EncryptionRule) -> dict[str, Any]:
    return {
        "rule": str(rule.id),
        "table": str(rule.table),
        "category": str(rule.category),
        "columns": _names(rule.columns),
        "algorithm": rule.algorithm,
        "key_bits": rule.key_bits,
        "rotation_days": rule.rotation_days,
        "key_scope": rule.key_scope,
        "clauses": _clauses(rule.citations),
    }


def _retention(rule: RetentionRule) -> dict[str, Any]:
    return {
        "rule": str(rule.id),
        "table": str(rule.table),
        "max_days": rule.max_days,
        "basis": rule.basis,
        "action": rule.action,
        "clauses": _clauses(rule.citations),
    }


def _test(test: PolicyTest) -> dict[str, Any]:
    return {
        "id": test.id,
        "role": str(test.role),
        "action": test.action,
        "asset": str(test.asset),
        "purpose": str(test.purpose),
        "expect": test.control if test.allow else "deny",
        "because": test.because,
        "rules": [str(rule) for rule in test.rules],
    }


def _names(columns: tuple[AssetId, ...]) -> list[str]:
    return [asset_parts(column)[-1] for column in columns]


def _clauses(citations: tuple[Citation, ...]) -> list[str]:
    return [str(citation.provision) for citation in citations]


def _provision(citation: Citation, provision: Provision | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"section": citation.section, "sha256": citation.provision_sha256}
    if provision is not None:
        entry |= {
            "title": provision.title,
            "version": provision.version,
            "version_date": provision.version_date,
            "url": provision.url,
        }
    return entry | {"quotes": {}}
