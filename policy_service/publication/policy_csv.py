"""A bundle's rows and links as Casbin's `policy.csv`."""

from collections.abc import Iterator

from policy_service.domain.bundle import Bundle, PolicyRow
from policy_service.domain.errors import PublicationError
from policy_service.engines.casbin_csv import encode_line

_HEADER = """\
# Who may do what, as Casbin loads it together with model.conf.
# p, role, resource, action, purpose, effect, rule   (a resource is a column group: table/category)
# g, role, role it inherits                           g2, resource, resource or category it is in
# Who holds which role stands in the directory. Commas, brackets, quotes, spaces and percent
# signs inside a field are written as in a URL (%2C for a comma).
"""


def policy_csv(bundle: Bundle) -> str:
    """Write all rows, then the role links, then the resource links, in the bundle's order."""
    try:
        return _HEADER + "".join(f"{line}\n" for line in _lines(bundle))
    except UnicodeEncodeError as error:
        raise PublicationError(
            "an id holds half of a surrogate pair; rename the asset or role"
        ) from error


def _lines(bundle: Bundle) -> Iterator[str]:
    for row in bundle.rows:
        yield encode_line(("p", *_fields(row)))
    for child, parent in bundle.role_links:
        yield encode_line(("g", child, parent))
    for child, parent in bundle.resource_links:
        yield encode_line(("g2", child, parent))


def _fields(row: PolicyRow) -> tuple[str, ...]:
    return (row.role, row.resource, row.action, row.purpose, row.effect, row.rule)
