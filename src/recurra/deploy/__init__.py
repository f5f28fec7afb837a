"""What leaves the house: the model file."""

from recurra.deploy.model_file import Contents, read_model, write_model

__all__ = ["Contents", "read_model", "write_model"]
