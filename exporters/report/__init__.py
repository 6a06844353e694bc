"""The compliance report: one page that needs nothing else, for people, screens and paper."""
