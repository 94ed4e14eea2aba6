"""A simulated MidJourney Proxy: the stand-in for the real one on one machine.

It behaves over HTTP as novicezk/midjourney-proxy v2.6.3 does, traps included, paints real pictures
and misbehaves on demand. See docs/simulated-proxy.md.
"""

from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.server import SimulatedProxy

__all__ = ["ProxyOptions", "SimulatedProxy"]
