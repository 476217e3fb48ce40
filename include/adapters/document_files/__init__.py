"""Batch files: JSON Lines, CSV and Parquet, gzip or not, read row by row in constant memory."""

from include.adapters.document_files.reader import DocumentFileReader

__all__ = ["DocumentFileReader"]
