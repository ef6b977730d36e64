"""A provider's TOML file as it is read: its schema, templates, pointers, and the catalogue of all."""
