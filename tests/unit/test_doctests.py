"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

PACKAGES = ("archive", "commands", "crawler", "demo", "service")
SINGLE = ("scheduler",)


def _modules() -> Iterator[str]:
    yield from SINGLE
    for package in PACKAGES:
        root = importlib.import_module(package)
        for found in pkgutil.walk_packages(root.__path__, prefix=f"{package}."):
            if not found.name.endswith("__main__"):
                yield found.name


@pytest.mark.parametrize("name", sorted(_modules()))
def test_examples_of_module_hold(name: str) -> None:
    failed, _tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_examples_are_found_at_all() -> None:
    tried = sum(doctest.testmod(importlib.import_module(name)).attempted for name in _modules())
    assert tried > 40
