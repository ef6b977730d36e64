"""The one open database of this process: chosen by its URL, migrated at the start, bound to the tables."""

from tasks.database.database import Database, bind, connect, told_at_start
from tasks.database.migrations import migrate
from tasks.database.tables import TABLES


async def open_database(url: str) -> Database:
    """Open, migrate and bind. `SettingsError` where that fails; one database is open at a time."""
    if any(table._meta._db is not None for table in TABLES):
        raise RuntimeError("This process has a database open: close it before opening another.")
    database = await connect(url)
    try:
        with told_at_start():
            await migrate(database)
    except BaseException:
        await database.close()
        raise
    bind(database.engine)
    return database
