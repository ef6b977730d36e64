"""The providers' wires served on loopback, so that everything can be tried without a key or a cent."""

SPOKEN = (
    *("comfyui", "fal", "kling", "luma", "minimax", "openai", "pixverse"),
    *("replicate", "runway", "seedance", "veo", "vidu", "wan", "xai"),
)
"""The providers that it plays; known without importing any of them."""
