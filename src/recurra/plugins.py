"""Modules of a user's own that register cells and tasks: those that RECURRA_PLUGINS names, imported once."""

from __future__ import annotations

import importlib
import os
import sys

from recurra.errors import InputError
from recurra.language import _

PLUGINS = "RECURRA_PLUGINS"
_waiting = True  # the modules have not been imported


def load_plugins() -> None:
    """Import the modules that RECURRA_PLUGINS names, separated by commas, once; they may lie in the working folder.

    Raises InputError for one that cannot be imported.
    """
    global _waiting
    if not _waiting:
        return
    _waiting = False  # now, because a plugin asks for cells itself
    for module in filter(None, map(str.strip, os.environ.get(PLUGINS, "").split(","))):
        sys.path.append(os.getcwd())
        try:
            importlib.import_module(module)
        except ImportError as error:
            _waiting = True
            raise InputError(
                _(
                    "{plugins} names the module {module!r}, which cannot be imported: {error}. Expected "
                    "modules that are installed, or lie in the working folder",
                    plugins=PLUGINS,
                    module=module,
                    error=error,
                )
            ) from error
        finally:
            sys.path.pop()
