"""Bills of materials: what software is made of, in CycloneDX and SPDX."""

from typing import Final

from intake.bom import cyclonedx, spdx, spdx3, spdx_tags

FORMATS: Final = (cyclonedx.JSON, cyclonedx.XML, spdx.FORMAT, spdx_tags.FORMAT, spdx3.FORMAT)
