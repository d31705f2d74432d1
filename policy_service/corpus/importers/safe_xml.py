"""XML from outside: parsed without entities, document types or network, within limits.

Source: OWASP, XML External Entity Prevention; libxml2's own limits stay on (no `huge_tree`).
"""

import re

from lxml import etree

from policy_service.corpus.importers.document import SourceFile
from policy_service.domain.errors import CorpusError

_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_HEAD_BYTES = 65_536  # an entity is declared before the root element


def parse_xml(file: SourceFile) -> etree._Element:
    """Parse a file and return its root.

    Raises `CorpusError`, one line, where it is not well-formed, declares an entity, or is
    nested or repeated beyond libxml2's limits.
    """
    if _ENTITY.search(file.data[:_HEAD_BYTES]):
        raise CorpusError(
            f"`{file.name}` declares XML entities, which are not read: remove its DOCTYPE"
        )
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
    return root


def _reason(error: etree.XMLSyntaxError) -> str:
    line = f"line {error.lineno}: " if error.lineno else ""
    return f"{line}{str(error.msg).split(', line')[0]}"
