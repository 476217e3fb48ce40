"""The Hugging Face pipeline: `text-classification` over the encoder, mean pooling and head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, AutoTokenizer, BertModel, BertPreTrainedModel, pipeline
from transformers.modeling_outputs import SequenceClassifierOutput

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.workers.passes import Classifier


class MeanPooledClassifier(BertPreTrainedModel):
    """BERT, mean pooling, L2 normalization, a linear head: what the product serves."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.classifier = torch.nn.Linear(config.hidden_size, config.num_labels)
        self.seen: list[torch.Tensor] | None = None
        self.post_init()

    def forward(self, input_ids: Any, attention_mask: Any, **_: Any) -> SequenceClassifierOutput:
        """Return logits, [batch, labels]; embeddings are kept where `seen` is a list."""
        state = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(state.dtype)
        mean = (state * weight).sum(1) / weight.sum(1)
        embedding = torch.nn.functional.normalize(mean, dim=1)
        if self.seen is not None:
            self.seen.append(embedding)
        return SequenceClassifierOutput(logits=self.classifier(embedding))


class HuggingFace(Classifier):
    """`pipeline("text-classification")` with a batch size."""

    batch_sizes = (1, 8, 32)

    def __init__(self, files: CaseFiles) -> None:
        super().__init__(files)
        config = AutoConfig.from_pretrained(files.encoder, num_labels=len(self.case.labels))
        self._model = MeanPooledClassifier(config)
        encoder = BertModel.from_pretrained(files.encoder, add_pooling_layer=False)
        self._model.bert.load_state_dict(encoder.state_dict())
        head = np.load(files.head)
        with torch.no_grad():
            self._model.classifier.weight.copy_(torch.from_numpy(head["weight"].T))
            self._model.classifier.bias.copy_(torch.from_numpy(head["bias"]))
        self._pipeline = pipeline(
            "text-classification",
            model=self._model.eval(),
            tokenizer=AutoTokenizer.from_pretrained(files.encoder),
            device="cpu",
        )
        self._place: dict[str, int] = config.label2id

    def classify(self, texts: Sequence[str]) -> list[int]:
        """See `Classifier.classify`."""
        answers = self._pipeline(
            list(texts),
            batch_size=self.batch_size,
            truncation=True,
            max_length=self.case.max_tokens,
        )
        return [self._place[answer["label"]] for answer in answers]

    def labels_and_embeddings(self, texts: Sequence[str]) -> tuple[list[int], NDArray[np.float32]]:
        """See `Classifier.labels_and_embeddings`."""
        self._model.seen = []
        labels = self.classify(texts)
        embeddings: NDArray[np.float32] = torch.cat(self._model.seen).numpy()
        self._model.seen = None
        return labels, embeddings


def build(files: CaseFiles) -> HuggingFace:
    """Load the pipeline."""
    return HuggingFace(files)
