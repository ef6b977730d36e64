"""The providers' wires served on loopback, so that everything can be tried without a key or a cent."""
