"""What agencies promise in a case, matter by matter: from the case and the mechanism alone, the same at every node."""
