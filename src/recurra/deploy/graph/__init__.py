"""A network as a graph of small operations, from which C and ONNX are written.

nodes.py    the operations: what each reads, writes and computes on the vectors of one step
builder.py  puts a graph together, one call per operation
cells.py    one step of each recurrent cell in such operations; `recurra.deploy.graph.cells.expansion` adds one
layers.py   the graph of a layer, of a stack, and of a linear head behind it
"""

from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.layers import graph_of
from recurra.deploy.graph.nodes import Graph, Vector

__all__ = ["Builder", "Graph", "Vector", "graph_of"]
