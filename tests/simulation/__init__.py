"""A model check of the machine: the real use cases in a simulated world that goes wrong.

`python -m tests.simulation --help`; docs/simulation.md says what is simulated and what must hold.
"""
