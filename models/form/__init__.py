"""A form at work: the rules in force, its state, the one validation, autocorrection, and the encoding of posted values."""
