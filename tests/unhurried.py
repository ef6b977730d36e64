"""Settings of the tests whose examples Hypothesis draws."""

from hypothesis import HealthCheck, settings


def unhurried(examples: int = 100) -> settings:
    """So many examples, none of which is too slow."""
    return settings(deadline=None, max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
