"""A form at work: the rules in force, its state, the one validation, autocorrection, and how posted values are read."""
