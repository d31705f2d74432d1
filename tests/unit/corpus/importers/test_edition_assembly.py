"""Documents to editions: the instrument, ids that fit the digests, addresses, hidden letters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from policy_service.corpus.digests import read_digest
from policy_service.corpus.editions.build import ImportReport, editions_of
from policy_service.corpus.editions.instrument import InstrumentDetails
from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.schema import InstrumentEntry
from policy_service.domain.edition import Edition
from policy_service.domain.errors import CorpusError
from policy_service.domain.provision import Instrument, InstrumentKind, Standing
from policy_service.kit.hashing import sha256_hex, sha256_text


@dataclass(frozen=True, kw_only=True)
class _Known:
    instrument: Instrument
    short: str
    family: str = ""
    identifiers: tuple[str, ...] = ()


def _known(name: str, url: str, *identifiers: str, place: str = "EU") -> _Known:
    instrument = Instrument(
        id=name,
        title=f"The {name} act",
        kind=InstrumentKind.LAW,
        jurisdictions=(place,),
        sectors=("health",),
        version="first",
        version_date="2010-01-01",
        url=url,
    )
    return _Known(instrument=instrument, short=name.upper(), family="acts", identifiers=identifiers)


_GDPR = _known("gdpr", "https://eur-lex.europa.eu/eli/reg/2016/679/oj", "celex:32016R0679")
_SECURITY = _known(
    "hipaa-security",
    "https://www.ecfr.gov/current/title-45/part-164/subpart-C",
    "cfr:45/164/C",
    place="US",
)
_CCPA = _known("ccpa", "https://leginfo.legislature.ca.gov/x", "ca-civ:1798.100", place="US-CA")
_FILE = SourceFile(name="act.xml", data=b"<act/>")


def _part(*steps: str, **fields: Any) -> Part:
    whole: dict[str, Any] = {
        "kind": PartKind.ARTICLE,
        "section": f"Article {steps[0]}",
        "text": f"Text of {'/'.join(steps)}.",
        **fields,
    }
    return Part(steps=steps, **whole)


def _document(*parts: Part, **fields: Any) -> Document:
    made = Document(
        format="formex-4",
        title="Regulation of invention",
        parts=parts,
        version_date="2016-05-04",
        files=("act.xml",),
    )
    return replace(made, **fields)


def _reports(
    *documents: Document,
    known: Sequence[_Known] = (_GDPR, _SECURITY, _CCPA),
    named: str = "",
    details: InstrumentDetails | None = None,
    source: Sequence[SourceFile] = (_FILE,),
) -> tuple[ImportReport, ...]:
    return editions_of(documents, known=known, source=source, named=named, details=details)


def _edition(*documents: Document, **options: Any) -> Edition:
    (report,) = _reports(*documents, **options)
    return report.edition


def test_a_stated_identifier_finds_the_digest() -> None:
    """The text lands on the digest's instrument: its id, short name, kind and sectors."""
    edition = _edition(_document(_part("art-1"), identifiers=("eli:x", "celex:32016R0679")))

    assert edition.instrument == replace(_GDPR.instrument, version_date="2016-05-04")
    assert (edition.short, edition.family, edition.language) == ("GDPR", "acts", "en")


@pytest.mark.parametrize(
    ("version", "stated", "date"),
    [
        ("first", "2009-12-01", "2010-01-01"),
        ("first", "2011-02-03", "2011-02-03"),
        ("second", "2009-12-01", "2009-12-01"),
        ("first", "", "2010-01-01"),
    ],
)
def test_the_day_of_adoption_is_no_other_version(version: str, stated: str, date: str) -> None:
    """A text of the digest's own version has its date, unless it states a later one."""
    document = _document(
        _part("art-1"),
        identifiers=("celex:32016R0679",),
        version=version,
        version_date=stated,
    )

    assert _edition(document).instrument.version_date == date


def test_provisions_carry_what_citations_need() -> None:
    """Ids fit the digests', texts are hashed, nothing is reviewed yet."""
    edition = _edition(
        _document(
            _part("art-32", title="Security", text="", heading=("Chapter IV",)),
            _part("art-32", "1", section="Article 32(1)", heading=("Chapter IV",)),
            _part("art-32", "1", "A b", kind=PartKind.POINT, section="Article 32(1)(a)"),
            _part("recital-26", kind=PartKind.RECITAL, section="Recital 26", title=""),
            identifiers=("celex:32016R0679",),
            language="de",
            version="2016/679",
        )
    )

    first, point, recital = edition.provisions
    assert [one.id for one in edition.provisions] == [
        "gdpr/art-32/1",
        "gdpr/art-32/1/a-b",
        "gdpr/recital-26",
    ]
    assert (first.section, first.title) == ("Article 32(1)", "Security")
    assert first.heading == ("GDPR", "Chapter IV", "Article art-32 Security")
    assert point.heading == ("GDPR", "Article art-32 Security")
    assert recital.title == "Recital 26"
    assert first.sha256 == sha256_text(first.text)
    assert (first.version, first.version_date, first.language) == ("2016/679", "2016-05-04", "de")
    assert {one.standing for one in edition.provisions} == {Standing.UNREVIEWED}
    assert edition.instrument.version == "2016/679"


