"""What gives an estimator its page and its picture, and shows them in a notebook once it is fitted."""

from __future__ import annotations

from typing import Any

from recurra.report.reported import Reported, notebook_html


class ReportedEstimator(Reported):
    """Base of estimators: `report`, `plot`, and in a notebook the verdict, the scores and the picture."""

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        if not hasattr(self, "model_"):
            return super()._repr_mimebundle_(**kwargs)  # pyright: ignore[reportAttributeAccessIssue]  # scikit-learn's
        return {"text/plain": repr(self), "text/html": self._repr_html_inner()}

    def _repr_html_inner(self) -> str:  # what scikit-learn's `_repr_html_` calls
        if not hasattr(self, "model_"):
            return super()._repr_html_inner()  # pyright: ignore[reportAttributeAccessIssue]  # scikit-learn's
        return notebook_html(self.content())
