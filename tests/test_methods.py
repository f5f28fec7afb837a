"""What methods are called: their own names in English, a settled term in Chinese, proper names as they are."""

from __future__ import annotations

import pytest

from recurra.evaluation.forecast.columns import BASELINES, NETWORKS
from recurra.language import set_language
from recurra.methods import METHODS, method_in_sentence, method_name

PROPER = {"Croston", "TSB", "ADIDA", "AutoTheta", "AutoETS", "AutoCES", "MSTL", "AutoARIMA"}


@pytest.mark.parametrize(
    ("name", "chinese"),
    [
        ("Recurra", "Recurra"),
        ("AutoETS", "AutoETS"),
        ("session-kNN", "session-kNN"),
        ("seasonal naive", "季节性朴素法"),
        ("most frequent class", "多数类"),
        ("block bootstrap", "块自助法"),
        ("single symbols", "单个符号频率"),
        ("5-grams (Witten-Bell)", "5 元语法（Witten-Bell）"),
        ("n-grams with logistic regression", "基于 n 元语法的逻辑回归"),
        ("n-grams of mean with ridge regression", "基于 mean 的 n 元语法的岭回归"),
        ("window of 17 with logistic regression", "基于 17 步窗口的逻辑回归"),
        ("summary and columns of all inputs with ridge regression", "基于所有输入的汇总特征和列的岭回归"),
        ("n-grams and a column of mine with ridge regression", "基于 n-grams and a column of mine 的岭回归"),
        ("a method of a user's own", "a method of a user's own"),
    ],
)  # fmt: skip
def test_names(name: str, chinese: str) -> None:
    with set_language("zh"):
        assert method_name(name) == chinese
    with set_language("en"):
        assert method_name(name) == name


def test_in_a_sentence() -> None:
    with set_language("en"):
        assert method_in_sentence("most frequent class") == "the most frequent class"
        assert method_in_sentence("n-grams with ridge regression") == "n-grams with ridge regression"
    with set_language("zh"):
        assert method_in_sentence("most frequent class") == "多数类"


def test_every_method_of_forecasts_has_a_name() -> None:
    with set_language("zh"):
        same = {name for name in (*BASELINES, *NETWORKS, *METHODS) if method_name(name) == name}
    assert same == PROPER
