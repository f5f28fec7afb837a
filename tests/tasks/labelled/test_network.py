"""Which tokens a network knows: those that it can have learnt something of, and those whose vectors are given."""

from __future__ import annotations

from pathlib import Path

from tests.tasks.sequences import SILENT, classifier, reviews

from recurra.data.encoders.tokens import TextEncoder
from recurra.data.examples.inputs import Text
from recurra.tasks.labelled.plan import ALPHABET


def test_a_word_with_a_given_vector_is_known_however_rare_it_is(tmp_path: Path) -> None:
    texts, labels = reviews(2 * ALPHABET)
    texts = [f"{text} rare{k}" if k < ALPHABET else text for k, text in enumerate(texts)]
    path = tmp_path / "vectors.txt"
    path.write_text("rare0 1 2\nrare1 3 4\n")
    kind = Text(level="words", vectors=str(path))
    model = classifier(inputs={"text": kind}).fit({"text": texts}, labels, run=SILENT).model_
    encoder = model.reader.encoders["text"]
    assert isinstance(encoder, TextEncoder)
    for member in model.members:
        known = member.network.known()["text"].tolist()
        rare = {
            word
            for word, is_known in zip(encoder.tokens, known[1:], strict=True)
            if is_known and word.startswith("rare")
        }
        assert rare == {"rare0", "rare1"}
