"""Chaos experiments: results of LitmusChaos, Chaos Mesh and the Chaos Toolkit."""

from typing import Final

from intake.chaos import describe, litmus, mesh, toolkit

FORMATS: Final = (litmus.FORMAT, describe.FORMAT, mesh.FORMAT, toolkit.FORMAT)
