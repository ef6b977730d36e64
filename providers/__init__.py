"""How to speak to a company: wire descriptions in TOML, and the one interpreter that runs them."""
