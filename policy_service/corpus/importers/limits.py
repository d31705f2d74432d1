"""What an import may cost at most: sizes, counts and depths that no real source reaches.

Not settings: an organisation has no reason to raise them. The largest act read so far (the
AI Act, Formex) has 0.7 MB, the largest catalogue (NIST SP 800-53, OSCAL) 11 MB unpacked.
"""

from dataclasses import dataclass

from policy_service.domain.errors import CorpusError

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that one import may hold. Sizes in bytes, unpacked."""

    file_bytes: int = 64 * _MEGABYTE
    text_bytes: int = 16 * _MEGABYTE  # of one HTML or plain text file
    markdown_bytes: int = 2 * _MEGABYTE  # some 800 pages; its parser takes 10 s for a MB of lists
    markdown_brackets: int = 5_000  # in one block: its parser's time grows with their square
    xml_tags: int = 3_000_000  # each takes some 120 bytes once read; a CFR title has 1.5 million
    html_tags: int = 500_000
    data_nodes: int = 2_000_000  # objects and lists of JSON, events of YAML
    blocks: int = 50_000  # paragraphs and lines of one policy
    total_bytes: int = 256 * _MEGABYTE
    files: int = 2_000
    ratio: int = 200  # unpacked to packed; official XML reaches 30
    ratio_from_bytes: int = _MEGABYTE  # below it a high ratio costs nothing
    nesting: int = 3  # archives within archives
    depth: int = 100  # of JSON, YAML and Markdown; no official text reaches 30


LIMITS = Limits()


@dataclass(slots=True, kw_only=True)
class Budget:
    """What is left of the limits while one import is gathered."""

    limits: Limits
    bytes_left: int
    files_left: int

    def take_file(self, name: str, size_bytes: int) -> None:
        """Count one file. Raises `CorpusError` once there are too many or they are too large."""
        self.files_left -= 1
        if self.files_left < 0:
            raise CorpusError(
                f"more than {self.limits.files} files in one import: import them by folder"
            )
        self.bytes_left -= size_bytes
        if self.bytes_left < 0:
            raise CorpusError(
                f"more than {_megabytes(self.limits.total_bytes)} in one import at `{name}`: "
                "import them by folder"
            )


def full_budget(limits: Limits = LIMITS) -> Budget:
    """Start a budget with nothing spent."""
    return Budget(limits=limits, bytes_left=limits.total_bytes, files_left=limits.files)


def check_size(name: str, size_bytes: int, most: int) -> None:
    """Raise `CorpusError` for a file that is larger than `most`."""
    if size_bytes > most:
        raise CorpusError(
            f"`{name}` has {_megabytes(size_bytes)}, and at most {_megabytes(most)} are read: "
            "give the text alone"
        )


def check_count(name: str, what: str, count: int, most: int) -> None:
    """Raise `CorpusError` for a file that holds more of something than is read."""
    if count > most:
        raise CorpusError(f"`{name}` holds more than {most} {what}: give it in smaller files")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / _MEGABYTE:.0f} MB"