def test_a_heading_that_names_the_article_is_not_repeated() -> None:
    """Importers that give the article in the heading get it once."""
    edition = _edition(
        _document(
            _part("art-1", title="Scope", text=""),
            _part("art-1", "1", heading=("Article 1 — Scope",)),
        )
    )

    assert edition.provisions[0].heading[1:] == ("Article 1 — Scope",)


@pytest.mark.parametrize(
    ("known", "step", "section", "url"),
    [
        (_GDPR, "art-32", "Article 32(1)", f"{_GDPR.instrument.url}#art_32"),
        (_GDPR, "annex-iii", "Annex III", f"{_GDPR.instrument.url}#anx_III"),
        (_GDPR, "recital-26", "Recital 26", f"{_GDPR.instrument.url}#rct_26"),
        (_GDPR, "preamble", "Preamble", _GDPR.instrument.url),
        (
            _SECURITY,
            "164.312",
            "45 CFR 164.312(a)(1)",
            "https://www.ecfr.gov/current/title-45/section-164.312#p-164.312(a)(1)",
        ),
        (_SECURITY, "appendix-a", "Appendix A", _SECURITY.instrument.url),
        (
            _CCPA,
            "1798.100",
            "1798.100(a)",
            "https://leginfo.legislature.ca.gov/faces/codes_displaySection.xhtml"
            "?sectionNum=1798.100.&lawCode=CIV",
        ),
    ],
)
def test_addresses_are_as_deep_as_the_publisher_allows(
    known: _Known, step: str, section: str, url: str
) -> None:
    """EUR-Lex anchors articles, the eCFR paragraphs, California has a page for a section."""
    document = _document(_part(step, "x", section=section), identifiers=known.identifiers)

    assert _edition(document).provisions[0].url == url


def test_a_section_of_the_cfr_has_a_page() -> None:
    """A section without a paragraph is the page itself."""
    part = _part("164.302", section="45 CFR 164.302", scopes=("cfr:45/164", "cfr:45/164/C"))

    url = _edition(_document(part)).provisions[0].url
    assert url == "https://www.ecfr.gov/current/title-45/section-164.302"


def test_the_narrowest_known_unit_wins() -> None:
    """One text of several units becomes an edition of each; units beside a digest keep apart."""
    reports = _reports(
        _document(
            _part("160.101", scopes=("cfr:45/160", "cfr:45/160/A")),
            _part("164.104", scopes=("cfr:45/164", "cfr:45/164/A")),
            _part("164.302", scopes=("cfr:45/164", "cfr:45/164/C")),
            _part("164.400", scopes=("cfr:45/164", "cfr:45/164/D")),
            _part("164", scopes=("cfr:45/164",)),
            identifiers=("cfr:45/160", "cfr:45/164"),
        )
    )

    assert [one.edition.instrument.id for one in reports] == [
        "45-cfr-160",
        "45-cfr-164-a",
        "hipaa-security",
        "45-cfr-164-d",
        "45-cfr-164",
    ]
    new = reports[3].edition.instrument
    assert (new.title, new.kind) == ("45 CFR Part 164, Subpart D", InstrumentKind.LAW)
    assert new.jurisdictions == ("US",)
    assert reports[3].notes == ("`45-cfr-164-d` has no digest: its provisions stand alone",)


def test_a_name_selects_its_parts_and_says_what_is_left_out() -> None:
    """Naming an instrument takes its parts alone, where the text says which those are."""
    document = _document(
        _part("164.302", scopes=("cfr:45/164", "cfr:45/164/C")),
        _part("164.400", scopes=("cfr:45/164", "cfr:45/164/D")),
    )

    (report,) = _reports(document, named="hipaa-security")

    assert [one.id for one in report.edition.provisions] == ["hipaa-security/164.302"]
    assert report.notes == ("1 of 2 parts belong to other instruments and are left out",)


def test_a_name_takes_all_where_the_text_says_nothing() -> None:
    """A policy without identifiers goes to the instrument that the caller names."""
    (report,) = _reports(_document(_part("1"), _part("2")), named="house-rules")

    assert report.edition.instrument.id == "house-rules"
    assert len(report.edition.provisions) == 2


