"""Dissection: which units of a generator draw which concept, and what they cause."""

from ganvas.dissect.alpha import Alpha
from ganvas.dissect.concepts import Concepts, Segment
from ganvas.dissect.dissection import Dissection, Units
from ganvas.dissect.effect import Caused, Effect, Measured, Share
from ganvas.dissect.effects import Effects
from ganvas.dissect.greedy import Greedy
from ganvas.dissect.intervention import Intervention
from ganvas.dissect.plan import DissectPlan
from ganvas.dissect.segmenters import FaceClasses, MaskFiles, Network
from ganvas.dissect.source import Embedded, Samples
from ganvas.dissect.survey import Survey

__all__ = [
    "Alpha",
    "Caused",
    "Concepts",
    "DissectPlan",
    "Dissection",
    "Effect",
    "Effects",
    "Embedded",
    "FaceClasses",
    "Greedy",
    "Intervention",
    "MaskFiles",
    "Measured",
    "Network",
    "Samples",
    "Segment",
    "Share",
    "Survey",
    "Units",
]
