"""What holds for every test: none depends on the machine's speed, and a quick one starts no process."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ProcessInQuickTestError

HERE = Path(__file__).parent
FILES = sorted(HERE.rglob("*.py"))
CLOCKS = {"monotonic", "perf_counter", "time"}


def named(node: ast.expr) -> str:
    """The last part of a name: `wait` of `process.wait`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value is not True


def short_waits(call: ast.Call) -> Iterator[ast.expr]:
    """Numbers that bound how long a call waits for something to happen."""
    yield from (each.value for each in call.keywords if each.arg == "timeout" and is_number(each.value))
    if named(call.func) in ("wait", "join", "timeout", "set_default_timeout"):
        yield from (each for each in call.args[:1] if is_number(each))
    if named(call.func) == "wait_for":
        yield from (each for each in call.args[1:] if is_number(each))


def takes_a_time(node: ast.expr) -> bool:
    """Whether it is the difference of a clock's time and another one."""
    return any(
        isinstance(clock, ast.Call) and named(clock.func) in CLOCKS
        for each in ast.walk(node)
        if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Sub)
        for clock in ast.walk(each)
    )


def hurries(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Lines at which a slow machine would fail, and why."""
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                yield from ((each.lineno, "waits for a number of seconds") for each in short_waits(node))
            case ast.Assert(test=ast.Compare(ops=[*ops]) as test) if takes_a_time(test):
                if any(isinstance(each, ast.Lt | ast.LtE) for each in ops):
                    yield node.lineno, "asserts that something took less than some seconds"
            case ast.FunctionDef(decorator_list=[*marks]) | ast.AsyncFunctionDef(decorator_list=[*marks]):
                names = {named(each.func) for each in marks if isinstance(each, ast.Call)}
                if "given" in names and "unhurried" not in names:
                    yield node.lineno, "lets Hypothesis fail an example that takes long"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HERE)))
def test_no_test_is_in_a_hurry(path: Path) -> None:
    """Wait with `until`, or for `tests.support.PATIENCE`; tell what came first by events, or a clock of your own."""
    found = [f"{path.name}:{line}: {why}" for line, why in hurries(ast.parse(path.read_text()))]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "process.wait(5)",
        "process.communicate(timeout=2.5)",
        "await asyncio.wait_for(work, 1)",
        "async with asyncio.timeout(2): pass",
        "assert time.monotonic() - began < 3",
        "assert loop.time() - began <= limit",
        "@given(x)\ndef test(): pass",
    ],
)
def test_a_hurry_is_found(line: str) -> None:
    source = "async def test():\n" + "".join(f"    {each}\n" for each in line.split("\n"))
    assert [why for _, why in hurries(ast.parse(source))]


@pytest.mark.parametrize(
    "line",
    [
        "process.wait(PATIENCE)",
        "answer = http.get(url, timeout=SHORT)",
        "assert time.monotonic() - began > 0.3",
        "assert time.monotonic() < deadline",
        "await asyncio.sleep(0.01)",
        "@unhurried()\n@given(x)\ndef test(): pass",
    ],
)
def test_patience_is_no_hurry(line: str) -> None:
    source = "async def test():\n" + "".join(f"    {each}\n" for each in line.split("\n"))
    assert [why for _, why in hurries(ast.parse(source))] == []


def test_a_test_that_starts_a_process_has_to_be_marked_as_slow() -> None:
    with pytest.raises(ProcessInQuickTestError, match=r"mark it with pytest\.mark\.slow"):
        subprocess.run(["true"], check=True)


@pytest.mark.slow
def test_a_slow_test_may_start_one() -> None:
    assert subprocess.run(["true"], check=True).returncode == 0


def test_who_uses_a_fixture_that_starts_a_process_is_slow(request: pytest.FixtureRequest) -> None:
    users = [
        item for item in request.session.items if "starts_processes" in getattr(item, "fixturenames", ())
    ]
    assert [item.nodeid for item in users if item.get_closest_marker("slow") is None] == []
