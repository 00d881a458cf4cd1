"""Alpaca on loopback, for tests and for development: `docs/howto` says how to start it by hand."""

from tests.simulators.alpaca.simulator import AlpacaSimulator, an_account
from tests.simulators.faults import Fault, Kind
from tests.simulators.streaming import StreamFault, StreamKind

__all__ = ["AlpacaSimulator", "Fault", "Kind", "StreamFault", "StreamKind", "an_account"]
