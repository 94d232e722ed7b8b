"""The walls that import-linter cannot see, because cli.py and scheduler.py are single modules."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("archive", "commands", "crawler", "demo", "migrations", "service")


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_the_scheduler_knows_of_the_crawler_only_sources_and_settings() -> None:
    crawler = {name for name in _imports(ROOT / "scheduler.py") if name.startswith("crawler")}
    assert {".".join(name.split(".")[:2]) for name in crawler} <= {
        "crawler.sources",
        "crawler.settings",
        "crawler.jobs",
    }


def test_only_its_process_imports_the_scheduler_and_nobody_the_door() -> None:
    importers = {
        path.relative_to(ROOT).as_posix(): _imports(path)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert {path for path, names in importers.items() if "scheduler" in names} == {"service/planner.py"}
    assert not {path for path, names in importers.items() if "cli" in names}


def test_apscheduler_lives_in_the_scheduler() -> None:
    assert any(name.startswith("apscheduler") for name in _imports(ROOT / "scheduler.py"))
