"""What every agency runs whatever its role: log, admission, link, bus, keys."""
