"""Writes the verifier as one file that an auditor reads from top to bottom and runs.

    python client/single_file.py pipeledger-verify.py

The modules of `pipeledger.verifier` follow each other in the order in which they need each other;
what they import from each other falls away. Nothing else is changed, so what is read there is what
the package runs.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent / "pipeledger" / "verifier"
ORDER = (
    "shown", "wire", "key", "note", "witness", "tree", "entry", "part", "trust", "seen",
    "succession", "broken", "stretch", "chain", "proof", "lines", "answer", "tiles", "apart",
    "folder", "receipt", "stream", "evidence", "standalone",
)  # fmt: skip
HEAD = '''#!/usr/bin/env python3
"""Verifies a Pipeledger ledger offline. One file: read it, then run it.

Made from the modules of the package pipeledger.verifier by client/single_file.py.
Needs Python 3.11 or newer and the package cryptography.
"""

from __future__ import annotations
'''


def build(package: Path = PACKAGE) -> str:
    """The text of the single file.

    Raises:
        ValueError: two modules use one name for two things, or a module stands in the wrong place.
    """
    seen: dict[str, str] = {}
    pieces = [HEAD]
    for module in ORDER:
        text = (package / f"{module}.py").read_text(encoding="utf-8")
        tree = ast.parse(text)
        for name in _defined(tree):
            if name in seen:
                raise ValueError(f"{name} stands in {seen[name]} and in {module}")
            seen[name] = module
        pieces.append(
            f"\n\n# ---- {module} {'-' * (90 - len(module))}\n\n{_body(text, tree, seen)}"
        )
    return "".join(pieces)


def _defined(tree: ast.Module) -> list[str]:
    """Names that a module binds at its top level, imports aside."""
    names: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            bound = target.elts if isinstance(target, ast.Tuple) else [target]
            names += [one.id for one in bound if isinstance(one, ast.Name)]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return names


def _body(text: str, tree: ast.Module, seen: dict[str, str]) -> str:
    """The module without the imports that one file does not need."""
    lines = text.splitlines(keepends=True)
    drop: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.module == "__future__" or (node.module or "").startswith("pipeledger."):
            for alias in node.names:
                if node.module != "__future__" and alias.name not in seen:
                    raise ValueError(f"{alias.name} is used before it stands there")
                if alias.asname:
                    raise ValueError(f"{alias.name} is imported under another name")
            drop |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    kept = "".join(line for number, line in enumerate(lines, 1) if number not in drop)
    # A module's docstring becomes the comment above it; an emptied block would not be Python.
    kept = re.sub(r"\nif TYPE_CHECKING:\n(?=\n*\S)", "\n", kept)
    return re.sub(r"\n{3,}", "\n\n\n", kept).strip() + "\n"


def main() -> None:
    """Write the file that the argument names."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and one argument
        raise SystemExit("usage: single_file.py OUTPUT")
    target = Path(sys.argv[1])
    target.write_text(build(), encoding="utf-8")
    target.chmod(0o755)


if __name__ == "__main__":
    main()
