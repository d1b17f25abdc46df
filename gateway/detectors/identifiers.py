"""Every detector of the house, by its id. Pure."""

from __future__ import annotations

from gateway.detectors import anywhere, united_kingdom, united_states
from gateway.detectors.detector import Detector

DETECTORS: dict[str, Detector] = {
    detector.id: detector for detector in (*united_kingdom.DETECTORS, *united_states.DETECTORS, *anywhere.DETECTORS)
}
