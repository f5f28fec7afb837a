"""The engine in C++: `_engine` is compiled from here when Recurra is installed, and `passes` calls it."""
