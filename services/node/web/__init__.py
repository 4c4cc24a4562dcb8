"""The desk: server-rendered pages for officers, operations and auditors, assembled from what the services register.

The pages are a client of the node's own API like any other: whatever an officer does here is a request to a route, made
inside the process in the name of who is logged in. So who may do what, what is noted of a read and what counts in
a case is decided in one place, and everything that the desk can do an agency's own system can do, too.
"""
