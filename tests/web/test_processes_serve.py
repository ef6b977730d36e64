"""What the one-command server may take for its own."""

from pathlib import Path

import pytest

from tasks.settings import read_settings
from web.processes import owns_database


@pytest.mark.parametrize(
    ("url", "owned"),
    [
        ("", True),
        ("sqlite:////srv/shotlist/rows.db", True),
        ("sqlite:////srv/elsewhere/rows.db", False),
        ("postgres://localhost/shotlist", False),
    ],
)
def test_the_lock_on_the_data_folder_also_guards_a_database_inside_it(url: str, owned: bool) -> None:
    settings = read_settings({"SHOTLIST_DATA_DIR": "/srv/shotlist", "SHOTLIST_DATABASE_URL": url})
    assert owns_database(settings) is owned
    assert (settings.sqlite_path is None) is url.startswith("postgres")
    if not url:
        assert settings.sqlite_path == Path("/srv/shotlist/shotlist.db")