@pytest.mark.parametrize("name", ["House", "../x", "a b", "-a", "gdpr\n"])
def test_a_bad_name_is_refused(name: str) -> None:
    """Names are slugs, for they start every id."""
    with pytest.raises(CorpusError, match="is no name for an instrument"):
        _reports(_document(_part("1")), named=name)


@pytest.mark.parametrize("title", ["GDPR", "  gdpr ", "Ccpa", "HIPAA security", "Acts"])
def test_a_title_alone_claims_no_known_instrument(title: str) -> None:
    """The id, short name or family of what is known asks for `--instrument`; then it is taken."""
    document = _document(_part("art-1"), title=title, format="markdown")
    with pytest.raises(CorpusError, match=r"`act.xml` is called like .*: say `--instrument "):
        _edition(document)
    assert _edition(document, named="gdpr").instrument.id == "gdpr"
    assert _edition(replace(document, title="House rules on the GDPR")).instrument.id == (
        "house-rules-on-the-gdpr"
    )


def test_an_internal_policy_is_an_instrument_of_its_own() -> None:
    """Its name comes from its title; what the caller says of it wins."""
    details = InstrumentDetails(
        short="Cards",
        jurisdictions=("AT",),
        sectors=("retail",),
        version_date="2025-01-31",
        url="https://policies.example/cards",
        language="de",
    )
    document = _document(_part("1"), title="Card Policy v2.1", version_date="", format="docx")

    edition = _edition(document, details=details)

    assert edition.instrument == Instrument(
        id="card-policy-v2-1",
        title="Card Policy v2.1",
        kind=InstrumentKind.INTERNAL,
        jurisdictions=("AT",),
        sectors=("retail",),
        version="2025-01-31",
        version_date="2025-01-31",
        url="https://policies.example/cards",
    )
    assert (edition.short, edition.language) == ("Cards", "de")
    assert edition.provisions[0].url == "https://policies.example/cards"


def test_long_titles_get_a_short_name() -> None:
    """A title that is too long to cite is cut at a word."""
    edition = _edition(_document(_part("1"), title="On the masking of card numbers " * 4))

    assert edition.short.endswith(" …")
    assert len(edition.short) < 65


@pytest.mark.parametrize(
    ("identifier", "name", "kind", "places"),
    [
        ("celex:31999L0093", "celex-31999l0093", InstrumentKind.LAW, ("EU",)),
        ("cfr:12/1005", "12-cfr-1005", InstrumentKind.LAW, ("US",)),
        ("oscal:zoo", "regulation-of-invention", InstrumentKind.STANDARD, ("INT",)),
    ],
)
def test_an_unknown_law_is_named_by_its_identifier(
    identifier: str, name: str, kind: InstrumentKind, places: tuple[str, ...]
) -> None:
    """Kind and place follow from who issues such identifiers."""
    instrument = _edition(_document(_part("1"), identifiers=(identifier,))).instrument

    assert (instrument.id, instrument.kind, instrument.jurisdictions) == (name, kind, places)


@pytest.mark.parametrize(
    ("date", "message"), [("", "from when its text holds"), ("May", "no date")]
)
def test_a_text_without_a_date_is_refused(date: str, message: str) -> None:
    """The line says which option to give."""
    details = InstrumentDetails(version_date=date)

    with pytest.raises(CorpusError, match=message):
        _reports(_document(_part("1"), version_date=""), details=details)


def test_ids_stay_unique() -> None:
    """Steps that differ only in letters an id cannot hold are told apart."""
    edition = _edition(_document(_part("a b"), _part("a-b"), _part("A_B"), _part("§")))

    assert [one.id.partition("/")[2] for one in edition.provisions] == [
        "a-b",
        "a-b-2",
        "a-b-3",
        "x",
    ]


def test_hidden_characters_are_removed_and_counted() -> None:
    """Bidirectional controls, zero widths, tags and soft hyphens are no text; quotes are."""
    tags = "".join(chr(0xE0000 + ord(one)) for one in "allow all")
    text = f"\u201cData\u00ad sub\u200bject\u201d \u202edekseg\u202c\u00a0is{tags} masked.\u2060"
    (report,) = _reports(_document(_part("1", text=text, title="A\ufefft")))

    provision = report.edition.provisions[0]
    assert provision.text == "\u201cData subject\u201d dekseg is masked."
    assert provision.title == "At"
    assert report.notes[0].startswith("15 hidden characters were removed: 1 x U+00AD soft hyphen")
    assert "other kinds" in report.notes[0]


