"""What every agency must agree on, byte for byte: records, sealing, the directory, events, the fold of a case.

Pure by rule: no I/O, no clock, no ambient randomness. Whoever rewrites a node in another
language must reproduce this package and nothing else; `contracts/vectors` tells when they have.
"""
