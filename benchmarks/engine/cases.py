"""Prepares cases, once each: what has been prepared from the same bytes is used again."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.environments import ensure
from stack.install import Installer

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".twolane" / "bench-engine"
STEPS = ("case.py", "documents.py", "export_onnx.py", "limits.py", "prepare.py")
"""What a prepared case depends on, beside the product's own code and the documents."""


class CaseMaker:
    """Makes cases of one size.

    Args:
        installer: runs the steps and says that they run.
        budget_tokens: tokens of one pass.
    """

    def __init__(self, installer: Installer, budget_tokens: int) -> None:
        self._installer = installer
        self._budget_tokens = budget_tokens

    def make(self, documents: Path, max_tokens: int) -> CaseFiles:
        """Return the case's files, made where they are not there yet in place of outdated ones.

        Raises:
            InstallError: a step failed; the message carries the end of its log.
        """
        models = sorted((ROOT / "include" / "models").rglob("*.py"))
        steps = [Path(__file__).with_name(name) for name in STEPS]
        digest = _digest([documents, *models, *steps], f"{max_tokens} {self._budget_tokens}")
        name = f"{documents.stem}-{max_tokens}-{self._budget_tokens}"
        files = CaseFiles(KEPT / f"{name}-{digest[:12]}")
        if not (files.folder / "ready").exists():
            for outdated in KEPT.glob(f"{name}-*"):
                shutil.rmtree(outdated)
            files.folder.mkdir(parents=True, exist_ok=True)
            self._prepare(documents, max_tokens, files)
            (files.folder / "ready").touch()
        return files

    def _prepare(self, documents: Path, max_tokens: int, files: CaseFiles) -> None:
        prepare = ["benchmarks.engine.prepare", str(documents), str(max_tokens)]
        prepare += [str(self._budget_tokens), str(files.folder)]
        self._run("training", f"preparing {files.folder.name}", prepare, files.folder)
        export = ["benchmarks.engine.export_onnx", str(files.folder)]
        self._run("bench-sentence-transformers", "exporting to ONNX", export, files.folder)

    def _run(self, environment: str, what: str, module: list[str], folder: Path) -> None:
        python = ensure(environment, self._installer)
        self._installer.say(what)
        path = f"PYTHONPATH={ROOT}{os.pathsep}{ROOT / 'include' / 'models'}"
        command = ["env", path, "HF_HUB_OFFLINE=1", str(python), "-m", *module]
        self._installer.run(what, command, folder / "prepare.log")


def _digest(files: Iterable[Path], parameters: str) -> str:
    digest = hashlib.sha256(parameters.encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
