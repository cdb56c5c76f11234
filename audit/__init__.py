"""Audit of a running stack: every change accounted for, from the database's log over Kafka to the archive."""

from audit.auditing import UnknownTableError, run
from audit.options import Options
from audit.report import Finding, Hop, Kind, Report, TableReport, Verdict

__all__ = ["Finding", "Hop", "Kind", "Options", "Report", "TableReport", "UnknownTableError", "Verdict", "run"]
