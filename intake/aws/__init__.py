"""AWS: CloudTrail's records, and events as EventBridge and SNS deliver them."""

from typing import Final

from intake.aws import files

FORMATS: Final = files.FORMATS
SENDER: Final = files.SENDER
