"""The few things that a TOML file cannot say, in Python, each registered by the name that the file calls it by."""
