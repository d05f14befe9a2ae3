"""The operator's server: a page on this computer, its sockets, and the links to the vehicles."""
