"""Fyers on loopback, for tests and for development: `docs/howto` says how to start it by hand."""

from tests.simulators.faults import Fault, Kind
from tests.simulators.fyers.simulator import FyersSimulator, an_account
from tests.simulators.streaming import StreamFault, StreamKind

__all__ = ["Fault", "FyersSimulator", "Kind", "StreamFault", "StreamKind", "an_account"]
