"""Protection: emergency first, by two leaders; paper later, with owners and a day."""
