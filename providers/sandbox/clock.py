"""The time of the sandbox's jobs: that of the machine, unless somebody holds it still to look at a state in peace."""

import time


class Clock:
    """Unix seconds. While it is held only `move` makes it go on; let go, it goes on from where it stood."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._stands_at: float | None = None

    def __call__(self) -> float:
        return time.time() + self._ahead if self._stands_at is None else self._stands_at

    @property
    def held(self) -> bool:
        return self._stands_at is not None

    def hold(self) -> None:
        """Stand still from now on."""
        self._stands_at = self()

    def let_go(self) -> None:
        """Go on with the machine's clock."""
        if self._stands_at is not None:
            self._ahead, self._stands_at = self._stands_at - time.time(), None

    def move(self, seconds: float) -> None:
        """So many seconds pass at once."""
        if self._stands_at is None:
            self._ahead += seconds
        else:
            self._stands_at += seconds
