"""One long text: read from a file as it stands, and cut into symbols that can be joined again."""
