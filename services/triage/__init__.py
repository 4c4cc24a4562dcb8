"""Triage: how urgent, is this a defender, and who has to do what by when."""
