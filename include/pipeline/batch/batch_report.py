"""What a batch's quality report says of the batch itself."""

from __future__ import annotations

from include.domain.batches.manifests import BatchManifest

REPORT_CONTENT_TYPE = "text/html; charset=utf-8"


def batch_facts(manifest: BatchManifest) -> dict[str, str]:
    """Return the head of the report: name and value, in reading order."""
    return {
        "Files": ", ".join(manifest.batch_uris),
        "Account": f"{manifest.account} ({manifest.tier.value})",
        "Model": f"{manifest.model.label}, sha256 {manifest.model.digest[:12]}…",
        "Submitted": manifest.submitted_at.isoformat(timespec="seconds"),
        "Deadline": manifest.deadline_at.isoformat(timespec="seconds"),
        "Documents": f"{manifest.document_count:,}",
    }
