"""Let torch.compile see our layers without a graph break.

TorchDynamo refuses whatever is an instance of torch.nn.RNN, LSTM or GRU, unless its setting `allow_rnn` is on, as it is
within torch.export. Our layers are such instances and put one operator into the graph, so the setting is turned on
when TorchDynamo is loaded, and not before: loading it takes a second that most programs need not spend.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

SETTINGS = "torch._dynamo.config"


def allow_compiling() -> None:
    """Turn on TorchDynamo's `allow_rnn`, now or when TorchDynamo is loaded."""
    if SETTINGS in sys.modules:
        _allow(sys.modules[SETTINGS])
    else:
        sys.meta_path.insert(0, _Watcher())


def _allow(settings: ModuleType) -> None:
    settings.allow_rnn = True  # pyright: ignore[reportAttributeAccessIssue]  # as the documentation of torch says it


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _allow(module)


class _Watcher(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != SETTINGS:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec
