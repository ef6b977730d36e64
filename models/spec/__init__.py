"""A model's TOML file as it is read: values, fields, rules, conditions, expressions, and the catalogue of all."""
