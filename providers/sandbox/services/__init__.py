"""The mock services: each company's protocol, played from its documents."""
