"""The flags of the subcommands: types, help, and how their text becomes values."""
