"""Bytes with a verdict, for whoever writes a node in another language: see README.md.

One folder per case below `accept`, `reject` and `wait`. The modules here are the builders; they bend
one thing at a time and never ask the verifier what it thinks. The tests do that.
"""
