"""What text says about itself: markings and identifiers. Pure functions over text, used by the front process and by the worker alike."""

from gateway.detectors.identifiers import DETECTORS
from gateway.detectors.scan import Segment, scan

__all__ = ["DETECTORS", "Segment", "scan"]
