"""Intake: a report comes in, and becomes a case as far as consent goes."""
