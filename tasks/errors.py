"""The one exception for a database that is not to be had just now: web answers 503, the worker tries again."""


class DatabaseAway(Exception):  # noqa: N818
    """Nothing is wrong with what was asked: the server is away, the file is locked, the disk is full.

    A statement outside a transaction, and the commit of one, may have been carried out all the same.
    """
