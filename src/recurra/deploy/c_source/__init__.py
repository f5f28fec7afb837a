"""A graph as C99: a header and a source that need nothing but a C compiler.

functions.py  the operations as C functions
memory.py     where the vectors of a step lie in the state's working memory
source.py     header, source and weights as text
project.py    all files of a folder: with a Makefile, and a program that tests the source against vectors
"""

from recurra.deploy.c_source.project import export_c, write_c

__all__ = ["export_c", "write_c"]
