"""Reports of sequences of letters: the states of proteins, and the strength of promoters."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.report.making import labelled_content
from tests.report.pieces import SEEN, lengths, scores, sizes, training

from recurra.report.content import ReportContent


def protein_report() -> ReportContent:
    """Three states of residues: a tag per step, sequences of hundreds of residues."""
    random = np.random.default_rng(1)
    parts = []
    for number, length in ((1, 164), (2, 87), (3, 1_240)):
        residues = random.choice(list("ACDEFGHIKLMNPQRSTVWY"), length)
        states = np.repeat(random.choice(list("HEC"), length // 6 + 1, p=[0.4, 0.25, 0.35]), 6)[:length]
        missed = random.random(length) < 0.24
        predicted = np.where(missed, random.choice(list("HEC"), length), states)
        attribution = np.exp(-0.5 * ((np.arange(length) - length // 3) / 5) ** 2) * random.standard_normal(length)
        columns = {"token": residues, "attribution": attribution, "truth": states, "predicted": predicted}
        parts.append(pd.DataFrame({"example": number, "step": np.arange(1, length + 1), **columns}))
    explained = pd.concat(parts, ignore_index=True)
    explained.loc[:3, "truth"] = None
    table, intervals = scores(
        {
            "recurra": (0.712, 0.688, 0.662, 0.668),
            "window of 17, logistic regression": (0.647, 0.611, 0.598, 0.801),
            "majority of the residue": (0.503, 0.441, 0.42, 0.988),
            "most frequent tag": (0.412, 0.333, 0.195, 1.063),
        },
        ("accuracy", "balanced accuracy", "macro F1", "log loss"),
        0.011,
    )
    states = ["C", "H", "E"]
    return labelled_content(
        title="Secondary structure of proteins",
        task="tagging",
        target="dssp",
        command="recurra tag proteins.jsonl --sequence residues --label dssp",
        created="2026-07-01 09:30",
        verdict="Better than the best baseline (window of 17, logistic regression): accuracy per step 71.2 % against "
        "64.7 % (95 % interval of the difference +5.1 to +7.9 points, p < 0.001, 103 test sequences).",
        better=True,
        table=table,
        intervals=intervals,
        baselines=tuple(table.index[1:]),
        best_baseline="window of 17, logistic regression",
        leading="accuracy",
        per_class=pd.DataFrame(
            {
                "class": states,
                "count": [7150, 5820, 3890],
                "precision": [0.70, 0.75, 0.66],
                "recall": [0.76, 0.74, 0.57],
                "f1": [0.729, 0.745, 0.612],
            }
        ),
        confusion=pd.DataFrame(
            {
                "truth": np.repeat(states, 3),
                "predicted": states * 3,
                "count": [5434, 965, 751, 1120, 4307, 393, 1203, 470, 2217],
            }
        ),
        reliability=pd.DataFrame(
            {
                "bin": range(8),
                "confidence": np.linspace(0.37, 0.97, 8),
                "right": np.linspace(0.36, 0.96, 8),
                "count": np.linspace(900, 3000, 8).astype(int),
            }
        ),
        chosen=pd.DataFrame(
            {
                "example": [1, 2, 3],
                "truth": None,
                "predicted": None,
                "probability": np.nan,
                "why": ["typical (helix at 55)", "worst", "longest"],
                "focus": [55, 29, 413],
            }
        ),
        explained=explained,
        writing="symbols",
        explanation="Of the tag of the framed step, against a sequence of unknown residues.",
        usual=pd.DataFrame(
            {
                "token": list("ALEPGVIY"),
                "class": np.repeat(["H", "C", "E"], [3, 2, 3]),
                "strength": [0.31, 0.27, 0.22, 0.4, 0.35, 0.3, 0.28, 0.15],
                "count": 1200,
            }
        ),
        sizes=sizes({"C": (28511, 3200, 7150), "H": (23401, 2900, 5820), "E": (15202, 1870, 3890)}),
        lengths=lengths({"": 160}, random),
        settings={"cell": "lstm", "members": "5"},
        versions=SEEN,
        **training(random),
    )


def promoter_report() -> ReportContent:
    """A number per DNA sequence."""
    random = np.random.default_rng(2)
    truth = random.gamma(2.0, 8.0, 900)
    predicted = 0.8 * truth + 3.2 + 2.5 * random.standard_normal(900)
    parts = []
    for number in (1, 2):
        bases = random.choice(list("ACGT"), 120)
        bases[30:37], bases[80:86] = list("TATAAAA"), list("CCAATC")
        attribution = 0.1 * random.standard_normal(120)
        attribution[30:37], attribution[80:86] = 3.1, -1.9
        parts.append(
            pd.DataFrame({"example": number, "step": range(1, 121), "token": bases, "attribution": attribution})
        )
    table, intervals = scores(
        {
            "recurra": (0.86, 0.921, 2.11, 2.84),
            "k-mer ridge": (0.71, 0.842, 3.2, 4.1),
            "mean": (-0.001, np.nan, 7.7, 9.9),
        },
        ("R2", "Spearman", "MAE", "RMSE"),
        0.02,
    )
    return labelled_content(
        title="Expression of promoters",
        task="regression",
        target="expression",
        command="recurra regress promoters.csv --sequence dna --target expression",
        created="2026-07-01 09:30",
        verdict="Better than the best baseline (k-mer ridge): R² 0.860 against 0.710 (p < 0.001, 900 test examples).",
        better=True,
        table=table,
        intervals=intervals,
        baselines=("k-mer ridge", "mean"),
        best_baseline="k-mer ridge",
        leading="R2",
        predictions=pd.DataFrame({"truth": truth, "predicted": predicted}),
        hardest=pd.DataFrame(
            {
                "example": ["ACGTTATAAAACG" * 9, "GGGCC" * 20],
                "truth": [51.25, 3.5],
                "predicted": [22.4, 19.875],
                "probability": np.nan,
            }
        ),
        chosen=pd.DataFrame(
            {
                "example": [1, 2],
                "truth": [33.2, 8.1],
                "predicted": [30.9, 11.44],
                "probability": np.nan,
                "why": ["high", "low"],
            }
        ),
        explained=pd.concat(parts, ignore_index=True),
        writing="symbols",
        usual=pd.DataFrame(
            {
                "token": ["TATA", "CCAAT", "GGGCGG"],
                "class": None,
                "strength": [3.2, -1.8, 0.9],
                "count": [700, 320, 111],
            }
        ),
        sizes=sizes({None: (7200, 900, 900)}),
        versions=SEEN,
        **training(random),
    )
