"""Google Sheets on loopback, and the endpoint that gives service accounts their tokens."""

from tests.simulators.faults import Fault, Kind
from tests.simulators.sheets.simulator import SheetsSimulator

__all__ = ["Fault", "Kind", "SheetsSimulator"]
