"""The worker: submitting, polling, saving and sweeping, with leases, retries and wake-ups."""
