"""Dropscore: CSV files in, workbooks with predictions out."""

__version__ = "0.1.0"
