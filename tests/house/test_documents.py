"""What the documents say of the house is true."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked(*patterns: str) -> list[Path]:
    """Files of the project that match, as git knows them."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def test_every_room_stands_in_the_architecture() -> None:
    """Each top-level package of the server is a row of the table of rooms."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    text = (ROOT / "docs" / "architecture.md").read_text()
    assert [room for room in rooms if f"| `{room}/` |" not in text] == []


def test_links_between_documents_lead_somewhere() -> None:
    """A relative link in a Markdown file names a file that is there."""
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in tracked("*.md")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def _anchors(page: str) -> set[str]:
    """What the headings of a page are called in addresses."""
    text = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    headings = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    bare = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", one) for one in headings)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in bare}


def test_links_to_headings_lead_to_one() -> None:
    """In the same page or another."""
    broken = [
        f"{page.relative_to(ROOT)}: {target}#{heading}"
        for page in tracked("*.md")
        for target, heading in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text())
        if "://" not in target
        and (target.endswith(".md") or not target)
        and heading not in _anchors((page.parent / target if target else page).read_text())
    ]
    assert broken == []


def test_the_readme_leads_to_every_page_and_folder_of_the_documents() -> None:
    """What nobody is led to is read by nobody."""
    text = (ROOT / "README.md").read_text()
    pages = [f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")]
    folders = ["docs/decisions/", "docs/integrations/README.md", "docs/pipelines/README.md"]
    assert [one for one in pages + folders if f"]({one})" not in text] == []


def test_every_table_of_the_contract_says_what_a_row_of_it_is() -> None:
    """In the page for analysts, in the words of the contract."""
    text = (ROOT / "docs" / "tables.md").read_text()
    assert [
        file.stem
        for file in (ROOT / "schema" / "tables").glob("*.toml")
        if f"| [`{file.stem}`](../schema/tables/{file.name}) | "
        f"{tomllib.loads(file.read_text())['grain'].removeprefix('one row ')} |\n" not in text
    ] == []


def test_no_file_names_a_package_index_or_this_machine() -> None:
    """Lock files and sources carry neither a download host nor a local path."""
    forbidden = re.compile(
        rb"index-url|files\.pythonhosted|pypi\.org|registry\.npmjs|deb\.debian|/work/|(?<!\w)/root/"
    )
    found = [
        str(page.relative_to(ROOT))
        for page in tracked()
        if page != Path(__file__) and forbidden.search(page.read_bytes())
    ]
    assert found == []


def test_comments_of_definitions_are_as_wide_as_all_others() -> None:
    """A hundred characters: the linter reads no SQL."""
    wide = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in tracked("*.sql")
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if line.lstrip().startswith("--") and len(line) > 100
    ]
    assert wide == []


def test_every_page_of_decisions_says_what_lost() -> None:
    """A decision record that names no alternative is an announcement."""
    silent = [
        page.name
        for page in (ROOT / "docs" / "decisions").glob("*.md")
        if "What lost" not in page.read_text()
    ]
    assert silent == []


def test_every_claim_of_security_names_a_test_that_is_there() -> None:
    """Each row that says what stops an attack names who shows it."""
    text = (ROOT / "docs" / "security.md").read_text()
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert [name for name in re.findall(r"`(test_\w+)`", text) if name not in there] == []
    claims = [
        row
        for table in re.findall(r"^\|.*shown by \|\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
        for row in table.splitlines()
    ]
    assert len(claims) > 40
    assert [row for row in claims if "`test_" not in row.split("|")[-2]] == []
