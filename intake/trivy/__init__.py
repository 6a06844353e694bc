"""Trivy's JSON reports: of an image, files, a repository, a bill of materials, a cluster."""
