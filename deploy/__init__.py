"""What sets a node up and keeps it running; nothing here is imported by the node itself."""