def test_a_part_of_hidden_characters_alone_makes_no_provision() -> None:
    """What nobody can read is not quoted."""
    edition = _edition(_document(_part("1", text="\u200b\u200c"), _part("2")))

    assert [one.id for one in edition.provisions] == ["regulation-of-invention/2"]


def test_provenance_names_and_hashes_the_files_in_order() -> None:
    """The same bytes can be found and imported again."""
    files = (SourceFile(name="b.xml", data=b"two"), SourceFile(name="a.xml", data=b"one"))
    edition = _edition(_document(_part("1"), files=("a.xml", "b.xml")), source=files)

    provenance = edition.provenance
    assert (provenance.format, provenance.files) == ("formex-4", ("a.xml", "b.xml"))
    assert provenance.source_sha256 == sha256_hex(b"onetwo")
    assert provenance.size_bytes == 6


def test_a_document_without_its_bytes_is_refused() -> None:
    """An edition whose source cannot be hashed has no provenance."""
    with pytest.raises(CorpusError, match=r"bytes of `act\.xml` are not at hand"):
        _reports(_document(_part("1")), source=())


def test_two_texts_of_one_version_are_joined_or_refused() -> None:
    """Sections of one act in two files are one edition; two readings of one text are a mistake."""
    files = (_FILE, SourceFile(name="b.xml", data=b"<b/>"))
    first = _document(_part("art-1"), identifiers=("celex:32016R0679",))
    second = replace(first, parts=(_part("art-2"),), files=("b.xml",))

    joined = _edition(first, second, source=files)

    assert [one.id for one in joined.provisions] == ["gdpr/art-1", "gdpr/art-2"]
    assert joined.provenance.files == ("act.xml", "b.xml")
    assert joined.provenance.size_bytes == 10
    with pytest.raises(CorpusError, match=r"`act\.xml` and `b\.xml` are both `gdpr` of 2016-05-04"):
        _reports(first, replace(second, parts=first.parts), source=files)


def test_two_versions_are_two_editions() -> None:
    """One import may hold several versions of one instrument."""
    first = _document(_part("art-1"), identifiers=("celex:32016R0679",))

    reports = _reports(first, replace(first, version_date="2018-05-23"))

    assert [one.edition.instrument.version_date for one in reports] == ["2016-05-04", "2018-05-23"]


def test_texts_without_words_are_refused() -> None:
    """Nothing to import is said, not stored."""
    with pytest.raises(CorpusError, match="no text was found"):
        _reports(_document(_part("1", text="")))


def test_a_note_of_the_importer_is_passed_on() -> None:
    """What an importer has to say of a text reaches the person who imports it."""
    (report,) = _reports(_document(_part("1"), facts={"note": "it is a selection"}))

    assert "it is a selection" in report.notes


def test_the_bundled_digests_name_their_official_texts(repository: Path) -> None:
    """Every digest whose text can be imported says by which identifier; none share one."""
    digests = [
        read_digest(path) for path in sorted((repository / "regulations_corpus").glob("*.yaml"))
    ]

    named = {one.instrument.id: one.identifiers for one in digests if one.identifiers}
    assert named["gdpr"] == ("celex:32016R0679", "eli:reg/2016/679")
    assert named["hipaa-security"] == ("cfr:45/164/C",)
    every = [identifier for one in named.values() for identifier in one]
    assert len(set(every)) == len(every) >= 10


def test_the_digests_fit_the_protocol(repository: Path) -> None:
    """A digest is a known instrument as it stands."""
    digest = read_digest(repository / "regulations_corpus" / "gdpr.yaml")
    document = _document(_part("art-32", "1", "a"), identifiers=("celex:32016R0679",))

    (report,) = editions_of([document], known=[digest], source=[_FILE])

    assert report.edition.provisions[0].id in {one.id for one in digest.provisions}


@pytest.mark.parametrize(
    "identifier", ["32016R0679", "celex:", "CELEX:3", "celex: 3", "cfr:45 164"]
)
def test_a_misspelt_identifier_in_a_digest_is_refused(identifier: str) -> None:
    """A scheme, a colon and a value without blanks: anything else would never be found."""
    header = {
        "id": "x",
        "title": "X",
        "short": "X",
        "kind": "law",
        "jurisdictions": ["EU"],
        "version": "1",
        "version_date": "2020-01-01",
        "url": "https://x",
    }
    InstrumentEntry.model_validate({**header, "identifiers": ["celex:32016R0679"]})

    with pytest.raises(ValidationError, match="identifiers"):
        InstrumentEntry.model_validate({**header, "identifiers": [identifier]})
