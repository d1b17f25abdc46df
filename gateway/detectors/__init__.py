"""What text says about itself: markings and identifiers. Pure functions over text, used by the front process and by the worker alike."""

from gateway.detectors.identifiers import DETECTORS
from gateway.detectors.scan import Segment, scan

# Every detector of the house by its id, as a person calls one thing that it finds.
NAMES = {
    **{detector.id: detector.name for detector in DETECTORS.values()},
    "persons-in-table": "listed person",
    "identifying-columns": "identifying column",
    "small-cells": "count of very few people",
    "link-out": "file-sharing link",
    "link-out-quoted": "quoted file-sharing link",
}

__all__ = ["DETECTORS", "NAMES", "Segment", "scan"]
