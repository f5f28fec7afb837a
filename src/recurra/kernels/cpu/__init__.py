"""The engine in C++: `_engine` is compiled from this folder when Recurra is installed; `kernels.cpu_function` calls it."""
