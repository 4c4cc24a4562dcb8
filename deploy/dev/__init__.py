"""Three complete agencies on one machine, for the demo and for tests that need real servers."""
