"""Forecasting, as everybody else sees it."""

from recurra.tasks.task import Task

FORECAST = Task(
    name="forecast",
    kind="forecaster",
    summary="Train a forecaster on FILE, evaluate it against baselines, and forecast.",
    writes="Writes forecast.csv, report.html, forecast.png and NAME.safetensors (the model, for `recurra predict`).",
    examples=(
        ("forecast demo:co2", "a built-in example"),
        ("forecast sales.csv --target units --horizon 28", "the rest is detected and reported"),
        ("forecast load.csv --time date,hour --series meter --known holiday", ""),
        ("forecast m4.csv --layout wide-rows --horizon 13 --out results", ""),
        ("forecast load.parquet --resume", "continue an interrupted run, with bit-identical results"),
    ),
    estimator="recurra.tasks.forecast.forecaster:Forecaster",
    reader="series",
    files=("forecast.csv", "report.html", "forecast.png"),
    shows_results=True,
)
