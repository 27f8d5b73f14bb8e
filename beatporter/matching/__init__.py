"""Matching: the right Spotify track for a chart entry, or an honest "not there". Pure; the search is passed in."""

from beatporter.matching.decide import OWN_FIRST, Decision, decide, runners_up
from beatporter.matching.explain import chance_of, confidence, explain, is_doubtful
from beatporter.matching.find import field_query, find_track, is_due, isrc_query, plain_query, queries, record_decision
from beatporter.matching.judge import judge
from beatporter.matching.recording import is_without_title, keys_of_some_artists, keys_without_title, recording_key
from beatporter.matching.weights import RULES
from beatporter.records.match import Match, Method, RunnerUp, Verdict, Version

__all__ = [
    "OWN_FIRST",
    "RULES",
    "Decision",
    "Match",
    "Method",
    "RunnerUp",
    "Verdict",
    "Version",
    "chance_of",
    "confidence",
    "decide",
    "explain",
    "field_query",
    "find_track",
    "is_doubtful",
    "is_due",
    "is_without_title",
    "isrc_query",
    "judge",
    "keys_of_some_artists",
    "keys_without_title",
    "plain_query",
    "queries",
    "record_decision",
    "recording_key",
    "runners_up",
]
