"""XML from outside: parsed without entities, document types or network, within limits.

Source: OWASP, XML External Entity Prevention; libxml2's own limits stay on (no `huge_tree`):
256 levels, 10 MB of one text, and a bound on what entities unfold to.
"""

import re

from lxml import etree

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.limits import LIMITS, check_count
from policy_service.domain.errors import CorpusError

_ENTITY = re.compile(
    rb"<!ENTITY|<\0!\0E\0N\0T\0I\0T\0Y|\0<\0!\0E\0N\0T\0I\0T\0Y", re.IGNORECASE
)  # in UTF-8, UTF-16 LE and UTF-16 BE
_HEAD_BYTES = 65_536  # an entity is declared before the root element
_REFUSED = "declares XML entities, which are not read: remove its DOCTYPE"


def parse_xml(file: SourceFile) -> etree._Element:
    """Parse a file and return its root.

    Raises `CorpusError`, one line, where it is not well-formed, declares an entity, or is
    nested or repeated beyond libxml2's limits.
    """
    check_count(file.name, "tags", file.data.count(b"<"), LIMITS.xml_tags)
    if _ENTITY.search(file.data[:_HEAD_BYTES]):
        raise CorpusError(f"`{file.name}` {_REFUSED}")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(file.data, parser)
    except etree.XMLSyntaxError as error:
        raise CorpusError(
            f"`{file.name}` is not well-formed XML ({_reason(error)}): fetch it again"
        ) from error
    except (LookupError, ValueError) as error:  # an encoding that does not exist
        raise CorpusError(f"`{file.name}` is no XML that can be read: fetch it again") from error
    if _declares_entities(root):
        raise CorpusError(f"`{file.name}` {_REFUSED}")
    return root


def _declares_entities(root: etree._Element) -> bool:
    """Look at what the parser found: a comment may push a declaration past the first bytes."""
    doctype = root.getroottree().docinfo.internalDTD
    return doctype is not None and any(True for _ in doctype.iterentities())


def _reason(error: etree.XMLSyntaxError) -> str:
    line = f"line {error.lineno}: " if error.lineno else ""
    message = " ".join(re.split(r", (?:line|use) ", str(error.msg))[0].split())
    return f"{line}{message}"
