"""Small PDFs for tests: lines at places, in Helvetica plain, bold and italic; invented texts."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

_FONTS = {"F1": "Helvetica", "F2": "Helvetica-Bold", "F3": "Helvetica-Oblique"}
_WIDTH, _HEIGHT = 612, 792


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One piece of text; a line that holds several is several pieces of one height."""

    text: str
    left: float = 72
    height: float
    size: float = 10
    font: str = "F1"


def pdf_of(*pages: Sequence[Shown]) -> bytes:
    """Write a PDF with one page for each row of pieces."""
    writer = PdfWriter()
    for pieces in pages:
        page = writer.add_blank_page(width=_WIDTH, height=_HEIGHT)
        fonts = DictionaryObject(
            {NameObject(f"/{name}"): _font(base) for name, base in _FONTS.items()}
        )
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data("\n".join(_operators(piece) for piece in pieces).encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    return _written(writer)


def locked(data: bytes) -> bytes:
    """Lock a PDF with a password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt("secret", algorithm="RC4-128")
    return _written(writer)


def cut(data: bytes, first: int, last: int) -> bytes:
    """Keep some pages of a PDF, counted from one."""
    reader, writer = PdfReader(io.BytesIO(data)), PdfWriter()
    for number in range(first - 1, last):
        writer.add_page(reader.pages[number])
    return _written(writer)


def column(
    rows: Sequence[str], *, left: float = 72, top: float = 700, step: float = 12
) -> list[Shown]:
    """Set rows of text below each other; an empty row is a wider gap.

    A row that starts with `*` is bold; `/heading/ text` starts in italics.
    """
    shown: list[Shown] = []
    height = top
    for row in rows:
        if row.startswith("*"):
            shown.append(Shown(text=row[1:], left=left, height=height, font="F2"))
        elif row.count("/") >= 2:
            before, slanted, after = row.split("/", 2)
            at = left
            for text, font in ((before, "F1"), (slanted, "F3"), (after, "F1")):
                if text:
                    shown.append(Shown(text=text, left=at, height=height, font=font))
                    at += 4.6 * len(text)
        elif row:
            shown.append(Shown(text=row, left=left, height=height))
        height -= step
    return shown


def _operators(piece: Shown) -> str:
    text = piece.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{piece.font} {piece.size} Tf 1 0 0 1 {piece.left} {piece.height} Tm ({text}) Tj ET"


def _font(base: str) -> DictionaryObject:
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject(f"/{base}"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )


def _written(writer: PdfWriter) -> bytes:
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
