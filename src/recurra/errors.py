"""What the library raises when it refuses: one base class, so that a caller can catch them all."""


class RecurraError(Exception):
    """Base of every error that Recurra raises on purpose; its text is meant for the user."""


class InputError(RecurraError, ValueError):
    """An argument, a column or a file that cannot be used.

    The text names the argument, the value, what was expected, and the remedy.
    """


class ShapeError(InputError, RuntimeError):
    """A tensor that a layer cannot take, for its shape, dtype or device.

    A RuntimeError as well, because torch.nn's layers raise one or the other.
    """


class ModelFileError(RecurraError, ValueError):
    """A model or checkpoint file that is damaged, altered, of a newer version, or not ours."""


class TrainingError(RecurraError, RuntimeError):
    """Training that cannot go on, such as a loss that is no longer finite."""


class OutdatedEngineError(RecurraError, ImportError):
    """A compiled engine that belongs to other sources than the Python code: the installation has to be run again."""


class MissingPackageError(RecurraError, ImportError):
    """A part of Recurra that needs a package which is not installed; the text says how to install it."""
