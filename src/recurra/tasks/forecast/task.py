"""Forecasting, as everybody else sees it."""

from recurra.tasks.task import Option, Task

FORECAST = Task(
    name="forecast",
    kind="forecaster",
    summary=("Train a forecaster on FILE, combine it with baselines that do as well, evaluate it, and forecast."),
    writes="Writes forecast.csv, report.html, forecast.png and NAME.safetensors (the model, for `recurra predict`).",
    examples=(
        ("forecast demo:co2", "a built-in example"),
        ("forecast sales.csv --target units --horizon 28", "the rest is detected and reported"),
        ("forecast load.csv --time date,hour --series meter --known holiday", ""),
        ("forecast m4.csv --layout wide-rows --horizon 13 --out results", ""),
        ("forecast sales.csv --hierarchy region/shop", "sums too, and all of it adds up"),
        ("forecast load.csv --no-fine-tune", "for half of the time: the pretrained network stays as it is"),
        ("forecast load.csv --fast", "the pretrained network, without training: an answer in seconds"),
        ("forecast sales.csv --method AutoETS", "what the verdict said to use"),
        ("forecast load.parquet --resume", "continue an interrupted run, with bit-identical results"),
    ),
    estimator="recurra.tasks.forecast.forecaster:Forecaster",
    reader="series",
    unsearched=("levels", "fallback", "log", "devices", "nodes", "method", "fast", "fine_tune", "members"),
    cells=("transformer",),
    options=(
        Option(
            "method",
            str,
            "Method: auto combines the networks and the baselines; network, fast, fine-tuned or a baseline's name.",
            default="auto",
        ),
        Option(
            "fine_tune",
            bool,
            "Whether the pretrained network goes on learning from the series of FILE, too.",
            default=True,
        ),
        Option(
            "hierarchy",
            str,
            "Columns of groups that add up, the widest first, such as region/shop.",
            panel="evaluation",
        ),
        Option(
            "fast",
            bool,
            "Forecast with the pretrained network, without training.",
            default=False,
            means=("method", "fast"),
        ),
    ),
    files=("forecast.csv", "report.html", "forecast.png"),
    shows_results=True,
)
