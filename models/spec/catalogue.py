"""All models at hand, read from folders and kept fresh while the program runs."""

from collections.abc import Sequence
from pathlib import Path

from models.spec.loader import read_spec, workflow_files
from models.spec.schema import Spec
from models.spec.watched_folder import Stamp, WatchedFolder, stamps_of


class Catalogue(WatchedFolder[Spec]):
    """Specs by key, in order of family, then name; read again too where a workflow beside them changes."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._workflows: dict[Path, Stamp] = {}
        super().__init__(folders, read_spec, lambda spec: (spec.family.lower(), spec.display_name.lower()))

    def refresh(self) -> bool:
        workflows = stamps_of(path for folder in self._folders for path in workflow_files(folder))
        if workflows != self._workflows:
            self._workflows = workflows
            self.outdate(lambda spec: spec.workflow != "")
        return super().refresh()
