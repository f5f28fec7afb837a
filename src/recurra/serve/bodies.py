"""What calls hold, and what is answered, as the OpenAPI page shows it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Scalar = float | int | str | bool | None
Row = Scalar | list[float | None] | dict[str, Any]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Predict(_Body):
    """Rows of a table with the columns that the model was trained with. A forecast needs none: it follows the training
    data, or newer rows.
    """  # fmt: skip

    rows: Annotated[list[dict[str, Scalar]] | None, Field(description="One object of columns a row.")] = None


class Create(_Body):
    """A session; without a name it gets one."""

    name: Annotated[str | None, Field(description="Up to 64 letters, digits, _ and -.", max_length=64)] = None
    series: Annotated[
        str | None, Field(description="A series of the model, which goes on from what the model remembers of it.")
    ] = None


class Steps(_Body):
    """Rows in their order. Either all happen, or none."""

    rows: Annotated[
        list[Row],
        Field(
            min_length=1,
            description="A value, numbers of a moment, a token or some text, or an object of columns; null is missing. "
            'In an object "time" says when it is, "ahead" what is known of the steps to come.',
        ),
    ]
    expected: Annotated[
        int | None,
        Field(ge=0, description="The number of steps so far: 409 where it is another, so none is taken twice."),
    ] = None


class Predicted(BaseModel):
    """A row of predictions for each row, or for each series and step ahead."""

    rows: list[dict[str, Any]]


class Created(BaseModel):
    """The session's name."""

    name: str
    steps: int
    idle_seconds: float


class Said(BaseModel):
    """What is said after each row, and how many steps the session took in all."""

    steps: int
    said: list[dict[str, Any]]


class Session(BaseModel):
    """Where a session stands."""

    name: str
    steps: int
    series: str | None
    last: dict[str, Any] | None


class Model(BaseModel):
    """What is served."""

    kind: str
    task: str
    facts: dict[str, str]
    limits: dict[str, float]
    forecast: dict[str, Any] | None


class Refusal(BaseModel):
    """Why not: a word for programs and a sentence for people."""

    error: str
    message: str
