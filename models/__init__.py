"""What a model is: one TOML file each, and the pure code that reads, checks, maps and prices it.

Read in this order: values, fields, rule, condition and expression (the language of a spec), spec and read (a file);
then force (which rules hold), narrow (what they leave of one field), state (the form as it is now), which check,
settle, payload and price stand on; then form, describe, lint and catalogue.
"""
