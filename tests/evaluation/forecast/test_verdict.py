"""The sentence says better only where that is sure, and otherwise names the simplest forecast that will do."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.errors import InputError
from recurra.evaluation.forecast.verdict import decide

RNG = np.random.default_rng(8)
LOSS = RNG.uniform(0.5, 1.5, size=(60, 1))
NOISE = 0.3 * RNG.normal(size=(60, 1))
WALK = np.abs(RNG.normal(size=(1, 50)))


def test_better():
    verdict = decide(LOSS * 0.9, {"naive": LOSS * 1.2, "Theta": LOSS})
    assert (
        verdict.sentence == "Better than the best baseline (Theta) by 10.0 % in MASE (p < 0.001, 60 series x 1 origin)."
    )
    assert verdict.better
    assert verdict.improvement == pytest.approx(0.1)
    assert (verdict.baseline, verdict.best_baseline, verdict.use) == ("Theta", "Theta", "")
    assert (verdict.n_series, verdict.n_origins) == (60, 1)
    assert verdict.p_value < 0.001


def test_a_random_walk_is_left_to_the_naive_forecast():
    verdict = decide(WALK * 1.004, {"naive": WALK, "drift": WALK * 1.002, "Theta": WALK * 1.01, "ETS": WALK * 0.9995})
    assert verdict.best_baseline == "ETS"
    assert verdict.sentence.startswith(
        "Recurra and the naive forecast are the same within 1 % (Recurra's MASE is 0.4 % higher, p"
    )
    assert verdict.sentence.endswith("1 series x 50 origins): the naive one is the simpler of the two.")
    assert verdict.tie
    assert not verdict.better
    assert verdict.use == "naive"


def test_a_certain_but_tiny_gain_is_no_better():
    verdict = decide(LOSS * 0.996, {"naive": LOSS})
    assert verdict.p_value < 0.05
    assert not verdict.better
    assert "same within 1 % (Recurra's MASE is 0.4 % lower, p < 0.001" in verdict.sentence


def test_a_large_but_uncertain_gain_is_within_chance():
    centred = NOISE - NOISE.mean()
    verdict = decide(0.97 * LOSS + 2 * centred, {"naive": LOSS})
    assert verdict.improvement == pytest.approx(0.03)
    assert "the naive forecast are the same within chance (Recurra's MASE is 3.0 % lower, p = " in verdict.sentence
    assert not verdict.better


def test_worse():
    verdict = decide(LOSS * 1.2, {"naive": LOSS * 1.5, "ETS": LOSS})
    assert verdict.sentence == "Worse than ETS by 20.0 % in MASE (p < 0.001, 60 series x 1 origin): use ETS."
    assert not verdict.tie
    assert verdict.improvement == pytest.approx(-0.2)
    assert verdict.use == "ETS"


def test_the_simplest_is_recommended_only_if_close_to_the_best():
    rough = LOSS + 4 * NOISE
    near = decide(LOSS, {"naive": LOSS * 1.005, "ETS": LOSS * 1.002})
    assert near.use == "naive"
    far = decide(rough, {"naive": rough[::-1] * 1.3, "ETS": LOSS})
    assert far.use == "ETS"


def test_a_baseline_that_the_model_beats_is_not_recommended():
    model = LOSS * 0.97
    verdict = decide(model, {"naive": LOSS, "ETS": model + 0.15 * (NOISE - NOISE.mean())})
    assert not verdict.better
    assert verdict.use == "ETS"


def test_too_few_windows_to_tell():
    verdict = decide(np.array([[1.0, 0.8]]), {"naive": np.array([[1.2, 1.1]])})
    assert verdict.sentence == (
        "Too few test windows to tell (1 series x 2 origins): Recurra's MASE is 21.7 % lower than that of the naive "
        "forecast, the best baseline, which may be chance."
    )
    assert not verdict.better
    assert np.isnan(verdict.p_value)
    worse = decide(np.array([[1.3, 1.2]]), {"naive": np.array([[1.2, 1.1]])})
    assert worse.sentence.endswith("which may be chance; the naive one is the simpler of the two.")


def test_unequal_numbers_of_origins_are_said():
    model = np.abs(RNG.normal(size=(8, 9)))
    model[0, :5] = np.nan
    verdict = decide(model, {"naive": model * 1.1})
    assert "8 series x up to 9 origins" in verdict.sentence


def test_a_perfect_baseline():
    assert decide(LOSS, {"naive": LOSS * 0}).use == "naive"
    assert not decide(LOSS * 0, {"naive": LOSS * 0}).better


@pytest.mark.slow
def test_false_claims_are_rare():
    rng = np.random.default_rng(9)
    claims = []
    for _ in range(300):
        losses = [np.abs(rng.normal(size=(1, 40))) for _ in range(6)]
        verdict = decide(
            losses[0], dict(zip(("naive", "seasonal naive", "drift", "Theta", "ETS"), losses[1:], strict=True))
        )
        claims.append((verdict.better, verdict.sentence.startswith("Worse")))
    better, worse = np.mean(claims, axis=0)
    assert better <= 0.025
    assert worse <= 0.06


def test_nothing_to_evaluate_is_refused():
    with pytest.raises(InputError, match="nothing to evaluate"):
        decide(LOSS, {})
    with pytest.raises(InputError, match="nothing to evaluate"):
        decide(LOSS * np.nan, {"naive": LOSS})


@pytest.mark.parametrize(("windows", "error"), [(2, 1e-14), (30, 1e-13), (60, 1e-8)])
def test_a_baseline_that_is_exact_up_to_rounding_is_to_be_used(windows: int, error: float) -> None:
    """A straight line: the drift forecast errs by rounding, and no percentage is taken of that."""
    ours, line = np.full((1, windows), 2.5), error * np.random.default_rng(0).uniform(0, 1, (1, windows))
    verdict = decide(ours, {"naive": 2 * ours, "drift": line, "ETS": 0 * line})
    assert verdict.sentence == f"The drift forecast is exact (MASE 0, 1 series x {windows} origins): use it."
    assert verdict.use == verdict.best_baseline == "drift"
    assert not verdict.better
    assert verdict.improvement == -1.0
    both = decide(line, {"naive": 2 * ours, "drift": line})
    assert both.sentence.startswith("The drift forecast is exact, and so is Recurra (MASE 0, ")


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1.3, " by 30.0 % in MASE (p"),
        (9.0, " by 800.0 % in MASE (p"),
        (23.0, "Recurra's MASE is 23 times as high"),
        (3e7, "is over 10,000 times as high"),
    ],
)
def test_a_great_difference_is_told_as_a_multiple(factor: float, said: str) -> None:
    base = np.random.default_rng(0).uniform(1, 2, (60, 1))
    sentence = decide(factor * base, {"ETS": base}).sentence
    assert said in sentence
    assert sentence.endswith(": use ETS.")
    few = decide(factor * base[:1], {"ETS": base[:1]}).sentence
    assert few.startswith("Too few test windows to tell (1 series x 1 origin): Recurra's MASE is ")
    assert few.endswith("that of ETS, the best baseline, which may be chance; ETS is the simpler of the two.")


def test_the_same_is_said_as_a_sentence() -> None:
    base = np.ones((1, 1))
    assert decide(base, {"seasonal naive": base}).sentence == (
        "Too few test windows to tell (1 series x 1 origin): Recurra's MASE is the same as that of the seasonal naive "
        "forecast, the best baseline; the seasonal naive one is the simpler of the two."
    )


def test_the_p_of_a_tie_is_the_one_that_decides() -> None:
    """Worse with p = 0.02 than the best of six is chance, and the sentence does not say 0.02."""
    rng = np.random.default_rng(4)
    base = rng.uniform(1, 2, (40, 1))
    noise = rng.normal(size=(40, 1))
    worse = base + 0.1 + 0.26 * (noise - noise.mean()) / noise.std()
    many = dict.fromkeys(("drift", "mean", "MSTL", "AutoCES", "AutoARIMA"), base + 0.3)
    verdict = decide(worse, {"AutoETS": base, **many})
    assert verdict.tie
    assert 0.005 < verdict.p_value < 0.05
    assert f"p = {6 * verdict.p_value:.2g} for the best of 6, 40 series x 1 origin" in verdict.sentence
