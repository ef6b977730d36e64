"""The append-only logs: what an entry is, how one is added, and that git remembers every one of them."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from msgspec import structs

from tests.models.building import spec_of
from web.cli import main
from web.cli.changelog import ANALYSIS, GUIDE, History, addition, append_to, appended, check_logs, entries

GUIDE_TEXT = "# Guide\n\n```\n[2020-01-01 00:00] an example in a fence\n```\n\n[2026-01-02 10:00] A / B / C\n"
PAGE_TEXT = "The page.\n\n[2026-01-02 10:00] First\n  about one-model\n\n[2026-01-02 11:00] Second\n  more\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with both logs and one model, committed."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one-model.toml").write_text("")
    (tmp_path / GUIDE).write_text(GUIDE_TEXT)
    (tmp_path / ANALYSIS).write_text(PAGE_TEXT)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *who, *words], check=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a change")


def said(root: Path) -> list[str]:
    return [str(problem) for problem in check_logs(root)]


def test_an_entry_goes_from_its_time_to_the_next_and_fences_hold_none() -> None:
    assert [(each.line, each.time) for each in entries(GUIDE_TEXT)] == [(7, "2026-01-02 10:00")]
    assert next(each.text for each in entries(PAGE_TEXT)) == "[2026-01-02 10:00] First\n  about one-model"


def test_an_added_entry_is_last_and_never_earlier_than_the_one_before() -> None:
    late = appended(PAGE_TEXT, datetime(2026, 3, 1, 9, 30), "Third")
    assert entries(late)[-1].text == "[2026-03-01 09:30] Third"
    assert entries(appended(PAGE_TEXT, datetime(2020, 1, 1), "Third"))[-1].time == "2026-01-02 11:00"


def test_logs_that_only_grew_are_fine(checkout: Path) -> None:
    assert said(checkout) == []
    page = checkout / ANALYSIS
    page.write_text(page.read_text().replace("The page.", "The page, told better."))
    page.write_text(appended(page.read_text(), datetime(2026, 2, 1), "Third"))
    assert said(checkout) == []
    commit(checkout)
    assert said(checkout) == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("about one-model", "about another", 3),
        ("[2026-01-02 11:00] Second\n  more\n", "", 3),
        ("[2026-01-02 10:00] First\n  about one-model\n\n", "", 3),
        ("[2026-01-02 10:00] First", "[2026-01-02 09:00] First", 3),
    ],
)
def test_an_entry_changed_removed_or_moved_is_named_with_its_line(
    checkout: Path, old: str, new: str, line: int
) -> None:
    page = checkout / ANALYSIS
    assert old in page.read_text()
    page.write_text(page.read_text().replace(old, new))
    (problem,) = said(checkout)
    assert problem.startswith(f"{ANALYSIS}:{line}: ")


def test_a_rewriting_that_was_committed_is_still_found(checkout: Path) -> None:
    page = checkout / ANALYSIS
    page.write_text(page.read_text().replace("more", "less"))
    commit(checkout)
    assert any("never changed" in problem for problem in said(checkout))


def test_two_entries_that_changed_places_are_found_even_at_the_same_minute(checkout: Path) -> None:
    page = checkout / ANALYSIS
    page.write_text("[2026-01-02 10:00] A\n\n[2026-01-02 10:00] B\n")
    git(checkout, "checkout", "-q", "--orphan", "other")
    commit(checkout)
    page.write_text("[2026-01-02 10:00] B\n\n[2026-01-02 10:00] A\n")
    assert any("never changed" in problem for problem in said(checkout))


def test_a_time_that_goes_backwards_is_refused(checkout: Path) -> None:
    guide = checkout / GUIDE
    guide.write_text(guide.read_text() + "\n[2026-01-01 23:59] D / E / F\n\n[2026-13-01 00:00] G / H / I\n")
    assert [problem.split(": ")[0] for problem in said(checkout)] == [f"{GUIDE}:9", f"{GUIDE}:11"]


def test_a_model_that_came_later_must_be_named_in_both_logs(checkout: Path) -> None:
    (checkout / "models" / "new-model-2.toml").write_text("")
    assert [problem.split(":")[0] for problem in said(checkout)] == [GUIDE, ANALYSIS]
    for file in (GUIDE, ANALYSIS):
        path = checkout / file
        path.write_text(
            appended(path.read_text(), datetime(2026, 2, 1), "Added new-model-2.1 and new-model-20")
        )
    assert len(said(checkout)) == 2
    for file in (GUIDE, ANALYSIS):
        path = checkout / file
        path.write_text(appended(path.read_text(), datetime(2026, 2, 1), "Added new-model-2."))
    assert said(checkout) == []


def test_a_key_that_an_entry_only_mentions_is_not_told_of(checkout: Path) -> None:
    (checkout / "models" / "prompt.toml").write_text("")
    for file, body in (
        (GUIDE, "Added another / faster than prompt / one more"),
        (ANALYSIS, "Another\n  fields: prompt"),
    ):
        path = checkout / file
        path.write_text(appended(path.read_text(), datetime(2026, 2, 1), body))
    assert [problem.split(":")[0] for problem in said(checkout)] == [GUIDE, ANALYSIS]


def side_by_side(root: Path) -> None:
    """A line of its own, and main, each with one more entry."""
    page = root / ANALYSIS
    git(root, "branch", "-M", "main")
    git(root, "checkout", "-q", "-b", "side")
    page.write_text(appended(page.read_text(), datetime(2026, 2, 1), "Side"))
    commit(root)
    git(root, "checkout", "-q", "main")
    page.write_text(appended(page.read_text(), datetime(2026, 2, 2), "Main"))
    commit(root)


@pytest.mark.parametrize(
    ("onto", "merged", "gone"), [("main", "side", "2026-02-01"), ("side", "main", "2026-02-02")]
)
def test_a_merge_that_drops_an_entry_is_found(checkout: Path, onto: str, merged: str, gone: str) -> None:
    side_by_side(checkout)
    git(checkout, "checkout", "-q", onto)
    git(checkout, "merge", "-q", "-s", "ours", "-m", "a merge", merged)
    (problem,) = said(checkout)
    assert problem.startswith(f"{ANALYSIS}:9: the entry of {gone}")
    assert "a merge brought in" in problem


def test_a_merge_may_put_an_entry_to_the_end_with_a_new_time(checkout: Path) -> None:
    side_by_side(checkout)
    git(checkout, "merge", "-q", "-s", "ours", "-m", "a merge", "side")
    page = checkout / ANALYSIS
    page.write_text(appended(page.read_text(), datetime(2026, 2, 3), "Side"))
    assert said(checkout) == []


def test_a_checkout_inside_a_larger_repository_is_held_against_its_history(
    checkout: Path, tmp_path: Path
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "models").mkdir()
    for file in (GUIDE, ANALYSIS):
        (checkout / file).rename(inside / file)
    commit(checkout)
    (inside / ANALYSIS).write_text(PAGE_TEXT.replace("more", "less"))
    assert any("never changed" in problem for problem in said(inside))


def test_bytes_that_are_no_text_are_named_with_their_line_and_harm_nothing_in_the_past(
    checkout: Path,
) -> None:
    page = checkout / ANALYSIS
    page.write_bytes(PAGE_TEXT.encode() + b"\nbad \xff bytes\n")
    assert said(checkout) == [f"{ANALYSIS}:9: this is not text in UTF-8."]
    commit(checkout)
    page.write_text(PAGE_TEXT)
    assert any("never changed" in problem for problem in said(checkout))


def test_a_history_that_git_cannot_read_is_a_problem(checkout: Path) -> None:
    (checkout / ".git" / "HEAD").write_text("nonsense")
    assert said(checkout) == [
        ".git:1: git cannot read the history of this checkout: see what `git status` says."
    ]


def test_how_far_the_past_is_known_is_said(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = checkout / ANALYSIS
    page.write_text(appended(page.read_text(), datetime(2026, 2, 1), "Third"))
    commit(checkout)
    shallow, bare = tmp_path / "shallow", tmp_path / "bare"
    git(checkout, "clone", "-q", "--depth", "1", f"file://{checkout}", str(shallow))
    git(checkout, "clone", "-q", str(checkout), str(bare))
    (bare / ".git").rename(tmp_path / "away")
    for root, told in ((shallow, "this clone is shallow"), (bare, "without git"), (checkout, "only grew")):
        assert main(["log", "check", "--root", str(root)]) == 0
        assert told in capsys.readouterr().out


def test_commands_that_append_at_once_lose_no_entry(checkout: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: append_to(checkout / GUIDE, f"A{number} / B / C"), range(40)))
    bodies = [each.body for each in entries((checkout / GUIDE).read_text())]
    assert sorted(bodies[1:]) == sorted(f"A{number} / B / C" for number in range(40))
    assert not list(checkout.glob(".*.part"))


def test_an_addition_counts_every_file_that_it_brought(checkout: Path) -> None:
    (checkout / "providers").mkdir()
    (checkout / "providers" / "old.toml").write_text("a\n")
    commit(checkout)
    (checkout / "providers" / "new.toml").write_text("a\n\nb\n")
    path = checkout / "models" / "video.toml"
    path.write_text("a\n")
    video = structs.replace(spec_of('{ name = "prompt", type = "text" },'), key="video")
    told = {
        name: addition(structs.replace(video, provider=name), path, History(checkout), "asked\nfor")
        for name in ("old", "new")
    }
    assert told["old"].startswith("Added the model video / asked for / models/video.toml, 1 lines; t2v")
    assert "models/video.toml, 1 lines, providers/new.toml, 2 lines; t2v" in told["new"]


def test_a_missing_log_is_named(checkout: Path) -> None:
    (checkout / GUIDE).unlink()
    assert said(checkout) == [f"{GUIDE}:1: this log is missing."]


def test_the_command_appends_to_either_log_and_checks_them(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ["--root", str(checkout)]
    assert (
        main(["log", "guide", *root, "--what", "Added X", "--why", "asked for", "--impact", "one more"]) == 0
    )
    assert main(["log", "page", *root, "--title", "X", "--text", "fields: prompt\nprice: unknown"]) == 0
    assert main(["log", "check", *root]) == 0
    assert entries((checkout / GUIDE).read_text())[-1].text.endswith("] Added X / asked for / one more")
    assert entries((checkout / ANALYSIS).read_text())[-1].text.endswith(
        "] X\n  fields: prompt\n  price: unknown"
    )
    assert "Both logs only grew." in capsys.readouterr().out
    (checkout / ANALYSIS).write_text("nothing")
    assert main(["log", "check", *root]) == 1
