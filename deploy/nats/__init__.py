"""NATS of one agency: server configuration, streams and consumers."""
