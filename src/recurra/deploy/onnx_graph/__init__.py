"""A graph as ONNX: the whole sequence, and one step with state in and state out. Needs the extra `recurra[onnx]`.

operations.py  each operation of a graph in ONNX's operators
operators.py   RNN, GRU and LSTM by ONNX's own operators
scanning.py    every other recurrence, by Scan over the operations of its step
models.py      the two models of a network, and writing them
"""

from recurra.deploy.onnx_graph.models import export_onnx, sequence_model, step_model

__all__ = ["export_onnx", "sequence_model", "step_model"]
