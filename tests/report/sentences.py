"""Reports to try the page on: sentiment, protein states, promoters, gestures, topics with many labels, hostile text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.report.biology import promoter_report, protein_report
from tests.report.making import HOSTILE, changed, labelled_content
from tests.report.pieces import BAD, GOOD, SEEN, lengths, letters, scores, sizes, training, words

from recurra.report.content import ReportContent

PLAIN = (
    "the film, which opens on a rainy morning in Lisbon, is {} and its second half is {}",
    "{} from the first scene, and though the actors try hard it remains {} to the end",
    "not {} at all: what begins as a family story turns {} before the hour is over",
    "one leaves the cinema with the feeling that something {} has been said in a {} way",
)


@pytest.fixture(scope="session")
def sentiment() -> ReportContent:
    return sentiment_report()


@pytest.fixture(scope="session")
def protein() -> ReportContent:
    return protein_report()


@pytest.fixture(scope="session")
def promoters() -> ReportContent:
    return promoter_report()


@pytest.fixture(scope="session")
def gestures() -> ReportContent:
    return gesture_report()


@pytest.fixture(scope="session")
def topics() -> ReportContent:
    return topic_report()


@pytest.fixture(scope="session")
def markup() -> ReportContent:
    return hostile_report()


@pytest.fixture(scope="session")
def nothing() -> ReportContent:
    """A report with a verdict and nothing else."""
    return labelled_content(
        title="Nothing",
        task="classification",
        target="y",
        command="rc.SequenceClassifier()",
        created="now",
        verdict="Nothing to compare with.",
        better=False,
    )


def sentiment_report() -> ReportContent:
    """Two classes of English sentences, one of Chinese and one of Arabic, and one of a thousand words."""
    random = np.random.default_rng(0)
    texts = [PLAIN[k % 4].format(*random.choice(GOOD if k % 2 else BAD, 2, replace=False)) for k in range(6)]
    explained = [words(k + 1, text, random) for k, text in enumerate(texts)]
    explained.append(
        letters(7, "这部电影非常精彩,演员的表演令人感动,但是结尾有点平淡。", {"精", "彩", "感", "动"}, {"平", "淡"}, "")
    )
    explained.append(words(8, "الفيلم رائع جدا لكن النهاية مملة قليلا ولا تناسب القصة", random))
    filler = " ".join(np.repeat(["the camera moves through the old town and nothing happens"], 90))
    explained.append(words(9, f"{filler} until a wonderful , funny ending {filler} which is dull .", random))
    wrong = (False, False, True, False, True, False, False, True, True)
    chosen = pd.DataFrame(
        {
            "example": range(1, 10),
            "truth": ["negative" if k % 2 == 0 else "positive" for k in range(9)],
            "predicted": ["negative" if (k % 2 == 0) != wrong[k] else "positive" for k in range(9)],
            "probability": [0.981, 0.964, 0.93, 0.88, 0.77, 0.91, 0.97, 0.66, 0.58],
            "why": [
                "most certain",
                "most certain",
                "most confidently wrong",
                "typical",
                "most confidently wrong",
                "typical",
                "typical",
                "unsure",
                "unsure",
            ],
        }
    )
    table, intervals = scores(
        {
            "recurra": (0.8012, 0.8011, 0.881, 0.4321, 0.0214),
            "n-grams, logistic regression": (0.7824, 0.7823, 0.862, 0.4631, 0.0305),
            "bag of words": (0.7598, 0.7597, 0.839, 0.4982, 0.0412),
            "most frequent class": (0.5, 0.5, 0.5, 0.6931, 0.0),
        },
        ("accuracy", "macro F1", "ROC-AUC", "log loss", "calibration error"),
        0.024,
    )
    edges = np.linspace(0.53, 0.99, 12)
    return labelled_content(
        title="Sentiment of reviews",
        task="classification",
        target="sentiment",
        command="recurra classify reviews.csv --text sentence --label sentiment",
        created="2026-07-01 09:30",
        verdict="Better than the best baseline (n-grams, logistic regression): accuracy 80.1 % against 78.2 % "
        "(95 % interval of the difference +0.4 to +3.4 points, p = 0.01, 1,066 test examples).",
        better=True,
        table=table,
        intervals=intervals,
        baselines=tuple(table.index[1:]),
        best_baseline="n-grams, logistic regression",
        leading="accuracy",
        per_class=pd.DataFrame(
            {
                "class": ["negative", "positive"],
                "count": [533, 533],
                "precision": [0.809, 0.794],
                "recall": [0.788, 0.814],
                "f1": [0.798, 0.804],
            }
        ),
        confusion=pd.DataFrame(
            {
                "truth": ["negative"] * 2 + ["positive"] * 2,
                "predicted": ["negative", "positive"] * 2,
                "count": [420, 113, 99, 434],
            }
        ),
        reliability=pd.DataFrame(
            {
                "bin": range(12),
                "confidence": edges,
                "right": edges - 0.03 + 0.02 * random.standard_normal(12),
                "count": np.linspace(40, 190, 12).astype(int),
            }
        ),
        hardest=pd.DataFrame(
            {
                "example": [*texts[2:5], filler],
                "truth": ["negative", "positive", "negative", "positive"],
                "predicted": ["positive", "negative", "positive", "negative"],
                "probability": [0.987, 0.972, 0.951, 0.94],
            }
        ),
        chosen=chosen,
        explained=pd.concat(explained, ignore_index=True),
        explanation="Integrated gradients from an empty text; they add up to the difference in log-odds.",
        usual=pd.concat(
            [
                pd.DataFrame(
                    {
                        "token": GOOD,
                        "class": "positive",
                        "strength": np.linspace(2.1, 0.4, 10),
                        "count": random.integers(8, 300, 10),
                    }
                ),
                pd.DataFrame(
                    {
                        "token": BAD,
                        "class": "negative",
                        "strength": np.linspace(2.4, 0.3, 10),
                        "count": random.integers(8, 300, 10),
                    }
                ),
                pd.DataFrame(
                    {
                        "token": ["not", "كئيب", "无聊"],
                        "class": "positive",
                        "strength": [-0.9, -0.5, -0.4],
                        "count": [412, 9, 14],
                    }
                ),
            ],
            ignore_index=True,
        ),
        sizes=sizes({"negative": (4267, 531, 533), "positive": (4266, 532, 533)}),
        lengths=lengths({"negative": 21, "positive": 19}, random),
        facts=[
            ("file", "UTF-8, separator ',', header", "--separator, --encoding"),
            ("text", "sentence: words, lower case, 12,410 in the vocabulary", "--text, --level"),
            ("label", "sentiment: 2 classes", "--label"),
        ],
        settings={"cell": "lstm", "hidden units": "100", "members": "5", "seed": "0"},
        versions=SEEN,
        notes=["7 sentences occur twice; they were kept in the same part."],
        memory=["It reads every word; half of the gradient comes from the last 9."],
        **training(random),
    )


def gesture_report() -> ReportContent:
    """Eight classes of numeric series with three features, no better than its linear baseline."""
    random = np.random.default_rng(3)
    classes = ["circle", "swipe left", "swipe right", "tap", "double tap", "shake", "lift", "rest"]
    parts = []
    for number, length in ((1, 140), (2, 1_900)):
        steps = np.arange(1, length + 1)
        for place, name in enumerate(("acceleration x", "acceleration y", "acceleration z")):
            value = np.sin(steps / length * (12 + 4 * place)) + 0.1 * random.standard_normal(length)
            attribution = value * np.exp(-0.5 * ((steps - 0.4 * length) / (0.08 * length)) ** 2) / (1 + place)
            parts.append(
                pd.DataFrame(
                    {"example": number, "step": steps, "feature": name, "value": value, "attribution": attribution}
                )
            )
    counts = 8 * np.eye(8) * 8 + random.integers(0, 7, (8, 8))
    table, intervals = scores(
        {"recurra": (0.812, 0.8), "summary, logistic regression": (0.83, 0.82), "most frequent class": (0.125, 0.028)},
        ("accuracy", "macro F1"),
        0.04,
    )
    table.loc["most frequent class", "macro F1"] = np.nan
    return labelled_content(
        title="Gestures",
        task="classification",
        target="gesture",
        command="recurra classify gestures.parquet --series id --time t --label gesture",
        created="2026-07-01 09:30",
        verdict="No better than the summary of each series with logistic regression: use that.",
        better=False,
        table=table,
        intervals=intervals,
        baselines=("summary, logistic regression", "most frequent class"),
        best_baseline="summary, logistic regression",
        leading="accuracy",
        per_class=pd.DataFrame(
            {
                "class": classes,
                "count": 80,
                "precision": random.uniform(0.7, 0.95, 8),
                "recall": random.uniform(0.7, 0.95, 8),
                "f1": random.uniform(0.7, 0.95, 8),
            }
        ),
        confusion=pd.DataFrame(
            {"truth": np.repeat(classes, 8), "predicted": classes * 8, "count": counts.astype(int).ravel()}
        ),
        chosen=pd.DataFrame(
            {
                "example": [1, 2],
                "truth": ["circle", "tap"],
                "predicted": ["circle", "lift"],
                "probability": [0.91, 0.54],
            }
        ),
        explained_series=pd.concat(parts, ignore_index=True),
        sizes=sizes(dict.fromkeys(classes, (400, 40, 80))),
        lengths=lengths(dict.fromkeys(classes, 150), random),
        versions=SEEN,
    )


def topic_report() -> ReportContent:
    """A hundred and twenty classes."""
    random = np.random.default_rng(4)
    names = [f"topic {k:03d}" for k in range(120)]
    rows = [
        (names[i], names[int(j)], int(n))
        for i in range(120)
        for j, n in zip(random.choice(120, 5), random.integers(1, 9, 5), strict=True)
    ]
    rows += [(name, name, 30) for name in names]
    share = random.uniform(0.3, 0.98, (120, 3))
    return changed(
        sentiment_report(),
        title="Topics of messages",
        target="topic",
        per_class=pd.DataFrame(
            {"class": names, "count": 40, "precision": share[:, 0], "recall": share[:, 1], "f1": share[:, 2]}
        ),
        confusion=pd.DataFrame(rows, columns=["truth", "predicted", "count"]),
        sizes=sizes({name: (400 + k, 40, 40) for k, name in enumerate(names)}),
        usual=pd.DataFrame(
            {
                "token": [f"word{k}" for k in range(600)],
                "class": np.repeat(names, 5),
                "strength": random.standard_normal(600),
                "count": 7,
            }
        ),
    )


def hostile_report() -> ReportContent:
    """Every text tries to be markup, or is hard to set."""
    random = np.random.default_rng(5)
    classes = [*HOSTILE]
    text = HOSTILE[0] + HOSTILE[2] + HOSTILE[3]
    n = len(classes)
    explained = pd.DataFrame(
        {
            "example": 1,
            "step": range(1, n + 4),
            "token": [*classes, "\n", "", "a" * 500],
            "attribution": random.standard_normal(n + 3),
            "after": [*classes, "", None, "<i>"],
        }
    )
    tagged = pd.DataFrame(
        {
            "example": 1,
            "step": range(1, n + 1),
            "token": classes,
            "attribution": np.nan,
            "truth": classes,
            "predicted": classes[::-1],
        }
    )
    series = pd.concat(
        [
            pd.DataFrame(
                {
                    "example": 2,
                    "step": range(30),
                    "feature": name,
                    "value": random.standard_normal(30),
                    "attribution": random.standard_normal(30),
                }
            )
            for name in classes
        ]
    )
    report = sentiment_report()
    return changed(
        report,
        title=text,
        target=HOSTILE[0],
        command=f"recurra classify '{HOSTILE[1]}'",
        verdict=text,
        table=report.data["table"].set_axis(HOSTILE[:4], axis="index"),
        intervals=report.data["intervals"].assign(
            method=report.data["intervals"]["method"].map(
                dict(zip(report.data["table"].index, HOSTILE[:4], strict=True))
            )
        ),
        baselines=HOSTILE[1:4],
        best_baseline=HOSTILE[1],
        per_class=pd.DataFrame({"class": classes, "count": 3, "precision": np.nan, "recall": 0.5, "f1": np.nan}),
        confusion=pd.DataFrame({"truth": classes, "predicted": classes[::-1], "count": 3}),
        hardest=pd.DataFrame({"example": classes, "truth": classes, "predicted": classes[::-1], "probability": 0.9}),
        chosen=pd.DataFrame(
            {
                "example": [1, 2],
                "truth": [text, HOSTILE[1]],
                "predicted": [text, HOSTILE[6]],
                "probability": [0.5, np.nan],
                "why": [text, None],
            }
        ),
        explained=pd.concat([explained, tagged], ignore_index=True),
        explained_series=series,
        explanation=text,
        usual=pd.DataFrame({"token": classes, "class": classes[::-1], "strength": 1.0, "count": 2}),
        sizes=pd.DataFrame({"part": ["train", *classes[1:]], "class": classes, "count": 4}),
        lengths=pd.DataFrame({"class": classes, "length": range(n), "count": 4}),
        facts=[(text, HOSTILE[1], text)],
        settings={text: HOSTILE[1]},
        versions={text: HOSTILE[1]},
        memory=[text],
        notes=[*HOSTILE, "half a \ud800 letter"],
    )
