"""The outside world: brokers, databases, sheets, clocks. Each fits a port."""
