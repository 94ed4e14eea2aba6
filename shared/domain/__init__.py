"""The domain: frozen values and pure decisions.

No I/O, no clock, no randomness. Time comes in as an aware UTC ``datetime``, ids and nonces as
strings. Nothing here imports from the floors above (ports, adapters, use cases).
"""
