"""A small corpus of invented rules, questions on it, and an encoder small enough to train."""

from functools import cache

from policy_service.engines.encoder import Encoder, model_folder
from policy_service.retrieval.learned.fit import Example, fit_with_rows
from policy_service.retrieval.learned.passages import PassageTable, passage_table
from policy_service.retrieval.lexical import LexicalIndex
from policy_service.retrieval.token_gatherer import build_extras

SUBJECTS = ("payroll", "claims", "ledger", "visitor", "archive", "vendor", "laptop", "camera")
DUTIES = (
    ("keep", "must be kept in a locked cabinet for seven years"),
    ("mask", "may be shown with every digit hidden but the last four"),
    ("report", "shall be reported to the supervisor within three days"),
    ("erase", "must be erased when the contract has ended"),
    ("review", "should be reviewed twice a year by an auditor"),
    ("share", "may not be shared with another company without consent"),
)


class TinyEncoder(Encoder):
    """A BERT of two layers and random weights behind the real tokeniser."""

    dimensions = 32

    @classmethod
    def make(cls, *, seed: int = 3) -> "TinyEncoder":
        """Build it; the same seed gives the same weights."""
        import torch
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertModel

        tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
        tokenizer.enable_truncation(64)
        tokenizer.no_padding()
        config = BertConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = BertModel(config)
        model.train(False)
        return cls(tokenizer=tokenizer, model=model, sha256=f"{seed}" * 64)


def passages() -> dict[str, str]:
    """Return the passages by id: one section a subject, one paragraph a duty."""
    found = {}
    for number, subject in enumerate(SUBJECTS, start=1):
        found[f"rules/{number}"] = f"Rules on {subject} records"
        for letter, (_, duty) in enumerate(DUTIES, start=1):
            found[f"rules/{number}.{letter}"] = f"A {subject} record {duty}."
    return found


def examples() -> list[Example]:
    """Ask for each paragraph once."""
    return [
        Example(
            question=f"How do we {verb} a {subject} record?",
            relevant=frozenset({f"rules/{number}.{letter}"}),
        )
        for number, subject in enumerate(SUBJECTS, start=1)
        for letter, (verb, _) in enumerate(DUTIES, start=1)
    ]


def table(encoder: Encoder) -> PassageTable:
    """Index the passages."""
    held = passages()
    texts = list(held.values())
    return passage_table(
        ids=list(held),
        texts=texts,
        vectors=encoder.encode(texts),
        lexical=LexicalIndex.build(texts),
        extras=build_extras(texts, encoder=encoder),
    )


@cache
def trained():  # a tuple of three that the tests unpack
    """Train once for all tests: encoder, table, weights and training rows."""
    encoder = TinyEncoder.make()
    held = table(encoder)
    weights, rows = fit_with_rows(examples=examples(), index=held, encoder=encoder)
    return encoder, held, weights, rows
