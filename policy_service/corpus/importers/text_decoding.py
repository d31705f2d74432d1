"""Bytes to text: UTF-8, or UTF-16 with its mark; everything else is refused, not guessed.

A wrong guess would change letters of a law without a word, so Latin-1 and its kin are
refused with the place of the first byte that does not fit.
"""

import codecs

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.limits import LIMITS, check_size
from policy_service.domain.errors import CorpusError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark starts with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_ENDS = str.maketrans({"\r": "\n", "\f": "\n", "\v": "\n", "\x85": "\n", "\u2028": "\n"})
_SAMPLE_BYTES = 4096
_CONTROLS = bytes(one for one in range(32) if one not in (9, 10, 11, 12, 13)) + b"\x7f"


def decode(file: SourceFile) -> str:
    """Return the text with every line ended by a line feed.

    Raises `CorpusError` naming the offset of the first byte that is no text.
    """
    check_size(file.name, len(file.data), LIMITS.text_bytes)
    return decode_any_size(file).replace("\r\n", "\n").translate(_LINE_ENDS)


def decode_any_size(file: SourceFile) -> str:
    """Decode a data file (JSON, YAML), which has no line ends to mend."""
    mark, encoding = _encoding(file.data)
    if encoding.startswith("utf-32"):
        raise CorpusError(f"`{file.name}` is UTF-32 text, which is not read: save it as UTF-8")
    try:
        text = file.data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = len(mark) + error.start
        raise CorpusError(
            f"`{file.name}` is not {encoding.upper()} text (byte {file.data[place]:#04x} at offset "
            f"{place}): convert it, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
        ) from error
    nul = text.find("\0")
    if nul >= 0:
        raise CorpusError(
            f"`{file.name}` holds a NUL at character {nul}: save it as UTF-8 text without it"
        )
    return text


def looks_like_text(file: SourceFile) -> bool:
    """Tell text, whatever its encoding, from binary data by the start of a file."""
    mark, _ = _encoding(file.data)
    if mark and mark != codecs.BOM_UTF8:
        return True
    sample = file.data[:_SAMPLE_BYTES]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return bool(sample.strip()) and controls * 100 <= len(sample)


def is_unmarked_utf16(file: SourceFile) -> bool:
    """Tell UTF-16 text without its mark, which is refused, from other binary data."""
    sample = file.data[:_SAMPLE_BYTES]
    halves = (sample[::2], sample[1::2])
    zeros = sorted(half.count(0) * 100 // max(len(half), 1) for half in halves)
    return len(sample) > 1 and zeros[0] == 0 and zeros[1] >= 80


def start_of_text(file: SourceFile, size: int = _SAMPLE_BYTES) -> str:
    """Return the start of a file for recognition; empty for binary data. Never raises."""
    if not looks_like_text(file):
        return ""
    mark, encoding = _encoding(file.data)
    sample = file.data[len(mark) : len(mark) + size]
    return sample.decode(encoding, errors="replace").lstrip()


def _encoding(data: bytes) -> tuple[bytes, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return mark, encoding
    return b"", "utf-8"
