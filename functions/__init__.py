"""One module per deployed function: check the caller, parse, call `shared`, answer.

`main.py` re-exports them. What they share (errors, request models, views, wiring) is in
`functions.api`, `functions.edge` and `functions.wiring`.
"""
