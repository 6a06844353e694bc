"""Splunk: alerts' webhooks, events of pipelines, and the incidents of Splunk On-Call."""

from typing import Final

from intake.splunk import alert, collector, on_call

FORMATS: Final = (alert.FORMAT, collector.FORMAT, on_call.FORMAT)
SENDER: Final = alert.SENDER
