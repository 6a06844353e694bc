"""One organisation's quarter of deliveries, sent through the real interfaces."""

from api.demo.story import run_demo

__all__ = ["run_demo"]
