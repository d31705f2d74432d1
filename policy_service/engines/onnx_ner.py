"""Tag the words of texts with an ONNX token classifier, in padded batches on one thread.

Takes any BERT-like export (inputs `input_ids`, `attention_mask`, perhaps
`token_type_ids`; one output of logits) with its `tokenizers` file. Labels are summed
into the caller's groups before any threshold, so a word torn between given name and
surname is still a name. Not a loader of weights: those are handed in as bytes, checked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import UsageError

_BATCH_TOKENS = 512  # with padding; more does not fit the processor's cache
_WINDOW = 254  # tokens, beside the two that frame them
_OVERLAP = 48
_DIGITS = 4  # scores are rounded, so that the batch a text shares cannot show


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedWord:
    """The word `text[start:end]` and the likelihood of each group that reaches `floor`."""

    start: int
    end: int
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    text: int  # which text
    start: int  # its tokens `start:end` are read
    end: int
    owns: tuple[int, int]  # and of these tokens it has the say


class OnnxTagger:
    """A loaded model. Safe to share between threads."""

    def __init__(
        self,
        *,
        session: Any,  # noqa: ANN401 - onnxruntime ships no types
        tokenizer: Any,  # noqa: ANN401 - the binding's type is only known once it is imported
        groups: Mapping[str, Sequence[int]],
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._names = tuple(sorted(groups))
        self._columns = [list(groups[name]) for name in self._names]
        self._inputs = {one.name for one in session.get_inputs()}
        self._frame = tuple(tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]"))

    @classmethod
    def load(
        cls, *, model: bytes, tokenizer: str, groups: Mapping[str, Sequence[int]]
    ) -> "OnnxTagger":
        """Load `model` and the JSON of its `tokenizer`; `groups`: name → label indices.

        Raises `UsageError` where onnxruntime or tokenizers is not installed.
        """
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise UsageError(
                "the text model needs onnxruntime and tokenizers; "
                "install `policy-service[ner]` or set POLICY_SERVICE_TEXT_NER=off"
            ) from error
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return cls(session=session, tokenizer=Tokenizer.from_str(tokenizer), groups=groups)

    def tag(self, texts: Sequence[str], *, floor: float) -> list[list[TaggedWord]]:
        """Return each text's words that some group is likely to hold, at least `floor` (0-1)."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        tables = [np.zeros((len(one.ids), len(self._names)), np.float32) for one in encoded]
        windows = [
            window
            for text, one in enumerate(encoded)
            for window in _windows(text, len(one.ids), one.word_ids)
        ]
        windows.sort(key=lambda one: (one.end - one.start, one.text, one.start))
        for batch in _batches(windows):
            likely = self._run([encoded[one.text].ids[one.start : one.end] for one in batch])
            for window, rows in zip(batch, likely, strict=True):
                low, high = window.owns
                tables[window.text][low:high] = rows[low - window.start : high - window.start]
        return [
            list(self._words(one.word_ids, one.offsets, table, floor))
            for one, table in zip(encoded, tables, strict=True)
        ]

    def _run(self, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the likelihood of each group for each token; rows are as long as the longest."""
        width = max(len(row) for row in rows) + 2
        ids = np.zeros((len(rows), width), np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row) + 2] = [self._frame[0], *row, self._frame[1]]
            mask[place, : len(row) + 2] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (logits,) = self._session.run(
            None, {name: value for name, value in given.items() if name in self._inputs}
        )
        raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
        shares = raised / raised.sum(axis=-1, keepdims=True)
        grouped = [shares[..., columns].sum(axis=-1) for columns in self._columns]
        return np.stack(grouped, axis=-1)[:, 1:].astype(np.float32)

    def _words(
        self,
        word_ids: Sequence[int | None],
        offsets: Sequence[tuple[int, int]],
        table: NDArray[np.float32],
        floor: float,
    ) -> Iterator[TaggedWord]:
        for low, high in _runs(word_ids):
            start, end = offsets[low][0], offsets[high - 1][1]
            scores = np.round(table[low:high].mean(axis=0).astype(float), _DIGITS)
            named = {
                name: float(score)
                for name, score in zip(self._names, scores, strict=True)
                if score >= floor
            }
            if named and end > start:
                yield TaggedWord(start=start, end=end, scores=named)


def _runs(word_ids: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    """Yield the token ranges of whole words."""
    low = 0
    for place in range(1, len(word_ids) + 1):
        if place == len(word_ids) or word_ids[place] != word_ids[low]:
            yield low, place
            low = place


def _batches(windows: Sequence[_Window]) -> Iterator[Sequence[_Window]]:
    """Cut windows, the shortest first, into batches of few tokens; each holds at least one."""
    batch: list[_Window] = []
    for window in windows:
        width = window.end - window.start + 2
        if batch and (len(batch) + 1) * width > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _windows(text: int, size: int, word_ids: Sequence[int | None]) -> Iterator[_Window]:
    """Cover `size` tokens by overlapping windows; each token is owned by one of them."""
    start = owned = 0
    while owned < size:
        end = min(start + _WINDOW, size)
        cut = size if end == size else _word_start(word_ids, end - _OVERLAP // 2)
        yield _Window(text=text, start=start, end=end, owns=(owned, cut))
        owned, start = cut, max(cut - _OVERLAP // 2, start + 1)


def _word_start(word_ids: Sequence[int | None], place: int) -> int:
    """Return the nearest start of a word at or before `place`, at most some tokens back."""
    for back in range(_OVERLAP // 4):
        if word_ids[place - back] != word_ids[place - back - 1]:
            return place - back
    return place
