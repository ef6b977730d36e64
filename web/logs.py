"""The log: one readable line an event, on standard error."""

import logging


def configure_logging() -> None:
    """Ours from INFO on; libraries only when something is wrong. httpx would log every address it asks for."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for ours in ("shotlist", "models", "providers", "tasks", "web"):
        logging.getLogger(ours).setLevel(logging.INFO)
