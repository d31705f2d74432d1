"""Make `regulations_corpus/embeddings`: the shipped corpus, embedded, so that a first run is quick.

They are a cache: an installation embeds itself whatever is not in it.
"""

import json
import shutil
import tempfile
from pathlib import Path

from policy_service.corpus.collection import load_corpus
from policy_service.engines.encoder import Encoder
from policy_service.retrieval.late_interaction import open_late_index

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "regulations_corpus" / "embeddings"
GENERATION = "generation-shipped"
KEPT = ("vectors.npy", "extras/")


def main() -> None:
    """Embed every shipped provision, reusing what is there, and replace the folder."""
    corpus = load_corpus([ROOT / "regulations_corpus", ROOT / "policies" / "standards"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        open_late_index(
            folder=folder,
            provisions=corpus.provisions,
            encoder=Encoder.load(),
            shipped=TARGET,
        )
        manifest = json.loads((folder / "manifest.json").read_text())
        built = folder / manifest["generation"]
        manifest["generation"] = GENERATION
        manifest["files"] = [one for one in manifest["files"] if one["path"].startswith(KEPT)]
        shutil.rmtree(TARGET, ignore_errors=True)
        (TARGET / GENERATION / "extras").mkdir(parents=True)
        for one in manifest["files"]:
            shutil.copyfile(built / one["path"], TARGET / GENERATION / one["path"])
        text = json.dumps(manifest, sort_keys=True, indent=1)
        (TARGET / "manifest.json").write_text(f"{text}\n")
    print(f"{len(corpus.provisions)} provisions embedded in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
