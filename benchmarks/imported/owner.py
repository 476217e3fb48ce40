"""What a model's owner does, with transformers and MLflow alone and without a line of the product.

    python -m benchmarks.imported.owner FAMILY WEIGHTS DOCUMENTS ASKED TARGET

Fine-tunes a sequence classifier a few steps, saves it with `save_pretrained`, logs it with
`mlflow.transformers` and answers documents. Prints one line of JSON: `uri`, `labels`, `answers`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow
import torch
import transformers
from tokenizers import ByteLevelBPETokenizer
from torch import Tensor

MAX_TOKENS = 256
_BATCH = 16
_RATE = {"bert": 5e-5, "roberta": 1e-3, "distilbert": 1e-3}
_STEPS = {"bert": 30, "roberta": 300, "distilbert": 300}
"""What starts from random weights takes larger steps, and more of them."""
_SMALL_VOCABULARY = 2000


def main() -> int:
    """Train, save, log, answer; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", choices=sorted(_RATE))
    for name in ("weights", "documents", "asked", "target"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    documents, asked = _read(options.documents), _read(options.asked)
    labels = sorted({document["label"] for document in documents})
    texts = [document["text"] for document in documents]
    tokenizer = _tokenizer(options.family, options.weights, texts, options.target)
    model = _model(options.family, options.weights, labels, len(tokenizer))
    _fine_tune(model, tokenizer, documents, labels, options.family)
    folder = options.target / "saved"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    with mlflow.start_run():
        logged = mlflow.transformers.log_model(
            {"model": model, "tokenizer": tokenizer},
            name="model",
            task="text-classification",
            pip_requirements=[],  # nobody serves it with MLflow
        )
    answers = _answers(model, tokenizer, [document["text"] for document in asked])
    print(json.dumps({"uri": logged.model_uri, "labels": labels, "answers": answers}))
    return 0


def _read(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _tokenizer(family: str, weights: Path, texts: Sequence[str], target: Path) -> Any:
    """The encoder's own, or RoBERTa's kind trained on the texts."""
    if family != "roberta":
        kind = getattr(transformers, "BertTokenizerFast" if family == "bert" else "AutoTokenizer")
        if family == "bert":
            return kind(tokenizer_file=str(weights / "tokenizer.json"))
        return transformers.PreTrainedTokenizerFast(
            tokenizer_file=str(weights / "tokenizer.json"),
            **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")},
        )
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    learned = ByteLevelBPETokenizer()
    learned.train_from_iterator(texts, vocab_size=_SMALL_VOCABULARY, special_tokens=special)
    folder = target / "vocabulary"
    folder.mkdir(parents=True, exist_ok=True)
    learned.save_model(str(folder))
    return transformers.RobertaTokenizerFast.from_pretrained(folder)


def _model(family: str, weights: Path, labels: Sequence[str], vocabulary: int) -> Any:
    """MiniLM's weights under a new head, or a small model of random weights."""
    named = {"id2label": dict(enumerate(labels)), "label2id": {n: k for k, n in enumerate(labels)}}
    if family == "bert":
        return transformers.BertForSequenceClassification.from_pretrained(weights, **named)
    if family == "roberta":
        sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
        config = transformers.RobertaConfig(
            vocab_size=vocabulary,
            intermediate_size=128,
            max_position_embeddings=MAX_TOKENS + 2,
            type_vocab_size=1,
            **sizes,
            **named,
        )
        return transformers.RobertaForSequenceClassification(config)
    config = transformers.DistilBertConfig(
        vocab_size=vocabulary, dim=64, n_layers=2, n_heads=4, hidden_dim=128, **named
    )
    return transformers.DistilBertForSequenceClassification(config)


def _fine_tune(
    model: Any,
    tokenizer: Any,
    documents: Sequence[dict[str, str]],
    labels: Sequence[str],
    family: str,
) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE[family])
    model.train()
    for step in range(_STEPS[family]):
        order = torch.randperm(len(documents))[:_BATCH]
        batch = [documents[k] for k in order.tolist()]
        truth = torch.tensor([labels.index(document["label"]) for document in batch])
        found = model(**_tokens(tokenizer, [d["text"] for d in batch]), labels=truth)
        optimizer.zero_grad()
        found.loss.backward()
        optimizer.step()
        if step % 30 == 0:
            print(f"step {step}: loss {found.loss.item():.3f}", file=sys.stderr)
    model.eval()


def _tokens(tokenizer: Any, texts: Sequence[str]) -> dict[str, Tensor]:
    found = tokenizer(
        list(texts), truncation=True, max_length=MAX_TOKENS, padding=True, return_tensors="pt"
    )
    return {name: found[name] for name in ("input_ids", "attention_mask")}


def _answers(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[list[float]]:
    """Each text's probabilities."""
    rows: list[list[float]] = []
    with torch.inference_mode():
        for start in range(0, len(texts), _BATCH):
            logits = model(**_tokens(tokenizer, texts[start : start + _BATCH])).logits
            rows += logits.softmax(dim=1).tolist()
    return rows


if __name__ == "__main__":
    sys.exit(main())
