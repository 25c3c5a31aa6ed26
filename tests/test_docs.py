"""The documentation's pictures are there, used, and small enough to be carried along."""

import re
from pathlib import Path

import pytest
from PIL import Image

from ohmtick.analysis.report.figures import FIGURES

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
PICTURES = sorted((ROOT / "docs" / "figures").iterdir())


def shown() -> set[Path]:
    """Every picture that a page shows."""
    found = set()
    for page in PAGES:
        for link in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            found.add((page.parent / link).resolve())
    return found


def test_every_picture_is_shown_and_is_there() -> None:
    assert all(path.is_file() for path in shown())
    assert set(PICTURES) <= shown()


def test_every_picture_has_words_for_those_who_cannot_see_it() -> None:
    for page in PAGES:
        for words in re.findall(r"!\[([^]]*)\]", page.read_text(encoding="utf-8")):
            assert len(words) > 4


def test_every_kind_of_figure_is_in_the_gallery() -> None:
    names = {path.name for path in PICTURES}
    assert {f"plot-{kind}.png" for kind in FIGURES} <= names
    text = (ROOT / "docs" / "seeing.md").read_text(encoding="utf-8")
    assert all(f"| `{kind}` |" in text for kind in FIGURES)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_can_be_opened_and_are_small(path: Path) -> None:
    with Image.open(path) as picture:
        picture.verify()
    assert path.stat().st_size < 1_500_000
