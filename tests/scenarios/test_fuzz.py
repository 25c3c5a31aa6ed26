"""Broken files, by the hundred and by the thousand: nothing but errors of ours, and in time."""

from __future__ import annotations

import pytest

from ohmtick.docs.fuzz import fuzz
from ohmtick.docs.fuzz_files import case


def test_a_case_is_a_function_of_the_seed_and_its_number() -> None:
    contents = [case(3, number).content for number in range(200)]
    backwards = [case(3, number).content for number in reversed(range(200))]
    assert contents == backwards[::-1]
    assert len(set(contents)) > 150


def test_broken_files_are_taken_well() -> None:
    outcome = fuzz(range(100), seed=2022)
    assert outcome.findings == []
    assert {"refused", "scenarios run", "studies planned"} <= set(outcome.counts)


@pytest.mark.slow
def test_thousands_of_broken_files_are_taken_well() -> None:
    assert fuzz(range(5000), seed=1).findings == []
