"""What holds for every module of ours: no import circles, one subject a file, one meaning a name."""

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tasks.jobs.repository import JobRepository
from tasks.storage.uploads import Uploads

CHECKOUT = Path(__file__).parents[1]
FLOORS = ("models", "providers", "tasks", "web")
LONGEST = 500  # lines of a file
LANGUAGES_OF_THEIR_OWN = ("providers.sandbox", "models.importing")
"""Each has words of others: companies' protocols, and documents that people import."""

MIRRORED = {"jobs.py": {"web/pages/jobs.py", "web/api/jobs.py"}}
"""The page's routes for jobs and the API's: whoever changes one opens the other."""

BASE_AND_ITS_KINDS = {("providers/sandbox", "service")}
"""`services` holds the companies' services, and `service` what every one of them is made of."""


SQL = re.compile(r"\b(FROM|INTO|UPDATE) (job|lane|ledger|request_key|upload|job_upload)\b")
SQL_IS_IN = {"tasks.jobs.queries"}
KNOWN_AS_THE_OWNERS = {"job", "key", "press"}
"""Arguments that were made for an owner, or read under one."""

ANY_OWNER = {"get_any", "get_any_by_operation", "poll_now", "record_facts", "sweep"}
"""What the worker does for jobs and files of whichever owner."""


def module_name(path: Path) -> str:
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = sorted(path for floor in FLOORS for path in (CHECKOUT / floor).rglob("*.py"))
MODULES = {module_name(path): path for path in FILES}


def short(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Every name that is imported anywhere: in functions and for the type checker too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (each.name for each in node.names)
            case ast.ImportFrom():
                above = package.split(".")[: -(node.level - 1) or None] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                yield from (f"{base}.{each.name}" for each in node.names)


def closest(name: str, modules: Iterable[str]) -> str:
    """The module that a name is imported from: itself, or the one it is a part of; "" where it is none of these."""
    return next((each for each in (name, name.rpartition(".")[0]) if each in modules), "")


def imports(name: str, path: Path) -> set[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = {closest(each, MODULES) for each in imported(ast.parse(path.read_text()), package)}
    return found - {"", name}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """One way from a module back to itself; [] where there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for other in sorted(graph[name]):
            if found := walk(other, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def public_classes(tree: ast.Module) -> Iterator[str]:
    yield from (
        node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )


def defined_twice(modules: Mapping[str, Path]) -> dict[str, list[str]]:
    homes: dict[str, list[str]] = defaultdict(list)
    for name, path in modules.items():
        if not name.startswith(LANGUAGES_OF_THEIR_OWN):
            for each in public_classes(ast.parse(path.read_text())):
                homes[each].append(name)
    return {each: found for each, found in homes.items() if len(found) > 1}


def same_names(files: Iterable[str]) -> dict[str, set[str]]:
    """Files of one name within a floor, by that name."""
    homes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in files:
        if not each.endswith("/__init__.py"):
            homes[each.split("/")[0], each.rpartition("/")[2]].add(each)
    return {name: found for (_, name), found in homes.items() if len(found) > 1}


def near_twins(files: Iterable[str]) -> set[tuple[str, str]]:
    """(folder, name) where that folder has the name's plural too, as a module or a package."""
    names = defaultdict(set)
    for each in files:
        *folders, name = each.removesuffix("/__init__.py").removesuffix(".py").split("/")
        names["/".join(folders)].add(name)
    return {(folder, each) for folder, found in names.items() for each in found if f"{each}s" in found}


def test_no_module_imports_another_that_imports_it() -> None:
    assert circle({name: imports(name, path) for name, path in MODULES.items()}) == []


def test_no_file_is_longer_than_500_lines() -> None:
    lengths = {short(path): len(path.read_text().splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_a_class_has_one_meaning() -> None:
    assert defined_twice(MODULES) == {}


def test_no_two_files_of_a_floor_have_one_name() -> None:
    assert same_names(map(short, FILES)) == MIRRORED


def test_no_two_names_of_a_package_differ_by_an_s_only() -> None:
    assert near_twins(map(short, FILES)) == BASE_AND_ITS_KINDS


def test_sql_about_jobs_and_uploads_is_written_in_one_module() -> None:
    """Elsewhere the tables' own query builder is used; what it cannot say is a named constant with a reason."""
    homes = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value)
    }
    assert homes == SQL_IS_IN


@pytest.mark.parametrize("queried", [JobRepository, Uploads])
def test_whoever_asks_for_jobs_or_files_names_their_owner(queried: type) -> None:
    ownerless = {
        name
        for name, method in inspect.getmembers(queried, inspect.isfunction)
        if not name.startswith("_")
        and not {"owner", *KNOWN_AS_THE_OWNERS} & set(inspect.signature(method).parameters)
    }
    assert ownerless <= ANY_OWNER


@pytest.mark.parametrize(
    "source",
    [
        "import tasks.settings",
        "from tasks import settings",
        "from tasks.settings import Settings",
        "from ..settings import Settings",
        "from .. import settings",
        "def late():\n    from tasks.settings import Settings",
        "if TYPE_CHECKING:\n    from tasks.settings import Settings",
    ],
)
def test_an_import_is_found_however_it_is_written(source: str) -> None:
    found = {closest(each, MODULES) for each in imported(ast.parse(source), "tasks.jobs")}
    assert "tasks.settings" in found


@pytest.mark.parametrize(
    ("graph", "way"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}, []),
        ({"a": {"b"}, "b": {"a"}}, ["a", "b", "a"]),
        ({"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}}, ["b", "c", "d", "b"]),
    ],
)
def test_a_circle_is_found(graph: dict[str, set[str]], way: list[str]) -> None:
    assert circle(graph) == way


def test_near_names_are_found() -> None:
    files = ("tasks/a/answer.py", "tasks/a/answers/__init__.py", "tasks/b/answers.py", "tasks/b/__init__.py")
    assert near_twins(files) == {("tasks/a", "answer")}
    assert same_names(files) == {}
    assert same_names(("tasks/a/page.py", "tasks/b/page.py", "web/page.py")) == {
        "page.py": {"tasks/a/page.py", "tasks/b/page.py"}
    }
